import io
import re

import jax
import pytest

from gan_jax import progress
from gan_jax.progress import Display, Pace, duration, losses, memory, status


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock with one hand, to be set."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_compiling_is_not_the_pace(clock: list[float]) -> None:
    pace = Pace(10)
    assert (pace.rate(), pace.left(100)) == (0.0, None)
    clock[0] += 50  # compiling, and the first step
    pace.mark(11)
    assert pace.rate() == pytest.approx(1 / 50)
    assert pace.left(100) is None, "one step that was compiled tells nothing about the others"
    clock[0] += 2
    pace.mark(15)
    assert pace.rate() == pytest.approx(4 / 2)
    assert pace.left(25) == pytest.approx(10 / 2)


def test_only_the_last_marks_count(clock: list[float]) -> None:
    pace = Pace(0, marks=3)
    for seconds, step in ((9, 1), (1, 2), (1, 4), (1, 8)):
        clock[0] += seconds
        pace.mark(step)
    assert pace.rate() == pytest.approx((8 - 2) / 2)
    assert pace.left(8) == 0


def test_a_status_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "memory", lambda: 5 * 2**28)
    log = {"cycle/x": 0.123, "cycle/y": 0.056, "adversarial/G": 1.0, "l1": 3.0, "loss/G": 9.0}
    log |= {"gradient/G": 5.0, "learning_rate/G": 0.1}
    assert status(1250, 10_000, log, 6.549, 1320.0) == (
        "step 1,250/10,000  cycle x 0.12 y 0.06  adversarial G 1.00  l1 3.00  6.55 images/s  1.2 GiB  22 min left"
    )
    assert status(1, 2, {}, 0.5, None) == "step 1/2  0.5 images/s  1.2 GiB"


def test_losses_stand_by_their_first_name() -> None:
    assert losses({"a/x": 1.0, "b": 2.0, "a/y": -3.0}) == "a x 1.00 y -3.00  b 2.00"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (89 * 60, "89 min"),
        (5400, "1 h 30 min"),
        (36_300, "10 h 05 min"),
    ],
)
def test_duration(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_memory_is_that_of_the_process_on_a_cpu() -> None:
    with open("/proc/self/status") as file:
        peak = re.search(r"VmHWM:\s+(\d+) kB", file.read())
    assert peak is not None
    assert memory() == pytest.approx(int(peak[1]) * 1024, rel=0.1)


def test_memory_is_that_of_the_device_where_it_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    class Device:
        def memory_stats(self) -> dict[str, int]:
            return {"peak_bytes_in_use": 7}

    monkeypatch.setattr(jax, "local_devices", lambda: [Device()])
    assert memory() == 7


def test_a_terminal_shows_one_line_that_changes() -> None:
    stream = Terminal()
    display = Display(stream)
    display.say("hello")
    display.update("step 1")
    display.update("step 2")
    display.say("done")
    display.close()
    lines = stream.getvalue().split("\n")
    assert [line.split("\r")[-1].rstrip() for line in lines] == ["hello", "step 2", "done", ""]
    assert lines[1].count("\r") == 2


def test_a_terminal_is_left_on_a_new_line() -> None:
    stream = Terminal()
    display = Display(stream)
    display.update("step 1")
    display.close()
    assert stream.getvalue().endswith("\n")


def test_a_long_line_does_not_wrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    Display(stream).update("x" * 50)
    assert stream.getvalue() == "\r" + "x" * 19


def test_a_file_gets_a_line_now_and_then(clock: list[float]) -> None:
    stream = io.StringIO()
    display = Display(stream, quiet=10)
    for step in range(25):
        display.update(f"step {step}")
        clock[0] += 1
    display.say("done")
    assert stream.getvalue() == "step 0\nstep 10\nstep 20\ndone\n"


def test_silent() -> None:
    stream = Terminal()
    display = Display(stream, silent=True)
    display.update("step 1")
    display.say("hello")
    assert stream.getvalue() == ""


def test_nobody_reads_any_more() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    display = Display(Closed())
    display.say("hello")
    display.update("step 1")
    display.close()
