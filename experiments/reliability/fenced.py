"""Strangers' bytes, handled in a process of its own under limits, so that a crash, a hang or a full memory is a result.

    with Fence("experiments.reliability.readers:picture", megabytes=4096) as fence:
        outcome = fence.ask({"path": "a.png"}, seconds=10)

The process takes one JSON object a line and answers each with one. It is started anew when it has fallen.
"""

import json
import os
import select
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]


class Outcome(NamedTuple):
    """What the function gave, or how it failed; seconds of processor, and MB at most beyond what it began with."""

    value: Any = None
    failed: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0


class Fence:
    """One function, "module:name", in a process that may have so much address space."""

    def __init__(self, function: str, megabytes: int, environment: Mapping[str, str] | None = None) -> None:
        self.function, self.megabytes = function, megabytes
        self.environment = os.environ | (environment or {})
        self.process: subprocess.Popen[bytes] | None = None
        self.falls = 0

    def __enter__(self) -> "Fence":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def ask(self, request: Mapping[str, Any], seconds: float) -> Outcome:
        """The function's answer; it is stopped after so many seconds."""
        process, started = self._running(), time.monotonic()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            ready = select.select([process.stdout], [], [], seconds)[0]
            line = process.stdout.readline() if ready else b""
        except OSError:
            ready, line = [process.stdout], b""
        if line:
            return Outcome(*json.loads(line))
        taken = time.monotonic() - started
        if not ready:
            self.end()
            return Outcome(failed=f"hung: stopped after {seconds:g} s", seconds=taken)
        status = process.wait()
        self.end()
        return Outcome(failed=f"the process ended with status {status}", seconds=taken)

    def end(self) -> None:
        """Stop the process."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            command = [
                sys.executable,
                "-m",
                "experiments.reliability.fenced",
                self.function,
                str(self.megabytes),
            ]
            pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, bufsize=0, **pipes)
            self.falls += 1
            assert self.process.stdout is not None
            self.process.stdout.readline()  # it has imported everything
        return self.process


def peak(reset: bool = False) -> float:
    """MB of memory that this process had at most since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def measured(function: Callable[..., Any], request: Mapping[str, Any]) -> Outcome:
    """One call. Whatever it raises has failed; so has the promise, since functions here give users' errors back."""
    before, started, value, failed = peak(reset=True), time.process_time(), None, ""
    try:
        value = function(**request)
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        failed = f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}: {str(error)[:200]}"
    return Outcome(value, failed, time.process_time() - started, peak() - before)


def serve(function: str, megabytes: int) -> None:
    """Answer until standard input is closed."""
    import resource

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what is printed must not look like an answer
    module, name = function.split(":")
    call = getattr(import_module(module), name)
    limit = megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(measured(call, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
