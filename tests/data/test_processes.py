"""Workers that read ahead: deaf to what asks the program to stop, and missed when they are killed."""

import itertools
import multiprocessing
import os
import signal

import pytest

from gan_jax import data
from gan_jax.data.processes import cause
from gan_jax.errors import UserError


def test_a_worker_ignores_signals_for_the_program_and_is_missed_when_killed(config, tree):
    root = tree({f"train{d}/{i}.png": 10 * i for d in "AB" for i in range(3)})
    before = set(multiprocessing.active_children())
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    batches = data.batches(data.source(config(root=str(root)).data), config(batch_size=2, workers=1))
    next(batches)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == mask, "the program itself hears them"
    [worker] = set(multiprocessing.active_children()) - before
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # as of Ctrl-C, or of a job's end
        os.kill(worker.pid, number)
    for _ in range(6):  # two are ahead
        next(batches)
    assert worker.is_alive()
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(UserError, match=r"ended from outside \(SIGKILL\).*--config\.data\.workers=0$"):
        list(itertools.islice(batches, 6))
    batches.close()


@pytest.mark.parametrize(("code", "words"), [(-9, "SIGKILL"), (-15, "SIGTERM"), (1, "exit code 1")])
def test_what_ended_a_worker(code, words):
    assert cause(code) == words
