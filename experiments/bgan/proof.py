"""BGAN: does a policy gradient with weights from D learn distributions of symbols that are known exactly?"""

import numpy as np

from experiments import judges
from experiments.proof import Found, Numbers, Proof, Trained
from gan_jax.data import strings

QUIET = {"evaluate_every": 0, "log_every": 500}
STRINGS = QUIET | {"steps": 3000, "sample_every": 3000, "checkpoint_every": 3000}
ZIPF = QUIET | {"steps": 3000, "sample_every": 3000, "checkpoint_every": 3000}
SAMPLES = 20_000


def measure(run: Trained) -> Numbers:
    """Of strings: how many follow the rule, and the rarest class's share of all. Of states: total variation."""
    symbols = np.argmax(run.sample(SAMPLES), axis=-1)
    if run.config.data.examples == "zipf":
        real = np.random.default_rng(1).choice(strings.STATES, SAMPLES, p=strings.zipf())
        return {
            "total variation": judges.total_variation(symbols[:, 0], strings.zipf()),
            "of as many real ones": judges.total_variation(real, strings.zipf()),
        }
    classes = strings.legal(symbols)
    shares = np.bincount(classes[classes >= 0], minlength=strings.SYMBOLS) / SAMPLES
    return {"legal": float(np.mean(classes >= 0)), "rarest class": float(shares.min())}


def verdict(found: Found) -> tuple[str, str]:
    """Reproduced where strings follow the rule, no class is missing, and Zipf's law is met."""
    ours, control, zipf = (found[name] for name in ("strings", "D does not learn", "zipf"))
    passed = [
        min(ours["legal"]) >= 0.8 and min(ours["rarest class"]) >= 0.08,
        max(zipf["total variation"]) <= 0.05,
    ]
    said = (
        f"{np.mean(ours['legal']):.3f} of the strings follow the rule (data 0.935, uniform 0.005, control "
        f"{np.mean(control['legal']):.3f}), each class at least {min(ours['rarest class']):.3f}; "
        f"Zipf's 64 states within a total variation of {np.mean(zipf['total variation']):.3f} (as many real draws "
        f"{np.mean(zipf['of as many real ones']):.3f})"
    )
    control_fails = max(control["legal"]) < 0.1
    return ("reproduced" if all(passed) and control_fails else "partly" if any(passed) else "not"), said


PROOF = Proof(
    paper="Hjelm et al. 2018, arXiv 1702.08431",
    claim="weights from D train a generator of discrete examples: strings whose symbols depend on each other follow "
    "their rule (0.8 of them, no class under 0.08), and 64 states come to Zipf's law (total variation 0.05)",
    published="none comparable: the paper's examples are pictures and text of unknown distribution",
    runs={
        "strings": ("configs/bgan.py:strings", STRINGS),
        "zipf": ("configs/bgan.py:zipf", ZIPF),
        "D does not learn": ("configs/bgan.py:strings", {**STRINGS, "discriminator_rate": 1e-12}),
    },
    measure=measure,
    verdict=verdict,
    headline="legal",
)
