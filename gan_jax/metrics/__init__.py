"""Numbers about pictures: each metric is a pure function of arrays, computed in float64 on the host."""

LOWER = (
    *("l1", "lpips", "fid", "frechet", "kid", "mmd", "speck_share", "grey_share", "chroma"),
    *("hidden_share", "fragility", "transplant"),
)
HIGHER = (
    *("ssim", "psnr", "correlation", "ink_precision", "ink_recall", "ink_f1"),
    *("precision", "recall", "coverage", "inception_score"),
)
TARGETS = {"nn_accuracy": 0.5, "nn_real": 0.5, "nn_fake": 0.5, "density": 1.0}


def lower_is_better(metric: str) -> bool:
    """Whether a smaller value of the metric named "metric/picture" is the better one."""
    return _kind(metric) in LOWER


def merit(metric: str, value: float) -> float:
    """A number that is larger for a better value: -value where lower is better, -|value - t| where t is the best."""
    kind = _kind(metric)
    if kind in TARGETS:
        return -abs(value - TARGETS[kind])
    return -value if kind in LOWER else value


def best_is(metric: str) -> str:
    """Which value is the best one: "lower", "higher", "0.5", "1", or "" where that is not known."""
    kind = _kind(metric)
    if kind in TARGETS:
        return f"{TARGETS[kind]:g}"
    return "lower" if kind in LOWER else "higher" if kind in HIGHER else ""


def _kind(metric: str) -> str:
    return metric.split("/")[0]
