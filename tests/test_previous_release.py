"""Runs of an earlier release are read, and go on."""

import hashlib
import json
import tarfile
from pathlib import Path

import jax
import numpy as np
import pytest
from ml_collections import ConfigDict

import gan_jax
from gan_jax import checkpoint, engine, evaluate, game, rules, run, settings, trained
from gan_jax.checkpoint import Checkpoints
from gan_jax.errors import UserError
from gan_jax.train import train

ROOT = Path(__file__).parents[1]
EARLIER = Path(__file__).parent / "previous_release"
KEYS = json.loads((EARLIER / "keys.json").read_text())
# Of the names and bytes of all leaves, sorted by name, as the earlier code left them.
DIGEST = "6822ab4af331fe554a017a7c53ed79a2613e6e9ea914cb26c73fa1e6d49fb2a6"
STEP = 37


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    with tarfile.open(EARLIER / "cyclegan.tar.xz") as tar:
        tar.extractall(tmp_path / "run", filter="data")
    return tmp_path / "run"


def repeated(workdir: Path) -> ConfigDict:
    """What the same flags make of today's config file."""
    config = settings.load(str(ROOT / "configs" / "cyclegan.py")).copy_and_resolve_references()
    config.update_from_flattened_dict(settings.leaves(json.loads((workdir / "config.json").read_text())))
    return config.lock()


def test_not_a_bit_of_its_state_is_lost(earlier: Path) -> None:
    config = trained.config(earlier)
    like = game.init(engine.made(config), jax.random.key(1))
    restored = Checkpoints(earlier / "checkpoints").restore(like)
    assert restored is not None
    assert (restored.state.step, restored.broken, restored.facts["batches"]) == (STEP, [], STEP)
    state = restored.state._replace(step=np.array(STEP, np.int32))._asdict()
    leaves = {
        jax.tree_util.keystr(path): np.asarray(leaf)
        for path, leaf in jax.tree_util.tree_leaves_with_path(dictionaries(state))
    }
    digest = hashlib.sha256()
    for name in sorted(leaves):
        digest.update(name.encode() + leaves[name].tobytes())
    assert (len(leaves), digest.hexdigest()) == (195, DIGEST)


def dictionaries(tree: object) -> object:
    """As Orbax keeps them: named tuples by the names of their fields."""
    if hasattr(tree, "_asdict"):
        tree = tree._asdict()
    if isinstance(tree, dict):
        return {name: dictionaries(inner) for name, inner in tree.items()}
    return [dictionaries(inner) for inner in tree] if isinstance(tree, (list, tuple)) else tree


def test_it_goes_on_under_the_same_flags(earlier: Path, capfd: pytest.CaptureFixture) -> None:
    before = [json.loads(line) for line in (earlier / "metrics.jsonl").read_text().splitlines()]
    assert train(repeated(earlier), earlier) == 0
    err = capfd.readouterr().err
    assert f"going on from step {STEP}" in err
    assert "config changed" not in err
    after = [json.loads(line) for line in (earlier / "metrics.jsonl").read_text().splitlines()]
    assert (
        [line["step"] for line in after]
        == [line["step"] for line in before]
        == [0, *range(5, 21, 5), 20, 25, 30, 35, 40, 40]
    )
    losses = [
        {k: v for k, v in lines[-2].items() if k not in ("seconds", "images/s")} for lines in (before, after)
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.02), "XLA's sums may come in another order by now"
    assert checkpoint.steps(earlier / "checkpoints") == [STEP, 40]
    assert json.loads((earlier / "config.json").read_text())["evaluate_features"] == "pixels"


def test_another_config_is_still_refused(earlier: Path) -> None:
    other = repeated(earlier).copy_and_resolve_references()
    other.evaluate_features = "none"
    with pytest.raises(UserError, match=r'with another config \(evaluate_features: "pixels" -> "none"\)'):
        run.changes(earlier, other)


def test_other_commands_read_it(earlier: Path, tmp_path: Path) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    drawing = gan_jax.load(earlier).translate(photo)
    assert drawing.shape == (16, 16, 3)
    assert evaluate.main([f"--workdir={earlier}", "--features=pixels", "--lpips=none", "--hidden=0"]) == 0
    assert json.loads((earlier / "evaluation.json").read_text())
    before = (earlier / "config.json").read_bytes()
    assert settings.load(str(earlier / "config.json")).max_hours == 0.0, "and its config can be repeated"
    assert (earlier / "config.json").read_bytes() == before


@pytest.mark.parametrize("name", KEYS)
def test_keys_that_came_later_are_known_as_such(name: str) -> None:
    """Or runs of before would be refused: see `settings.LATER`."""
    config = settings.load(str(ROOT / "configs" / name))
    later = settings.LATER[""] | settings.LATER.get(config.gan, {})
    now = set(settings.leaves(config))
    assert now - set(KEYS[name].split()) <= set(later) | set(settings.HOW)
    rules.validate(settings.complete(ConfigDict({"gan": config.gan})))


def test_what_is_absent_counts_as_what_was_done_before() -> None:
    config = settings.complete(ConfigDict({"gan": "cyclegan", "init_from": "runs/other"}))
    assert (config.init_from, config.cycle_noise, config.tensorboard) == ("runs/other", 0.0, False)
    assert "cycle_noise" not in settings.complete(ConfigDict({"gan": "gan"}))
