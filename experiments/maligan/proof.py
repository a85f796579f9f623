"""MaliGAN: the same two known distributions as BGAN's, and what the baseline is for."""

import numpy as np

from experiments.bgan.proof import QUIET, measure
from experiments.proof import Found, Proof

STRINGS = QUIET | {"steps": 4000, "sample_every": 4000, "checkpoint_every": 4000}
ZIPF = QUIET | {"steps": 3000, "sample_every": 3000, "checkpoint_every": 3000}


def verdict(found: Found) -> tuple[str, str]:
    """Reproduced where strings follow the rule, no class is missing, and Zipf's law is met."""
    ours, zipf, bare = (found[name] for name in ("strings", "zipf", "no baseline"))
    passed = [
        min(ours["legal"]) >= 0.8 and min(ours["rarest class"]) >= 0.08,
        max(zipf["total variation"]) <= 0.05,
    ]
    said = (
        f"{np.mean(ours['legal']):.3f} of the strings follow the rule (data 0.935, uniform 0.005; without the baseline "
        f"{np.mean(bare['legal']):.3f}), each class at least {min(ours['rarest class']):.3f} (without "
        f"{min(bare['rarest class']):.3f}); Zipf's 64 states within a total variation of "
        f"{np.mean(zipf['total variation']):.3f} (as many real draws {np.mean(zipf['of as many real ones']):.3f})"
    )
    return ("reproduced" if all(passed) else "partly" if any(passed) else "not"), said


PROOF = Proof(
    paper="Che et al. 2017, arXiv 1702.07983",
    claim="weights D / (1 - D), normalised over the batch, train a generator of discrete examples without "
    "pre-training on these: strings follow their rule (0.8 of them, no class under 0.08), and 64 states come to Zipf's "
    "law (total variation 0.05)",
    published="none comparable: the paper's examples are poems and sentences",
    runs={
        "strings": ("configs/maligan.py", STRINGS),
        "zipf": ("configs/maligan.py:zipf", ZIPF),
        "no baseline": ("configs/maligan.py:no_baseline", STRINGS),
    },
    measure=measure,
    verdict=verdict,
    headline="legal",
)
