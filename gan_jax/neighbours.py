"""Hosts of one run listen to each other: when one fails, the others stop within a minute and say which it was.

A round waits for all hosts, and would wait for one that is gone. Each host therefore writes a beat to a file in the run
directory, which all share, and a thread reads those of the others.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import jax
import numpy as np
from jax.experimental import multihost_utils

from gan_jax.errors import UserError

BEAT = 2.0  # seconds between two beats
SILENCE = 45.0  # seconds without a beat after which a host counts as gone
ADVICE = "end it where it still hangs, and the same command, on any number of hosts, goes on from the newest checkpoint"


@contextlib.contextmanager
def watched(workdir: Path) -> Iterator[None]:
    """Within, a host that fails or falls silent ends this process, with a line that names it; on one host, nothing.

    An error leaves with its words told to the other hosts, and ends this process as well: JAX would wait for them.
    """
    if jax.process_count() == 1:
        yield
        return
    # A directory for each start: another one, which will find the run in use, must not speak for this one.
    start = int(multihost_utils.broadcast_one_to_all(np.int32(secrets.randbits(31))))
    neighbours = Neighbours(workdir / ".hosts" / str(start), jax.process_index(), jax.process_count())
    multihost_utils.sync_global_devices("every host has written its first beat")
    ear = threading.Thread(target=neighbours.listen, daemon=True)
    ear.start()
    try:
        yield
        multihost_utils.sync_global_devices("every host is done")
    except UserError as error:
        neighbours.fail(str(error))
        _leave(f"gan_jax: {error}", 2)
    except Exception as error:
        # Most often another host is gone, and the thread will find out which.
        ear.join(SILENCE + 5 * BEAT)
        neighbours.fail(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
        _leave(traceback.format_exc(), 1)
    neighbours.rest()
    ear.join()
    if jax.process_index() == 0:
        shutil.rmtree(workdir / ".hosts", ignore_errors=True)


class Neighbours:
    """The files `<directory>/<host>.json` of all hosts."""

    def __init__(self, directory: Path, index: int, count: int) -> None:
        """Writes the first beat of this host."""
        self.directory, self.index, self.count = directory, index, count
        directory.mkdir(parents=True, exist_ok=True)
        self._resting = threading.Event()
        self._failed: dict[str, str] = {}
        self._write(beat=0)

    def listen(self) -> None:
        """Beat, and read the others, until `rest`; leave the process when one of them is gone."""
        heard: dict[int, tuple[dict[str, Any], float]]
        heard = {host: ({}, time.monotonic()) for host in range(self.count) if host != self.index}
        beat = 0
        while not self._resting.wait(BEAT):
            beat += 1
            with contextlib.suppress(OSError):  # a full disk is for others to tell
                self._write(beat=beat)
            for host, (before, since) in heard.items():
                now = self.read(host)
                if "failed" in now:
                    words = f"gan_jax: stopped, as host {host} ({now['name']}) failed: {now['failed']}"
                    _leave(words, 3, self.linger)
                if now != before:
                    heard[host] = (now, time.monotonic())
                elif time.monotonic() - since > SILENCE:
                    name = now.get("name", "name unknown")
                    words = f"gan_jax: stopped, as host {host} ({name}) has been silent for {SILENCE:.0f} s"
                    _leave(f"{words}: {ADVICE}", 3, self.linger)

    def fail(self, words: str) -> None:
        """Tell the others, and give them time to read it; each further beat tells it again."""
        self._failed = {"failed": words}
        with contextlib.suppress(OSError):
            self._write()
        time.sleep(3 * BEAT)
        self.linger()

    def linger(self) -> None:
        """The first host leaves last: JAX ends all others, in its own words, when it is gone."""
        if self.index == 0:
            time.sleep(3 * BEAT)

    def rest(self) -> None:
        """Every host is done: no more beats."""
        self._resting.set()

    def read(self, host: int) -> dict[str, Any]:
        """The last words of a host; {} if there are none."""
        try:
            return dict(json.loads(self._path(host).read_text()))
        except (OSError, ValueError):
            return {}

    def _path(self, host: int) -> Path:
        return self.directory / f"{host}.json"

    def _write(self, **words: Any) -> None:
        path = self._path(self.index)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps({"name": socket.gethostname(), **words, **self._failed}))
        unfinished.replace(path)


def _leave(words: str, status: int, linger: Callable[[], None] = lambda: None) -> NoReturn:
    """End this process without the barrier at which JAX would wait for the others.

    The words come first: meanwhile JAX may notice by itself, and end the process with a page of its own.
    """
    print(words, file=sys.stderr, flush=True)
    linger()
    os._exit(status)
