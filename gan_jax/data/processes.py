"""Grain's worker processes, made to end when the program does."""

import atexit
import multiprocessing
import os
import threading
from collections.abc import Iterator
from typing import Any

import grain
from absl import flags


class InProcesses(Iterator[Any]):
    """Reads `dataset` ahead in so many processes, in the order of one."""

    def __init__(self, dataset: grain.IterDataset, workers: int):
        if not flags.FLAGS.is_parsed():  # the workers ask for Grain's own flags, which have defaults
            flags.FLAGS.mark_as_parsed()
        options = grain.MultiprocessingOptions(num_workers=workers, per_worker_buffer_size=2)
        self._reading = iter(dataset.mp_prefetch(options, worker_init_fn=end_with_parent))
        atexit.register(self.close)

    def __next__(self) -> Any:
        return next(self._reading)

    def close(self) -> None:
        """Ends the processes. Grain's iterator is let go too: it fails where modules are taken down before it."""
        if hasattr(self._reading, "close"):
            self._reading.close()
        self._reading = iter(())


def end_with_parent(index: int, count: int) -> None:
    """Makes this worker process end when the program is killed and cannot tell it to."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
