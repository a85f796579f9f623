import json
from pathlib import Path

import jax
import pytest

import gan_jax
from gan_jax import starts
from gan_jax.errors import UserError


def test_a_line_for_each_start(tmp_path: Path) -> None:
    starts.note(tmp_path, 0)
    starts.note(tmp_path, 500)
    lines = [json.loads(line) for line in (tmp_path / "starts.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [0, 500]
    assert lines[0]["jax"] == jax.__version__
    assert lines[0]["gan_jax"] == gan_jax.__version__
    assert lines[0]["devices"] == 8, "the tests simulate as many"
    starts.note(tmp_path, 0)
    assert len((tmp_path / "starts.jsonl").read_text().splitlines()) == 1, "begun anew"


def test_a_disk_that_takes_nothing(tmp_path: Path) -> None:
    (tmp_path / "starts.jsonl").mkdir()
    with pytest.raises(UserError, match=r"starts\.jsonl could not be written"):
        starts.note(tmp_path, 0)
