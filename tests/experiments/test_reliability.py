"""The torture harness: it finds a broken promise, loses no result, and its page is what the results say."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.reliability import compare, page, torture
from experiments.reliability.faults.soak import compared
from experiments.reliability.trial import Try, each, kind, summary

FOLDER = Path(torture.__file__).parent


def artificial(wrong: str = "", at: int = -1, **more: object) -> SimpleNamespace:
    """A fault whose try `at` breaks its promise, or raises where `wrong` is "raise"."""

    def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
        for i in range(count):
            if i == at and wrong == "raise":
                raise RuntimeError("the harness is broken")
            said = f"{scratch}/run{i} was stopped at step {i}"
            yield Try(f"try {i} of seed {seed}", wrong if i == at else "", said, {"seconds": float(i % 3)})

    return SimpleNamespace(FAULT="a fault", PROMISE="nothing breaks", TRIES=5, tries=tries, **more)


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> dict[str, SimpleNamespace]:
    found = {"bad": artificial("it broke", 3), "good": artificial(), "raising": artificial("raise", 2)}
    monkeypatch.setattr(torture, "names", lambda: list(found))
    monkeypatch.setattr(torture, "load", found.__getitem__)
    return found


def test_a_promise_that_is_kept(faults: dict[str, SimpleNamespace], tmp_path: Path) -> None:
    assert torture.main(["good"], tmp_path) == 0
    found = torture.read(tmp_path)["good"]
    assert (found["tries"], found["kept"], found["wrong"]) == (5, 5, [])
    assert found["worst"] == {"seconds": 2.0}
    assert found["said"] == ["runs/run0 was stopped at step 0"], "one of each kind"
    text = (tmp_path / "README.md").read_text()
    assert "| a fault | nothing breaks | 5 | 5 | seconds 2 | 0.0 |" in text
    assert "| a fault | nothing breaks | not tried yet |" in text


def test_a_promise_that_breaks(
    faults: dict[str, SimpleNamespace], tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    assert torture.main(["bad"], tmp_path) == 1
    found = torture.read(tmp_path)["bad"]
    assert (found["tries"], found["kept"]) == (5, 4)
    assert found["wrong"] == [{"what": "try 3 of seed 0", "wrong": "it broke"}]
    text = (tmp_path / "README.md").read_text()
    assert "| 5 | **4** |" in text
    assert "- bad: try 3 of seed 0: it broke\n" in text
    kept = capfd.readouterr().err.partition("kept for a look: ")[2].strip()
    assert Path(kept).is_dir()
    os.rmdir(kept)


def test_a_fault_that_fails_is_a_broken_promise_and_the_others_go_on(
    faults: dict[str, SimpleNamespace], tmp_path: Path
) -> None:
    assert torture.main([], tmp_path) == 1
    found = torture.read(tmp_path)
    assert {name: one["kept"] for name, one in found.items()} == {"bad": 4, "good": 5, "raising": 2}
    assert found["raising"]["wrong"] == [
        {"what": "after 2 tries", "wrong": "RuntimeError: the harness is broken"}
    ]


def test_fewer_tries_are_not_written(faults: dict[str, SimpleNamespace], tmp_path: Path) -> None:
    torture.main(["good"], tmp_path)
    before = (tmp_path / "results.json").read_bytes()
    assert torture.main(["good", "--tries=2", "--seed=9"], tmp_path) == 0
    assert torture.main(["bad", "--tries=2"], tmp_path) == 0, "it is the fourth that breaks"
    assert (tmp_path / "results.json").read_bytes() == before


def test_what_was_found_of_others_stays(faults: dict[str, SimpleNamespace], tmp_path: Path) -> None:
    torture.main(["good"], tmp_path)
    good = torture.read(tmp_path)["good"]
    torture.main(["bad"], tmp_path)
    assert torture.read(tmp_path)["good"] == good
    text = (tmp_path / "README.md").read_text()
    torture.main(["--page"], tmp_path)
    assert (tmp_path / "README.md").read_text() == text


def test_an_exception_in_one_try() -> None:
    def one(case: int) -> Try:
        return Try("divided", "", "", {"quotient": 1 / case})

    found = list(each(one, [("by 1", 1), ("by 0", 0), ("by 2", 2)]))
    assert [one.wrong for one in found] == ["", "ZeroDivisionError: division by zero", ""]
    assert found[1].what == "by 0"
    assert summary(found, Path("/tmp/x"))["worst"] == {"quotient": 1.0}


def test_many_tries_are_counted_by_what_was_broken() -> None:
    tries = [Try("bits: 3", ""), *[Try(f"cut: at {i}", "lost" if i == 7 else "") for i in range(600)]]
    found = summary(tries, Path("/tmp/x"))
    assert found["what"] == {"cut": 600, "bits": 1}
    assert found["wrong"] == [{"what": "cut: at 7", "wrong": "lost"}]
    assert summary(tries[:2], Path("/tmp/x"))["what"] == ["bits: 3", "cut: at 0"]


def test_messages_of_one_kind() -> None:
    assert kind("/tmp/a/b is full at step 1,200: 3.5 MB free") == kind("/x/c is full at step 7: 10 MB free")
    assert kind("a.png cannot be read") != kind("a.png is empty")


def test_moments_and_pictures_are_held_to_their_largest_entry() -> None:
    one = {
        "['params']": np.array([1.0, 0.0]),
        "['optimizer']": np.array([1.0, 0.0]),
        "['memory']": np.array([1.0, 0]),
    }
    assert compare.arrays({name: leaf + 1e-6 for name, leaf in one.items()}, one, 1e-4) == []
    assert compare.arrays({name: leaf + 0.2 for name, leaf in one.items()}, one, 1e-4) == [
        "['params'] differs by 0.2 at most", "['memory'] differs by 0.2 at most"
    ]  # fmt: skip
    assert len(compare.arrays({name: leaf + 0.3 for name, leaf in one.items()}, one, 1e-4)) == 3
    assert len(compare.arrays({name: leaf + 1e-6 for name, leaf in one.items()}, one)) == 3


def test_differences_are_found(tmp_path: Path) -> None:
    """Two ended runs made by hand: a bit of an array, a line lost, a line doubled, another sheet, a lost checkpoint."""
    for name, value in {"whole": 1.0, "same": 1.0, "bit": np.nextafter(np.float32(1), 2)}.items():
        made(tmp_path / name, value, ["5", "10"], b"sheet")
    assert compare.differences(tmp_path / "same", tmp_path / "whole") == []
    [found] = compare.differences(tmp_path / "bit", tmp_path / "whole")
    assert "checkpoint 10: ['a'] differs by 1.19e-07 at most" in found
    assert compare.differences(tmp_path / "bit", tmp_path / "whole", tolerance=1e-6) == []
    made(tmp_path / "lost", 1.0, ["5"], b"sheet")
    made(tmp_path / "doubled", 1.0, ["5", "5", "10"], b"sheet")
    made(tmp_path / "other", 1.0, ["5", "10"], b"another")
    assert compare.differences(tmp_path / "lost", tmp_path / "whole") == [
        "metrics.jsonl has 1 lines, expected 2"
    ]
    assert "metrics.jsonl has 3 lines, expected 2" in compare.differences(
        tmp_path / "doubled", tmp_path / "whole"
    )
    assert compare.differences(tmp_path / "other", tmp_path / "whole") == ["samples/step_0000010.png differs"]
    (tmp_path / "same" / "checkpoints" / "10").rename(tmp_path / "same" / "checkpoints" / "9")
    assert "the last checkpoint of [9] is not 10" in compare.differences(
        tmp_path / "same", tmp_path / "whole"
    )


def made(workdir: Path, value: float, lines: list[str], sheet: bytes) -> None:
    from orbax.checkpoint import v1

    (workdir / "samples").mkdir(parents=True)
    (workdir / "samples" / "step_0000010.png").write_bytes(sheet)
    v1.save(workdir / "checkpoints" / "10", {"a": np.array([value], np.float32)})
    (workdir / "checkpoints" / "10" / "about.json").write_text(json.dumps({"metrics": {"ssim": 0.5}}))
    seconds = iter(range(9))
    text = [json.dumps({"step": int(step), "loss": 0.25, "seconds": next(seconds)}) for step in lines]
    (workdir / "metrics.jsonl").write_text("\n".join(text) + "\n")


def test_the_page_is_that_of_the_results_beside_it(tmp_path: Path) -> None:
    for name in ("results.json", "README.md"):
        if (FOLDER / name).exists():
            (tmp_path / name).write_bytes((FOLDER / name).read_bytes())
    page.write(tmp_path)
    assert (tmp_path / "README.md").read_text() == (FOLDER / "README.md").read_text()


def test_a_fault_that_was_cut_short_is_shown_so() -> None:
    found = {"tries": 10, "kept": 10, "worst": {}, "seconds": 60}
    short, full = (SimpleNamespace(FAULT="a", PROMISE="b", TRIES=tries) for tries in (1000, 10))
    assert page.row(short, found)[2:] == ["10 of 1,000", "10", "", "1.0"]
    assert page.row(full, found)[2] == "10"


def test_every_fault_says_what_it_promises() -> None:
    for name in torture.names():
        fault = torture.load(name)
        assert fault.TRIES > 0
        assert fault.FAULT
        assert fault.PROMISE


def test_a_soak_sees_what_grows_and_not_what_comes_and_goes() -> None:
    seconds = np.arange(20.0)
    early = np.stack(
        [seconds, 100 * seconds, 50 + 0 * seconds, 9 + 0 * seconds, 20 + seconds % 2, seconds / 2], 1
    )
    late = early + np.array([100, 10_000, 3, 0, 0, 50])
    late[:, 4] = 20 + (seconds % 5 != 0)  # the same threads, longer
    assert compared(early, late)["growth of threads"] == 0
    assert compared(early, late)["growth of memory, MB"] == 3
    assert compared(early, late)["% more processor time a round"] == 0
    grown = compared(early, late + np.array([0, 0, 0, 2, 1, 0]))
    assert (grown["growth of handles"], grown["growth of threads"]) == (2, 1)


def halves() -> list:
    """Quick faults in the quick half, as often as their QUICK says; the others, once, among the slow tests."""
    counts = {name: getattr(torture.load(name), "QUICK", 0) for name in torture.names()}
    return [
        pytest.param(name, count or 1, id=name, marks=[] if count else pytest.mark.slow)
        for name, count in counts.items()
    ]


@pytest.mark.parametrize(("name", "count"), halves())
def test_a_fault_once(name: str, count: int) -> None:
    assert signal.getsignal(signal.SIGINT) != signal.SIG_IGN
    found = torture.measure(torture.load(name), count, 0, name)
    assert found["wrong"] == []
    assert found["tries"] >= 1
