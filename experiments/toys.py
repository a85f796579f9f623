"""What proofs on the ring and the grid measure."""

from experiments.proof import Found, Numbers, Trained
from gan_jax.data import toys
from gan_jax.metrics import modes

QUIET = {"evaluate_every": 0, "sample_every": 0, "checkpoint_every": 0, "log_every": 500}


def measure(run: Trained) -> Numbers:
    """Modes that 2,500 samples reach, made by averaged parameters."""
    name = run.config.data.examples
    found = modes.count(run.sample(2500), toys.centres(name), toys.DEVIATION[name])
    return {
        "captured": found.captured,
        "near": found.near,
        "high quality": found.high_quality,
        "KL": found.kl,
    }


def passed(found: Found, label: str) -> bool:
    """At least 7 of the ring's 8 modes in most seeds, and 85 % of the samples near one in every seed."""
    captured, near = sorted(found[label]["captured"]), found[label]["near"]
    return captured[len(captured) // 2] >= 7 and min(near) >= 0.85


def told(found: Found, label: str, metric: str = "near") -> str:
    """ "0.953 to 0.981": a metric's least and greatest value over the seeds."""
    least, greatest = (f"{value:.3g}" for value in (min(found[label][metric]), max(found[label][metric])))
    return least if least == greatest else f"{least} to {greatest}"
