import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from gan_jax.signals import watched

# Waits in C, as a compiler does: Python runs no handler meanwhile.
HARD_OF_HEARING = """
import ctypes, sys, time
from gan_jax.signals import watched

def say(line):
    print(line, flush=True)

with watched(say, program=True) as stop:
    stop.at_once = "".join(sys.argv[1:])
    say("ready")
    libc, end = ctypes.CDLL(None), time.monotonic() + 60
    while time.monotonic() < end:
        libc.usleep(60_000_000)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_noted_and_told(number: int) -> None:
    told: list[str] = []
    with watched(told.append) as stop:
        assert not stop.asked()
        os.kill(os.getpid(), number)
        for _ in range(500):
            if told:
                break
            time.sleep(0.01)
        assert stop.asked()
        assert stop.signal == number
    [line] = told
    assert line.startswith(signal.Signals(number).name)


def test_the_handlers_of_before_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    threads = threading.active_count()
    with watched():
        assert signal.getsignal(signal.SIGINT) is not before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert signal.set_wakeup_fd(-1) == -1
    assert threading.active_count() == threads
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup has it
    try:
        with watched() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            time.sleep(0.05)
            assert not stop.asked()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_signals_are_not_for_us() -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        with watched() as stop:
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(0.05)
            assert not stop.asked()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_signals_are_left_alone_in_another_thread() -> None:
    asked: list[bool] = []

    def work() -> None:
        with watched() as stop:
            asked.append(stop.asked())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert asked == [False]


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "usleep"), reason="needs a C library of Unix")
def test_a_second_signal_ends_the_process_at_once_even_in_a_compiler() -> None:
    process = subprocess.Popen([sys.executable, "-c", HARD_OF_HEARING], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as out:
        assert out.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert out.readline().startswith("SIGINT: stopping")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 128 + signal.SIGTERM


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "usleep"), reason="needs a C library of Unix")
def test_the_first_one_does_while_there_is_nothing_to_lose() -> None:
    command = [sys.executable, "-c", HARD_OF_HEARING, "stopped before the first step"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "stopped before the first step\n"
    assert process.returncode == 128 + signal.SIGTERM
