"""Ended runs held against each other: what their directories hold, and in what it differs."""

import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
from orbax.checkpoint import v1

# Where runs may differ by rounding: a pixel that this moves over the kink of |x| or of a ReLU changes gradients, in
# networks as tiny as these single entries by up to 13 % of the largest (in a round before which losses were equal to
# 3e-6), norms by .1 %, and then pictures by a sixth of a level of eight bits.
KINKS, NORMS, LEVEL = 0.25, 0.02, 1 / 128
CLOCK = ("seconds", "images/s")


def state(workdir: Path, step: int) -> dict[str, np.ndarray]:
    """Every array of a checkpoint by its name, read without gan_jax."""
    path = workdir / "checkpoints" / str(step)
    one = jax.sharding.SingleDeviceSharding(jax.devices("cpu")[0])
    shapes = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=one), v1.metadata(path).metadata
    )
    leaves = jax.tree_util.tree_leaves_with_path(v1.load(path, shapes))
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}


def steps(workdir: Path) -> list[int]:
    """The steps of finished checkpoints."""
    return sorted(int(p.name) for p in (workdir / "checkpoints").glob("*") if p.name.isdecimal())


def metrics(workdir: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl but for what a clock decides."""
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name not in CLOCK} for line in lines]


def differences(
    a: Path, b: Path, tolerance: float = 0.0, same_steps: bool = True, without: str = ""
) -> list[str]:
    """In what two ended runs differ, a line each: arrays, what was judged of them, metrics, sample sheets.

    Bit for bit, or with `tolerance` t: |a - b| <= t (1 + |b|); for moments |a - b| <= KINKS max |b|, for norms of
    gradients NORMS max |b|, for remembered pictures LEVEL max |b|, and sheets by name alone. Checkpoints are
    compared where both have them, the last one always; `same_steps` asks for the same ones. Arrays with `without` in
    their names are left out.
    """
    found = []
    if same_steps and steps(a) != steps(b):
        found.append(f"checkpoints {steps(a)}, expected {steps(b)}")
    if not steps(a) or steps(a)[-1] != steps(b)[-1]:
        return [*found, f"the last checkpoint of {steps(a)} is not {steps(b)[-1]}"]
    for step in sorted({*steps(a)} & {*steps(b)}):
        one, other = (
            {name: leaf for name, leaf in state(run, step).items() if not without or without not in name}
            for run in (a, b)
        )
        found += [f"checkpoint {step}: {line}" for line in arrays(one, other, tolerance)]
        found += [f"checkpoint {step}: {line}" for line in _facts(a, b, step, tolerance)]
    return [*found, *_metrics(metrics(a), metrics(b), tolerance), *_samples(a, b, tolerance)]


def arrays(a: dict[str, np.ndarray], b: dict[str, np.ndarray], tolerance: float = 0.0) -> list[str]:
    if a.keys() != b.keys():
        return [f"other arrays: {sorted(a.keys() ^ b.keys())[:3]}"]
    found = []
    for name in a:
        if a[name].dtype != b[name].dtype or a[name].shape != b[name].shape:
            found.append(f"{name} is {a[name].dtype}{a[name].shape}, expected {b[name].dtype}{b[name].shape}")
        elif not _alike(a[name], b[name], tolerance, share(name)):
            off = np.abs(a[name].astype(float) - b[name].astype(float)).max()
            found.append(f"{name} differs by {off:.3g} at most")
    return found


def share(name: str) -> float:
    """By how much of its largest entry an array may differ where a tolerance is given; 0 for the tolerance itself."""
    return KINKS if "optimizer" in name else LEVEL if "memory" in name else 0


def _alike(a: Any, b: Any, tolerance: float, of_largest: float = 0) -> bool:
    if not tolerance:
        return bool(np.array_equal(a, b))
    if of_largest and np.size(b):
        return bool(np.max(np.abs(a - b)) <= of_largest * np.max(np.abs(b)))
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _facts(a: Path, b: Path, step: int, tolerance: float) -> list[str]:
    one, other = (
        json.loads((run / "checkpoints" / str(step) / "about.json").read_text())["metrics"] for run in (a, b)
    )
    same = one.keys() == other.keys() and all(_alike(one[key], other[key], tolerance) for key in one)
    return [] if same else [f"judged {one}, expected {other}"]


def _metrics(a: list[dict[str, Any]], b: list[dict[str, Any]], tolerance: float) -> list[str]:
    found = [] if len(a) == len(b) else [f"metrics.jsonl has {len(a)} lines, expected {len(b)}"]
    for i, (one, other) in enumerate(zip(a, b, strict=False)):
        if not _same_line(one, other, tolerance):
            return [*found, f"metrics.jsonl, line {i + 1}: {one}, expected {other}"]
    return found


def _same_line(one: dict[str, Any], other: dict[str, Any], tolerance: float) -> bool:
    if not tolerance or one.keys() != other.keys():
        return one == other
    numbers = [key for key, value in other.items() if isinstance(value, float)]
    return all(_alike(one[key], other[key], tolerance, NORMS if "gradient/" in key else 0) for key in numbers)


def _samples(a: Path, b: Path, tolerance: float) -> list[str]:
    one, other = (sorted(path.name for path in (run / "samples").iterdir()) for run in (a, b))
    if one != other:
        return [f"samples {one}, expected {other}"]
    changed = [
        name for name in one if (a / "samples" / name).read_bytes() != (b / "samples" / name).read_bytes()
    ]
    return [f"samples/{name} differs" for name in changed if not tolerance]
