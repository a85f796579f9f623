"""Races our training step against PyTorch's, in turns, on this machine, and writes the tables of
experiments/speed/README.md:

    make bench                                               everything (an hour on two cores; what is known is kept)
    python -m experiments.speed.bench --cases=default,128    some of it
    python -m experiments.speed.bench --dtypes=float32

The peer is the reference's step stated in PyTorch (torch_side.py): eager and torch.compile, both memory formats, and
the fastest of
them counts. Both sides run in processes of their own and take turns of some steps, A B A B, so that a busy machine
slows both.
"""

import argparse
import contextlib
import json
import os
import platform
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

from experiments.speed import page
from experiments.speed.cases import CASES, config
from gan_jax import agenda, engine, huge_pages

HERE = Path(__file__).parent
TURNS = 7
LONGEST = 600  # seconds for one answer; compiling is the longest
VARIANTS = ("eager", "eager channels_last", "compile", "compile channels_last")


class Side:
    """A worker process, which keeps what it has prepared."""

    def __init__(self, name: str) -> None:
        command = [sys.executable, "-m", "experiments.speed.worker", name]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        # Ours begins as gan_jax.main does.
        environment = huge_pages.environment() if name == "jax" else None
        self.process = subprocess.Popen(command, env=environment, **pipes)

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """Its answer to one command; an error after LONGEST seconds, and for ever after."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **given}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"error": "the process has ended"}
        if not select.select([self.process.stdout], [], [], LONGEST)[0]:
            self.process.kill()
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": f"no answer within {LONGEST} s"}

    def close(self) -> None:
        """End it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def main(arguments: list[str] | None = None) -> int:
    """Races what the flags name, keeps every result as soon as it is known, and writes the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--again", action="store_true", help="measure what is known already")
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / f"results_{device()}.json"
    results = known(path)
    for dtype in options.dtypes.split(","):
        if options.again or dtype not in results["limits"]:
            results["limits"][dtype] = limits(dtype)
            keep(path, results)
        for case in options.cases.split(","):
            name = f"{case}, {dtype}"
            if options.again or name not in results["races"]:
                results["races"][name] = race(case, dtype, options.turns)
                keep(path, results)
                print(page.line(name, results), flush=True)
    page.write(options.out)
    return 0


def known(path: Path) -> dict[str, Any]:
    """What was measured before on this machine."""
    if path.exists():
        return json.loads(path.read_text())
    return {"machine": machine(), "limits": {}, "races": {}}


def keep(path: Path, results: dict[str, Any]) -> None:
    """Write what is known."""
    path.write_text(json.dumps(results, indent=1) + "\n")


def limits(dtype: str) -> dict[str, Any]:
    """The rates that either library reaches, one after the other."""
    found = {}
    for name in ("jax", "torch"):
        side = Side(name)
        found[name] = side.ask("limit", dtype=dtype)
        side.close()
    return found


def race(case: str, dtype: str, turns: int) -> dict[str, Any]:
    """Seconds of each turn of ours and of every variant of the peer's, each against ours in turns of its own."""
    peer = Side("torch")
    found: dict[str, Any] = {**peer.ask("flops", case=case), "batch": config(CASES[case], dtype).batch_size}
    found |= {"variants": {}, "load": os.getloadavg()[0]}
    peer.close()
    ours = Side("jax")
    prepared = ours.ask("prepare", case=case, dtype=dtype, variant="jit")
    for variant in VARIANTS:
        sides = {"ours": ours, "peer": Side("torch")}
        first = {
            "ours": prepared,
            "peer": sides["peer"].ask("prepare", case=case, dtype=dtype, variant=variant),
        }
        seconds: dict[str, list[float]] = {"ours": [], "peer": []}
        if not any("error" in answer for answer in first.values()):
            count = steps_of_a_turn(ours.ask("steps", count=1)["seconds"])
            for _ in range(turns):
                for name, side in sides.items():
                    seconds[name].append(side.ask("steps", count=count)["seconds"])
        about = {name: side.ask("about") for name, side in sides.items()}
        sides["peer"].close()
        found["variants"][variant] = {"first": first, "seconds": seconds, "about": about}
    ours.close()
    return found


def steps_of_a_turn(seconds: float) -> int:
    """As many as training begins together, and two at least."""
    return max(2, min(engine.AT_ONCE, agenda.together(1 / seconds)))


def device() -> str:
    """A name for the file of results: the accelerator, or the processor's kind."""
    try:
        shown = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        shown = "cpu"
    return "".join(c if c.isalnum() else "_" for c in shown.strip().lower())


def machine() -> dict[str, Any]:
    """What this runs on."""
    info = Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    models = [line.split(":")[1].strip() for line in text.splitlines() if "model name" in line]
    name = (models[0] if models else platform.processor()) + (" with AVX-512" if "avx512f" in text else "")
    return {"name": name, "cores": os.cpu_count(), "device": device(), "python": platform.python_version()}


if __name__ == "__main__":
    sys.exit(main())
