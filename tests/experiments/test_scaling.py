"""The arithmetic of the pages about cost: fits, communication, and predictions worked out by hand."""

import json
import re
from pathlib import Path

import pytest

from experiments.scaling import measure, page

HERE = Path(page.__file__).parent


def test_the_exponent_of_a_power() -> None:
    assert page.exponent([(x, 3 * x**1.5) for x in (1, 2, 8)]) == pytest.approx(1.5)


def test_an_all_reduce_on_rings() -> None:
    """8 chips, 80 bytes, 10 bytes/s: 2 * 7/8 * 80 / 10. 16 in two parts: and 2 * 1/2 * (80 / 8) / 2 between them."""
    assert page.reduced_in(80, 8, 10, 8, 2) == pytest.approx(14)
    assert page.reduced_in(80, 16, 10, 8, 2) == pytest.approx(14 + 5)


def test_efficiency() -> None:
    """14 s of sending beside 42 s of work at 30 % of the peak: 0.75 one after another, 1 at once; and 7 s: 0.5."""
    chip = (10, 10, 8, 2)
    assert page.efficiency(42 * 0.3 * 10, 80, 8, chip) == pytest.approx((0.75, 1))
    assert page.efficiency(7 * 0.3 * 10, 80, 8, chip) == pytest.approx((1 / 3, 0.5))


def test_what_a_program_sends() -> None:
    program = """
      %all-reduce.1 = (f32[3,3]{1,0}, bf16[4]{0}) all-reduce(%a, %b), channel_id=1
      ROOT %x = f32[] all-reduce(%c), replica_groups={}
      %p = f32[2,5]{1,0} collective-permute(%d), source_target_pairs={{0,1}}
      %start = f32[8]{0} all-gather-start(%e)
      %sum = f32[9]{0} add(%all-reduce.1, %p)
    """
    assert measure.counted(program) == {
        "all-reduce": {"count": 2, "bytes": 36 + 8 + 4},
        "collective-permute": {"count": 1, "bytes": 40},
        "all-gather": {"count": 1, "bytes": 32},
    }


def test_the_page_is_what_the_results_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = json.loads((HERE / "results.json").read_text())
    (tmp_path / "README.md").write_text((HERE / "README.md").read_text())
    monkeypatch.setattr(page, "HERE", tmp_path)
    page.write(results)
    assert (tmp_path / "README.md").read_text() == (HERE / "README.md").read_text()


def test_nothing_is_measured_twice() -> None:
    results = json.loads((HERE / "results.json").read_text())
    keys = [json.dumps((one["kind"], one["case"]), sort_keys=True) for one in results]
    assert len(keys) == len(set(keys))
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", one["when"]) for one in results)
