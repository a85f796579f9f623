"""The proofs: what they name exists, their pages say what was measured, and a measured number is not measured again."""

import json
from pathlib import Path

import pytest

from experiments import pages, proof
from gan_jax import settings

HERE = Path(proof.__file__).parent
NAMES = sorted(path.parent.name for path in HERE.glob("*/proof.py"))


@pytest.mark.parametrize("name", NAMES)
def test_its_configs_exist_and_its_changes_fit(name):
    for file, changes in proof.load(name).runs.values():
        config = settings.load(file).copy_and_resolve_references()
        settings.vary(config, "run", {"run": changes})


@pytest.mark.parametrize("name", NAMES)
def test_its_page_says_what_results_json_says(name, tmp_path):
    for file in HERE.glob(f"{name}/*"):
        if file.is_file():
            (tmp_path / file.name).write_bytes(file.read_bytes())
    before = (tmp_path / "README.md").read_text()
    pages.write(tmp_path, name, proof.load(name), proof.read(name))
    assert (tmp_path / "README.md").read_text() == before


def test_the_table_of_all_is_what_the_results_say(tmp_path):
    (tmp_path / "README.md").write_bytes((HERE / "README.md").read_bytes())
    pages.write_table(tmp_path, {name: (proof.load(name), proof.read(name)) for name in NAMES})
    assert (tmp_path / "README.md").read_text() == (HERE / "README.md").read_text()


def counted(calls):
    def direct(seed):
        calls.append(seed)
        return {"error": seed + 0.5}

    return proof.Proof(
        paper="A 2020, arXiv 0000.00000",
        claim="c",
        published="none",
        runs={},
        measure=lambda run: {},
        verdict=lambda found: ("reproduced", f"errors {found['direct']['error']}"),
        headline="error",
        seeds=(0, 1),
        direct=direct,
    )


def test_what_is_known_is_not_measured_again(tmp_path, monkeypatch):
    calls = []
    (tmp_path / "tiny").mkdir()
    monkeypatch.setattr(proof, "HERE", tmp_path)
    for again in (False, False, True):
        proof.measure("tiny", counted(calls), (0, 1), tmp_path, again)
    assert calls == [0, 1, 0, 1]
    measured = json.loads((tmp_path / "tiny" / "results.json").read_text())["measured"]
    assert measured["direct"]["1"]["numbers"] == {"error": 1.5}


def test_a_page_has_the_verdict_mean_and_spread_and_keeps_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(proof, "HERE", tmp_path)
    (tmp_path / "tiny").mkdir()
    proof.measure("tiny", counted([]), (0, 1), tmp_path, False)
    page = tmp_path / "tiny" / "README.md"
    page.write_text(f"# Tiny\n\nbefore\n{pages.START}\nold\n{pages.END}\nbehind\n")
    pages.write(tmp_path / "tiny", "tiny", counted([]), proof.read("tiny"))
    text = page.read_text()
    assert "old" not in text
    assert text.startswith("# Tiny\n\nbefore\n")
    assert text.endswith("\nbehind\n")
    assert "**reproduced**. errors [0.5, 1.5]" in text
    assert "1 ± 0.707" in text  # (0.5 + 1.5) / 2, sqrt(0.5)


def test_a_proof_is_not_judged_before_all_was_measured():
    half = {"machine": {}, "measured": {}}
    assert pages.judged(counted([]), half)[0] == "not measured yet"
