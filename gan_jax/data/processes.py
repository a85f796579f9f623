"""Grain's worker processes, made to end when the program does, and not before."""

import atexit
import contextlib
import multiprocessing
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker
from typing import Any

import grain
from absl import flags

from gan_jax.errors import UserError
from gan_jax.signals import SIGNALS


class InProcesses(Iterator[Any]):
    """Reads `dataset` ahead in so many processes, in the order of one."""

    def __init__(self, dataset: grain.IterDataset, workers: int):
        if not flags.FLAGS.is_parsed():  # the workers ask for Grain's own flags, which have defaults
            flags.FLAGS.mark_as_parsed()
        options = grain.MultiprocessingOptions(num_workers=workers, per_worker_buffer_size=2)
        self._workers, self._begun = workers, False
        with deaf():
            self._reading = iter(dataset.mp_prefetch(options, worker_init_fn=end_with_parent))
        atexit.register(self.close)

    def __next__(self) -> Any:
        """The next one. Raises UserError when a worker was killed."""
        try:
            if self._begun:
                return next(self._reading)
            with deaf():  # the first one starts the workers
                first = next(self._reading)
        except RuntimeError as error:
            ended = re.search(r"exit code (-?\d+)", str(error))
            if not ended:
                raise
            raise UserError(
                f"a process that reads pictures was ended from outside ({cause(int(ended[1]))}), most often as the "
                f"memory was full: give the same command again, with --config.data.workers={self._workers // 2}"
            ) from error
        self._begun = True
        return first

    def close(self) -> None:
        """Ends the processes. Grain's iterator is let go too: it fails where modules are taken down before it."""
        if hasattr(self._reading, "close"):
            self._reading.close()
        self._reading = iter(())


def cause(exit_code: int) -> str:
    """ "SIGKILL", or "exit code 1"."""
    with contextlib.suppress(ValueError):
        return signal.Signals(-exit_code).name
    return f"exit code {exit_code}"


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Processes begun within never hear SIGNALS: a terminal and a job's end send them to all processes of a group, and
    the program decides what to do; they end with it.

    This process is only deaf in this thread. Where one of them is killed, Python's tracker of their shared memory
    frees what it held; what it would say of that is not for the user.
    """
    if not hasattr(signal, "pthread_sigmask"):  # not a Unix
        yield
        return
    sys.warnoptions.append("ignore:resource_tracker:UserWarning")  # for the tracker
    resource_tracker.ensure_running()  # it would change the mask
    sys.warnoptions.pop()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent(index: int, count: int) -> None:
    """Makes this worker process end when the program is killed and cannot tell it to."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
