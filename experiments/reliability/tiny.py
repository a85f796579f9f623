"""Tiny runs of CycleGAN as processes of their own, started as a user would, and held against each other."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import jax
import numpy as np
from orbax.checkpoint import v1
from PIL import Image

ROOT = Path(__file__).parents[2]
KINKS = 0.02  # a pixel that rounding moves over the kink of |x| or of a ReLU changes gradients by as much
CACHE = ROOT / ".cache" / "torture"
CLOCK = ("seconds", "images/s")
KEYS: dict[str, Any] = {
    "data.resize": 16,
    "data.crop": 12,
    "generator.width": 4,
    "generator.blocks": 1,
    "discriminator.width": 4,
    "discriminator.layers": 1,
    "identity": 0.0,  # half of what is to be traced and compiled
    "pool_size": 3,
    "average": 0.9,
    "steps": 40,
    "sample_pictures": 2,
    "log_every": 5,
    "sample_every": 10,
    "evaluate_every": 10,
    "checkpoint_every": 10,
    "best_metric": "ssim/back_y",
}


def pictures(root: Path, count: int = 5, side: int = 16, seed: int = 0) -> Path:
    """A folder with trainA, trainB, testA and testB of small noise, the test pictures true pairs."""
    draw = np.random.default_rng(seed)
    for part, many in {"trainA": count, "trainB": count - 1, "testA": 3, "testB": 3}.items():
        (root / part).mkdir(parents=True, exist_ok=True)
        for i in range(many):
            Image.fromarray(draw.integers(0, 256, (side, side, 3), np.uint8)).save(root / part / f"{i}.png")
    return root


def flags(scratch: Path, **changes: Any) -> list[str]:
    """What a user would type, --workdir left out, on pictures in `scratch`; `data__crop=8` changes `data.crop`."""
    root = scratch / "pictures"
    if not root.exists():
        pictures(root)
    keys = {"data.root": root, **KEYS, **{key.replace("__", "."): value for key, value in changes.items()}}
    return ["--config=configs/cyclegan.py", *(f"--config.{key}={value}" for key, value in keys.items())]


def environment(devices: int = 1, **changes: str) -> dict[str, str]:
    """Of a run: on the CPU, with so many simulated devices, and with the programs that earlier runs compiled."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_"))}
    several = {"XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"} if devices > 1 else {}
    # Small programs are kept too: a start is half as long.
    cache = {"XDG_CACHE_HOME": str(CACHE), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    return {**found, "JAX_PLATFORMS": "cpu", **several, **cache, **changes}


class Run:
    """`python -m gan_jax.main` and what it says. Leaving the `with` block ends it, and its workers, for sure."""

    def __init__(
        self, arguments: list[str], workdir: Path | None, env: dict[str, str] | None = None, **options: Any
    ) -> None:
        """Starts it; `options` are those of `Popen`."""
        place = [f"--workdir={workdir}"] if workdir else []
        self.lines: list[str] = []
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gan_jax.main", *arguments, *place],
            cwd=ROOT,
            env=env or environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            **options,
        )
        self._log = workdir and workdir.parent / f"{workdir.name}.{self.process.pid}.log"
        self._ear = threading.Thread(target=self._listen, daemon=True)
        self._ear.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_for(self, words: str, seconds: float = 180) -> str:
        """The first line with these words; raises when it ends, or the seconds are over, without."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            over = self.process.poll() is not None
            if over:
                self._ear.join(5)
            for line in list(self.lines):
                if words in line:
                    return line
            if over:
                break
            time.sleep(0.01)
        raise RuntimeError(f"{words!r} was not said in {seconds:.0f} s; the last words: {self.last()}")

    def end(self, seconds: float = 180) -> int:
        """The exit status, once it has ended by itself; raises when it does not."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise RuntimeError(
                f"still running after {seconds:.0f} s; the last words: {self.last()}"
            ) from None
        self._ear.join(5)
        return status

    def said(self, words: str) -> str:
        """The first line with these words; "" without any."""
        return next((line for line in list(self.lines) if words in line), "")

    def last(self) -> str:
        """The last line."""
        return next((line for line in reversed(self.lines) if line.strip()), "nothing")

    def seconds(self) -> float:
        """Since it was started."""
        return time.monotonic() - self.started

    def kill(self) -> None:
        """SIGKILL to the program alone: its workers have to notice by themselves."""
        self.process.kill()
        self.end(30)

    def __enter__(self) -> "Run":
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends all that is left of it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._ear.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()
        if self._log is not None and self._log.parent.exists():  # for whoever looks at a broken promise
            self._log.write_text("\n".join(self.lines) + "\n")


def whole(scratch: Path, name: str = "whole", env: dict[str, str] | None = None, **changes: Any) -> Path:
    """The directory of a run that nothing disturbs, made on the first call."""
    workdir = scratch / name
    if not workdir.exists():
        with Run(flags(scratch, **changes), workdir, env) as run:
            if status := run.end(600):
                raise RuntimeError(f"the undisturbed run ended with {status}: {run.last()}")
    return workdir


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

    Bit for bit, or with `tolerance` t: |a - b| <= t (1 + |b|), for moments and norms of gradients |a - b| <= KINKS
    max |b|, and sheets by name alone. Checkpoints are compared where both have them, the last one always; `same_steps`
    asks for the same ones. Arrays with `without` in their names are left out.
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
        found += [f"checkpoint {step}: {line}" for line in _arrays(one, other, tolerance)]
        found += [f"checkpoint {step}: {line}" for line in _facts(a, b, step, tolerance)]
    return [*found, *_metrics(metrics(a), metrics(b), tolerance), *_samples(a, b, tolerance)]


def _arrays(a: dict[str, np.ndarray], b: dict[str, np.ndarray], tolerance: float) -> list[str]:
    if a.keys() != b.keys():
        return [f"other arrays: {sorted(a.keys() ^ b.keys())[:3]}"]
    found = []
    for name in a:
        if a[name].dtype != b[name].dtype or a[name].shape != b[name].shape:
            found.append(f"{name} is {a[name].dtype}{a[name].shape}, expected {b[name].dtype}{b[name].shape}")
        elif not _alike(a[name], b[name], tolerance, kinks="optimizer" in name):
            off = np.abs(a[name].astype(float) - b[name].astype(float)).max()
            found.append(f"{name} differs by {off:.3g} at most")
    return found


def _alike(a: Any, b: Any, tolerance: float, kinks: bool = False) -> bool:
    if not tolerance:
        return bool(np.array_equal(a, b))
    if kinks and np.size(b):
        return bool(np.max(np.abs(a - b)) <= KINKS * np.max(np.abs(b)))
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
    return all(_alike(one[key], other[key], tolerance, "gradient/" in key) for key in numbers)


def _samples(a: Path, b: Path, tolerance: float) -> list[str]:
    one, other = (sorted(path.name for path in (run / "samples").iterdir()) for run in (a, b))
    if one != other:
        return [f"samples {one}, expected {other}"]
    changed = [
        name for name in one if (a / "samples" / name).read_bytes() != (b / "samples" / name).read_bytes()
    ]
    return [f"samples/{name} differs" for name in changed if not tolerance]
