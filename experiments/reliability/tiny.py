"""Tiny runs of CycleGAN as processes of their own, started as a user would."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from ml_collections import ConfigDict
from PIL import Image

from gan_jax import settings

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "torture"
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


def points(**changes: Any) -> ConfigDict:
    """GAN on a ring of points, of networks that are compiled in a moment: for runs within a process."""
    made = settings.load(str(ROOT / "configs" / "gan.py:ring")).copy_and_resolve_references()
    small = {"generator.width": 4, "discriminator.width": 4, "generator.depth": 1, "discriminator.depth": 1}
    seldom = {"seed": 3, "sample_every": 0, "evaluate_every": 0}
    made.update_from_flattened_dict(small | seldom | changes)
    return made.lock()


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
