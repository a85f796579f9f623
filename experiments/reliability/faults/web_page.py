"""The page of a trained run, with many visitors at once, some of them hostile. Needs the extra `serve`."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil

from experiments.reliability import tiny
from experiments.reliability.trial import Try
from experiments.reliability.visitors import Client, watch

CLIENTS, GROWTH, MEGABYTES = 50, 0.10, 50.0
FAULT = "the page under 50 visitors for ten minutes: forged calls, bombs, climbing paths, half requests"
PROMISE = (
    "every answer is right or says why not, none is a 5xx; nobody gets another's picture or a file; memory grows by "
    "less than 10 % or 50 MB between the second quarter and the last, open files and threads do not"
)
TRIES = 500  # minutes of one visitor, the last one being the judgement of the process


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """So many minutes of visitors, fewer of them for fewer."""
    if find_spec("gradio") is None:
        raise RuntimeError("the page needs Gradio: pip install -e '.[serve]'")
    run = tiny.whole(scratch, steps=10, checkpoint_every=10)
    clients = min(CLIENTS, max(1, count))
    minutes = max(1, count // clients)
    with program(scratch, run, 8 * clients + 64) as (process, port):
        before, began, names = process.num_fds(), time.monotonic(), list[str]()
        until = began + 60 * minutes
        visitors = [Client(i, port, names, until) for i in range(clients)]
        for visitor in visitors:
            visitor.start()
        seen = np.array(list(watch(process, until, scratch / "temporary")))
        for visitor in visitors:
            visitor.join(120)
        time.sleep(12)  # lines that visitors left are noticed, and closed
        after = process.num_fds()
    wrong = {(v, int((when - began) // 60)): text for v in visitors for when, text in v.wrong}
    slots = [(visitor, minute) for minute in range(minutes) for visitor in visitors][: count - 1]
    for visitor, minute in slots:
        yield Try(
            f"visitor's minute: {visitor.address}, minute {minute + 1}", wrong.pop((visitor, minute), "")
        )
    yield judged(seen, before, after, visitors, "; ".join(wrong.values()))


def judged(seen: np.ndarray, before: int, after: int, visitors: list[Client], wrong: str) -> Try:
    """What the process held, in the second quarter and in the last one."""
    second, last = (
        np.median(part, axis=0) for part in (seen[len(seen) // 4 : len(seen) // 2], seen[-len(seen) // 4 :])
    )
    counts = sum((visitor.counts for visitor in visitors), Counter())
    if last[0] > max(second[0] * (1 + GROWTH), second[0] + MEGABYTES):
        wrong = f"memory grew from {second[0]:.0f} to {last[0]:.0f} MB"
    elif after > before + 5 or last[2] > second[2] + 2:
        wrong = f"open files {before} and {after} after, threads {second[2]:.0f} and {last[2]:.0f}"
    elif seen[:, 3].max():
        wrong = "a file was stored"
    answers = {f"answers {status}": float(n) for status, n in counts.items() if isinstance(status, int)}
    waits = [second for visitor in visitors for second in visitor.waited]
    numbers = {
        "MB at most": float(seen[:, 0].max()),
        "MB more at the end": float(last[0] - second[0]),
        **answers,
    }
    return Try(
        "the process: memory, files and threads",
        wrong,
        "",
        {**numbers, "seconds waited": max(waits, default=0.0)},
    )


@contextlib.contextmanager
def program(scratch: Path, run: Path, connections: int) -> Iterator[tuple[psutil.Process, int]]:
    """The page of a run, started as a user would, and its port; stopped at last."""
    temporary = scratch / "temporary"
    temporary.mkdir(exist_ok=True)
    bounds = ["--max_megabytes=0.25", "--max_pixels=10000", f"--connections={connections}", "--port=0"]
    command = [sys.executable, "-m", "gan_jax.serve", f"--workdir={run}", *bounds]
    environment = tiny.environment(TMPDIR=str(temporary))
    with subprocess.Popen(
        command, cwd=tiny.ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as started:
        assert started.stderr is not None
        try:
            found = next((at for line in started.stderr if (at := re.search(r"localhost:(\d+)", line))), None)
            if found is None:
                raise RuntimeError("the page did not start")
            os.set_blocking(started.stderr.fileno(), False)
            yield psutil.Process(started.pid), int(found[1])
        finally:
            started.send_signal(signal.SIGTERM)
            started.wait(60)
