"""The benchmark races equals: the same networks on both sides, and a page that says what was measured."""

import json
from math import prod
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
import torch

from experiments.speed import layers, page, reference
from experiments.speed.bench import Side
from experiments.speed.cases import CASES, config
from gan_jax import networks


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("block", ["generator", "discriminator"])
def test_both_sides_have_as_many_parameters(name, block):
    found = config(CASES[name], "float32")
    x = jax.ShapeDtypeStruct((1, found.data.crop, found.data.crop, 3), jnp.float32)
    ours = jax.eval_shape(networks.build(found[block], channels=3).init, jax.random.key(0), x)
    with torch.device("meta"):
        peer = reference.build(found[block])
    assert sum(prod(leaf.shape) for leaf in jax.tree.leaves(ours)) == sum(
        p.numel() for p in peer.parameters()
    )


RACE = {
    "flops": 6e9,
    "batch": 4,
    "load": 0.0,
    "variants": {
        "eager": {
            "first": {"ours": {"seconds": 9.0}, "peer": {"seconds": 1.0}},
            "seconds": {"ours": [0.1, 0.2, 0.3], "peer": [0.3, 0.5, 0.4]},
            "about": {"ours": {"jax": "1", "bytes": 2**30}, "peer": {"torch": "2", "bytes": 2**31}},
        },
        "compile": {
            "first": {"ours": {"seconds": 9.0}, "peer": {"error": "RuntimeError: no compiler"}},
            "seconds": {"ours": [], "peer": []},
            "about": {"ours": {}, "peer": {}},
        },
    },
}
RESULTS = {
    "machine": {"name": "a machine", "cores": 2, "device": "cpu", "python": "3"},
    "limits": {"float32": {"jax": {"convolution 1 at 1": 60.0, "product": 99.0}, "torch": {"error": "none"}}},
    "races": {"256x4, float32": RACE},
}


def test_a_row_has_medians_rates_ratio_and_spread():
    cells = dict(zip(page.TITLES, page.row("256x4, float32", RESULTS), strict=True))
    assert cells["ours, s"] == "0.2"
    assert cells["images/s"] == "20"  # 4 / 0.2
    assert (cells["GFLOP/s"], cells["of the limit"]) == ("30", "50%")  # 6 / 0.2, of 60
    assert (cells["PyTorch's fastest, s"], cells["which"]) == ("0.4", "eager")
    assert cells["ratio (spread of turns)"] == "**2.00** (1.33 to 3.00)"  # 0.4 / 0.2; 0.4 / 0.3 to 0.3 / 0.1
    assert cells["peak memory: ours, PyTorch, GiB"] == "1.00, 2.00"


def test_the_page_is_what_the_results_say(tmp_path):
    (tmp_path / "results_cpu.json").write_text(json.dumps(RESULTS))
    page.write(tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "a machine, 2 cores, cpu" in text
    assert "**2.00** (1.33 to 3.00)" in text
    page.write(tmp_path)
    assert (tmp_path / "README.md").read_text() == text


def test_a_side_that_ends_is_an_error_and_no_wait():
    side = Side("nothing")  # there is no such side: the process ends at once
    assert "error" in side.ask("about")
    assert "error" in side.ask("about")
    side.close()


def test_the_readmes_ratios_are_those_measured():
    folder = Path(page.__file__).parent
    results = json.loads((folder / "results_cpu.json").read_text())
    text = (folder.parents[1] / "README.md").read_text()
    at = page.TITLES.index("ratio (spread of turns)")
    ratios = {name: page.row(name, results)[at].split("**")[1] for name in results["races"]}
    text = " ".join(text.split())
    assert f"{ratios['default, float32']} for the default config" in text
    assert f"{ratios['128, float32']} at 128" in text
    assert f"{ratios['256, float32']} at 256" in text
    assert f"{ratios['photos, float32']} for translating photos" in text


def test_the_page_is_that_of_the_results_beside_it(tmp_path):
    folder = Path(page.__file__).parent
    for file in folder.glob("results_*.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "README.md").write_bytes((folder / "README.md").read_bytes())
    page.write(tmp_path)
    assert (tmp_path / "README.md").read_text() == (folder / "README.md").read_text()


def test_what_is_beside_the_steps():
    found = {
        "cold": [31.4, 50.0, 30.0],
        "warm": [9.6],
        "steps": 1000,
        "seconds": 250.0,
        "batches": 0.0123,
        "records": 0.02,
    }
    (line,) = page.beside({"overheads": found})
    assert "31 s (30 to 50), 10 s (10 to 10) once" in line
    assert "250 s for 1,000 steps, 1.2% were spent on getting batches, 2.0% on logs" in line
    assert "not measured" in page.beside({})[0]


@pytest.mark.parametrize("layer", list(layers.layers()), ids=lambda layer: layer.title.split(",")[0])
def test_both_forms_of_a_layer_have_one_result(layer):
    keys = jax.random.split(jax.random.key(0))
    x, kernel = (
        jax.random.normal(key, shape, layer.dtype) for key, shape in zip(keys, layer[1:3], strict=True)
    )
    plain, ours = (form(x, kernel).astype(jnp.float32) for form in (layer.plain, layer.ours))
    digits = {"float32": 3e-6, "bfloat16": 0.02}[layer.dtype]
    assert jnp.abs(plain - ours).max() < digits * jnp.abs(plain).max()


def test_layers_on_the_page():
    found = {"title": "a layer", "plain": 3.0, "ours": 2.0, "ratios": [1.2, 1.61]}
    assert page.by_layer({"layers": [found]})[-1] == "| a layer | 3 | 2 | **1.5** (1.2 to 1.6) |"
    assert page.by_layer({}) == []
