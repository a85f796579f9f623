"""Numbers about pictures: each metric is a pure function of arrays, computed in float64 on the host."""

LOWER = ("l1", "lpips", "fid", "frechet", "kid", "mmd", "speck_share", "grey_share", "chroma")


def lower_is_better(metric: str) -> bool:
    """Whether a smaller value of the metric named "metric/picture" is the better one."""
    return metric.split("/")[0] in LOWER
