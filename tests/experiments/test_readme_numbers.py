"""The numbers in README.md and in the configs' headers are those of the recorded runs."""

import json
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
RESULTS = json.loads((ROOT / "experiments/monuments/results.json").read_text())
LAST = RESULTS["evaluations"][-1]
CEILING = next(
    ceiling["evaluations"][-1]
    for ceiling in RESULTS["ceilings"]
    if "ink_f1/fake_y" in ceiling["evaluations"][-1]
)


def test_numbers_of_cyclegan() -> None:
    readme, config = (ROOT / "README.md").read_text(), (ROOT / "configs/cyclegan.py").read_text()
    assert (
        f"SSIM {LAST['ssim/back_y']:.2f}, L1 {LAST['l1/back_y']:.3f}; drawn ink F1 {LAST['ink_f1/fake_y']:.2f}"
        in readme
    )
    assert f"another building {RESULTS['baselines']['another building']['ink_f1/fake_y']:.2f}" in readme
    assert f"SSIM {LAST['ssim/back_y']:.2f}, drawn ink at F1 {LAST['ink_f1/fake_y']:.2f}" in config


def test_numbers_of_pix2pix() -> None:
    numbers = f"{CEILING['ink_f1/fake_y']:.2f}, precision {CEILING['ink_precision/fake_y']:.2f}"
    assert f"drawn ink F1 {numbers}" in (ROOT / "README.md").read_text()
    assert f"drawn ink at F1 {numbers}" in (ROOT / "configs/pix2pix.py").read_text()


def test_numbers_of_what_is_hidden() -> None:
    results = json.loads((ROOT / "experiments/hidden_information/results.json").read_text())
    readme = (ROOT / "README.md").read_text()
    for noise in (0, 0.1):
        shares = [
            found["scores"]["hidden_share"]["value"]
            for found in results["control"]
            if (found["noise"], found["step"], found["crops"]) == (noise, 1200, "held out")
        ]
        assert f": {np.mean(shares):.3f} ± {np.std(shares, ddof=1):.3f}" in readme
    x2y, y2x = (cycle["scores"]["hidden_share"]["value"] for cycle in results["runs"]["default"])
    assert f"{x2y:.3f} of photos, {y2x:.3f} of drawings" in readme
