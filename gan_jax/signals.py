"""Ctrl-C, SIGTERM and a closed terminal ask the loop to save and stop; asked twice, the process ends at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import jax
import numpy as np
from jax.experimental import multihost_utils

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Stop:
    """Which signal asked to stop, or None; and whether it is late.

    While nothing would be lost by it, `at_once` holds what to say, and a signal ends a `program` there and then.
    """

    signal: int | None = None
    late = False
    at_once = ""
    program = False

    def asked(self, late: bool = False) -> bool:
        """Whether to stop now, as a signal asked for it or it is `late` here.

        All hosts agree, so that none waits for one that has left. What one of them hears meanwhile waits for the next
        time.
        """
        heard = np.array([self.signal or 0, late], np.int32)
        if jax.process_count() > 1:
            heard = np.max(multihost_utils.process_allgather(heard), axis=0)
            if self.signal is None and heard[0]:
                self.signal = int(heard[0])
        self.late = bool(heard[1])
        return bool(heard.any())


@contextmanager
def watched(say: Callable[[str], None] = lambda line: None, program: bool = False) -> Iterator[Stop]:
    """Within, the first of SIGNALS is noted and told; the handlers of before come back afterwards.

    `program`: this process does nothing else, so it may end by the first signal where nothing is lost by that.

    What is ignored (under nohup, or in the background of a script) stays so. Python runs handlers between its own
    instructions, so not while XLA compiles, which may take minutes: hence a thread listens, which does not wait for
    that. Outside of the main thread, where Python allows no handlers, signals are left alone.
    """
    stop = Stop()
    stop.program = program
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    listen, tell = os.pipe()
    os.set_blocking(tell, False)  # as Python asks of a wakeup descriptor
    ear = threading.Thread(target=_listen, args=(listen, stop, say), daemon=True)
    ear.start()
    heeded = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    handlers = {number: signal.signal(number, lambda *_: None) for number in heeded}
    wakeup = signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.close(tell)
        ear.join()
        os.close(listen)


def _listen(listen: int, stop: Stop, say: Callable[[str], None]) -> None:
    while heard := os.read(listen, 1):  # nothing: the other end is closed
        number = heard[0]
        if number not in SIGNALS:
            continue
        if stop.signal is not None:
            os._exit(128 + number)
        stop.signal = number
        if stop.program and stop.at_once:
            say(stop.at_once)
            os._exit(128 + number)
        say(
            f"{signal.Signals(number).name}: stopping after this step, saved; once more to stop at once, unsaved"
        )
