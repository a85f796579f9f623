"""What a host hears of the others; that processes stop for it, `test_several_hosts.py` shows."""

import threading
import time
from pathlib import Path

import pytest

from gan_jax import neighbours
from gan_jax.neighbours import Neighbours


class Left(Exception):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(words: str, status: int, linger: object = None) -> None:
        raise Left(words, status)

    monkeypatch.setattr(neighbours, "BEAT", 0.05)
    monkeypatch.setattr(neighbours, "SILENCE", 0.6)
    monkeypatch.setattr(neighbours, "_leave", leave)
    monkeypatch.setattr(neighbours.socket, "gethostname", lambda: "node7")


def heard(one: Neighbours) -> tuple[str, int]:
    with pytest.raises(Left) as left:
        one.listen()
    return left.value.args


def test_one_host_has_no_neighbours(tmp_path: Path) -> None:
    with neighbours.watched(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_silence(tmp_path: Path) -> None:
    one, _ = Neighbours(tmp_path, 0, 2), Neighbours(tmp_path, 1, 2)
    began = time.monotonic()
    words = f"gan_jax: stopped, as host 1 (node7) has been silent for 1 s: {neighbours.ADVICE}"
    assert heard(one) == (words, 3)
    assert time.monotonic() - began >= 0.6


def test_a_host_that_was_never_there(tmp_path: Path) -> None:
    assert heard(Neighbours(tmp_path, 0, 2))[0].startswith(
        "gan_jax: stopped, as host 1 (name unknown) has been silent for 1 s: end it"
    )


def test_failure_is_told_at_once(tmp_path: Path) -> None:
    one, other = Neighbours(tmp_path, 0, 3), Neighbours(tmp_path, 2, 3)
    other.fail("the disk is full")
    assert heard(one) == ("gan_jax: stopped, as host 2 (node7) failed: the disk is full", 3)


def test_failure_outlives_the_beats_that_follow(tmp_path: Path) -> None:
    one, other = Neighbours(tmp_path, 0, 2), Neighbours(tmp_path, 1, 2)
    beats = threading.Thread(target=other.listen)
    beats.start()
    other.fail("the disk is full")
    time.sleep(0.3)
    assert one.read(1)["failed"] == "the disk is full", "after six beats"
    other.rest()
    beats.join(5)


def test_beats_are_enough(tmp_path: Path) -> None:
    both = [Neighbours(tmp_path, i, 2) for i in range(2)]
    threads = [threading.Thread(target=one.listen) for one in both]
    for thread in threads:
        thread.start()
    time.sleep(1.5)
    assert all(thread.is_alive() for thread in threads), "twice as long as silence may last"
    for one, thread in zip(both, threads, strict=True):
        one.rest()
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)
