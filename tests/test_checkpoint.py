import concurrent.futures
import errno
import gc
import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from gan_jax import checkpoint, disk, sharding
from gan_jax.checkpoint import Checkpoints, Damaged, about, best, read, steps
from gan_jax.errors import UserError
from gan_jax.game import State


def make(step: int, width: int = 3, size: int = 5) -> State:
    """A state with everything that one may hold: an optimizer, an average, memory, and nothing here and there."""
    params = {
        "G": {"kernel": jax.random.normal(jax.random.key(step), (size, width)), "bias": jnp.zeros(width)}
    }
    adam = optax.inject_hyperparams(optax.adam)(learning_rate=optax.constant_schedule(0.1 * step))
    memory = {"pool": None, "k": jnp.float32(step / 7), "shown": jnp.full((2, 4, 4, 3), step, jnp.bfloat16)}
    return State(step, params, {"G": adam.init(params["G"])}, {}, memory)


def equal(a: Any, b: Any) -> bool:
    """Of one structure, types and values."""
    leaves = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return jax.tree.structure(a) == jax.tree.structure(b) and all(
        np.asarray(x).dtype == np.asarray(y).dtype and np.array_equal(x, y) for x, y in leaves
    )


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Checkpoints of steps 1, 2 and 3."""
    directory = tmp_path / "checkpoints"
    kept = Checkpoints(directory, keep=3)
    for step in (1, 2, 3):
        kept.save(make(step), {"seconds": 10.0 * step}, {"l1/fake_y": step / 10})
    kept.wait()
    return directory


def test_a_state_comes_back(saved: Path) -> None:
    restored = Checkpoints(saved).restore(make(0))
    assert restored is not None
    assert equal(restored.state, make(3))
    assert type(restored.state.step) is int
    assert (restored.facts["seconds"], restored.facts["metrics"], restored.broken) == (
        30.0,
        {"l1/fake_y": 0.3},
        [],
    )


def test_nothing_there(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path / "none").restore(make(0)) is None
    assert steps(tmp_path / "none") == []
    assert best(tmp_path / "none", "l1/fake_y") is None


def test_it_is_placed_like_the_state_it_replaces(saved: Path) -> None:
    mesh = sharding.mesh(4)
    like = sharding.replicate(mesh, make(0)._replace(step=()))._replace(step=0)
    restored = Checkpoints(saved).restore(like)
    assert restored is not None
    assert {leaf.sharding for leaf in jax.tree.leaves(restored.state.params)} == {sharding.replicated(mesh)}
    assert equal(restored.state, make(3))


def test_training_may_overwrite_what_is_being_saved(tmp_path: Path) -> None:
    spoil = jax.jit(lambda tree: jax.tree.map(lambda leaf: leaf * 0, tree), donate_argnums=0)
    state = make(1, size=20_000)
    kept = Checkpoints(tmp_path)
    kept.save(state, {}, {})
    spoil(state._replace(step=()))
    kept.wait()
    restored = Checkpoints(tmp_path).restore(make(0, size=20_000))
    assert restored is not None
    assert equal(restored.state, make(1, size=20_000))


def test_fixed_players_are_left_out(tmp_path: Path) -> None:
    state = make(1)
    features = {"VGG": {"kernel": jnp.ones((100, 100))}}
    kept = Checkpoints(tmp_path, fixed=["VGG"])
    kept.save(state._replace(params=state.params | features), {}, {})
    kept.wait()
    assert not any("VGG" in name for name in about(tmp_path / "1")["leaves"])
    like = make(0)._replace(params={"VGG": {"kernel": 7 * jnp.ones((100, 100))}, **make(0).params})
    restored = Checkpoints(tmp_path, fixed=["VGG"]).restore(like)
    assert restored is not None
    assert equal(restored.state.params["G"], state.params["G"])
    assert float(restored.state.params["VGG"]["kernel"][0, 0]) == 7.0, "as it was made anew"


@pytest.mark.parametrize(
    ("metric", "scores", "kept"),
    [
        ("", [0.3, 0.1, 0.2, 0.4], [3, 4]),
        ("l1/fake_y", [0.3, 0.1, 0.2, 0.4], [2, 3, 4]),
        ("speck_share/fake_y", [0.1, 0.2, 0.2, 0.4], [1, 3, 4]),
        ("ssim/fake_y", [0.5, 0.1, 0.2, 0.4], [1, 3, 4]),
        ("ssim/fake_y", [0.1, 0.1, 0.2, 0.4], [3, 4]),
        ("ssim/fake_y", [0.5, 0.5, 0.2, 0.4], [2, 3, 4]),
        ("ssim/fake_y", [0.2, float("nan"), None, 0.1], [1, 3, 4]),
    ],
)
def test_the_last_and_the_best_are_kept(
    tmp_path: Path, metric: str, scores: list[float | None], kept: list[int]
) -> None:
    for step, score in enumerate(scores, 1):
        kept_ones = Checkpoints(tmp_path, keep=2, best_metric=metric)  # as if started again each time
        kept_ones.save(make(step), {}, {} if score is None else {metric: score})
        kept_ones.wait()
    assert steps(tmp_path) == kept


def test_the_oldest_goes_only_when_the_newest_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Checkpoints(tmp_path, keep=1)
    kept.save(make(1), {}, {})
    kept.wait()

    def fail(path: Path, *_: Any) -> None:
        path.mkdir()
        (path / "half").write_text("of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.ocp, "save", fail)
    kept.save(make(2), {}, {})
    with pytest.raises(
        UserError, match=r"could not be written in .* \(.*No space left on device\); earlier ones are kept"
    ):
        kept.save(make(3), {}, {})
    assert os.listdir(tmp_path) == ["1"]


def test_a_failure_is_noticed_without_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def fail_late(*_: Any) -> None:
        go_on.wait()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint.ocp, "save", fail_late)
    kept = Checkpoints(tmp_path)
    kept.save(make(1), {}, {})
    kept.check()  # still writing
    go_on.set()
    concurrent.futures.wait([kept._writing])  # type: ignore[list-item]
    with pytest.raises(UserError, match="No space left on device"):
        kept.check()
    kept.check()  # told once
    kept.wait()


def fill(kept: Checkpoints) -> None:
    for step in range(1, 7):
        kept.save(make(step, size=40_000), {}, {})
        kept.wait()


def check_what_is_left(directory: Path) -> None:
    whole = steps(directory)
    assert sorted(os.listdir(directory)) == [str(step) for step in whole] != [], "no half of one is left"
    restored = Checkpoints(directory).restore(make(0, size=40_000))
    assert restored is not None
    assert equal(restored.state, make(whole[-1], size=40_000))


def test_a_full_disk(small_disk: Path) -> None:
    told = r"No space left on device: 1\.4 MB needed, \d\.\d MB free"
    with pytest.raises(UserError, match=told):
        fill(Checkpoints(small_disk / "checkpoints", keep=9))
    check_what_is_left(small_disk / "checkpoints")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Orbax leaves futures behind
def test_a_disk_that_fills_while_orbax_writes(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "make_room", lambda directory, _: directory.mkdir(exist_ok=True))
    with pytest.raises(UserError, match=r"\(No space left on device\)"):
        fill(Checkpoints(small_disk / "checkpoints", keep=9))
    gc.collect()
    check_what_is_left(small_disk / "checkpoints")


def test_what_a_killed_process_had_still_to_delete_goes(saved: Path) -> None:
    shutil.copytree(saved / "1", saved / "4")
    (saved / "4" / "about.json").write_text("{")
    restored = Checkpoints(saved, keep=2).restore(make(0))
    assert restored is not None
    assert restored.state.step == 3, "that of step 4 is damaged, and counts for nothing"
    assert steps(saved) == [2, 3]


def test_what_a_failed_save_still_writes_goes(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads of Orbax outlive its error, and may make the directory anew."""
    late = saved / "4.passing.orbax-checkpoint-tmp"

    def save(*_: object) -> None:
        threading.Timer(0.05, late.mkdir).start()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("gan_jax.checkpoint.ocp.save", save)
    checkpoints = Checkpoints(saved)
    checkpoints.save(make(4), {}, {})
    with pytest.raises(UserError, match="No space left"):
        checkpoints.wait()
    time.sleep(0.1)
    assert sorted(os.listdir(saved)) == ["1", "2", "3"]


def test_what_a_killed_process_left_is_no_checkpoint(saved: Path) -> None:
    for name in ("3.passing.orbax-checkpoint-tmp", "4.passing"):  # while Orbax writes, and just after
        shutil.copytree(saved / "1", saved / name)
    (saved / "3").rename(saved / "3.passing")  # while it is deleted
    assert steps(saved) == [1, 2]
    restored = Checkpoints(saved).restore(make(0))
    assert restored is not None
    assert (restored.state.step, restored.broken) == (2, [])
    assert sorted(os.listdir(saved)) == ["1", "2"]


def largest(path: Path) -> Path:
    return max((file for file in path.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)


def truncate(path: Path) -> None:
    os.truncate(largest(path), largest(path).stat().st_size // 2)


def change_a_byte(path: Path) -> None:
    """In the middle of the numbers: neither Orbax nor TensorStore notices."""
    file = max((file for file in (path / "state").rglob("d/*")), key=lambda file: file.stat().st_size)
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(raw)


def delete_half(path: Path) -> None:
    for file in sorted(file for file in path.rglob("*") if file.is_file())[::2]:
        file.unlink()


def empty(path: Path) -> None:
    shutil.rmtree(path)
    path.mkdir()


def garble_every_file(path: Path) -> None:
    for file in path.rglob("*"):
        if file.is_file():
            file.write_bytes(b"\xff\x00{" * 50)


def change_a_fact(path: Path) -> None:
    """Another number: still JSON, and the best checkpoint would be another."""
    text = (path / "about.json").read_text()
    assert '"l1/fake_y": 0.3' in text
    (path / "about.json").write_text(text.replace('"l1/fake_y": 0.3', '"l1/fake_y": 0.1'))


def rename_a_fact(path: Path) -> None:
    """A name that differs by a bit was told as a checkpoint of another config."""
    text = (path / "about.json").read_text()
    (path / "about.json").write_text(text.replace("kernel", "kernem"))


def other_facts(path: Path) -> None:
    (path / "about.json").write_text("{}")


DAMAGES = [
    *(truncate, change_a_byte, delete_half, empty, garble_every_file),
    *(change_a_fact, rename_a_fact, other_facts),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_set_aside(saved: Path, damage: Callable[[Path], None]) -> None:
    damage(saved / "3")
    restored = Checkpoints(saved).restore(make(0))
    assert restored is not None
    assert equal(restored.state, make(2))
    assert restored.facts["seconds"] == 20.0
    [told] = restored.broken
    assert told.startswith(f"{saved / '3.broken'} (")
    assert steps(saved) == [1, 2]
    assert (saved / "3.broken").is_dir(), "nothing is thrown away"


def test_facts_without_a_sum_of_their_own(saved: Path) -> None:
    """As runs have them that were begun before there was one."""
    path = saved / "3" / "about.json"
    facts = json.loads(path.read_text())
    del facts["crc32"]
    path.write_text(json.dumps(facts, indent=1))
    restored = Checkpoints(saved).restore(make(0))
    assert restored is not None
    assert equal(restored.state, make(3))


def test_every_checkpoint_is_damaged(saved: Path) -> None:
    for step in (1, 2, 3):
        truncate(saved / str(step))
    like = make(0)
    restored = Checkpoints(saved).restore(like)
    assert restored is not None
    assert restored.state is like
    assert restored.facts == {}
    assert [told.split(" ")[0] for told in restored.broken] == [
        str(saved / f"{step}.broken") for step in (3, 2, 1)
    ]
    assert steps(saved) == []


def test_a_checkpoint_of_other_shapes_is_no_damage(saved: Path) -> None:
    expected = (
        r"3 does not fit the config: params\['G'\]\['bias'\] is float32\[3\], expected float32\[4\]; "
        "restore the run's config.json or name another --workdir"
    )
    with pytest.raises(UserError, match=expected):
        Checkpoints(saved).restore(make(0, width=4))
    assert steps(saved) == [1, 2, 3]


def test_a_checkpoint_with_other_names_is_no_damage(saved: Path) -> None:
    like = make(0)
    with pytest.raises(UserError, match=r"memory\['p'\] is not there, expected float32\[\]"):
        Checkpoints(saved).restore(like._replace(memory={"p": jnp.float32(0), **like.memory}))
    with pytest.raises(UserError, match=r"memory\['k'\] is float32\[\], expected nothing of that name"):
        Checkpoints(saved).restore(
            like._replace(memory={name: like.memory[name] for name in ("pool", "shown")})
        )
    assert steps(saved) == [1, 2, 3]


def test_what_may_not_be_read_is_no_damage(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UserError, match=r"3 cannot be read: .*Permission denied"):
        Checkpoints(saved).restore(make(0))
    assert steps(saved) == [1, 2, 3]


def test_orbax_alone_can_read_it(saved: Path) -> None:
    tree = checkpoint.ocp.load(saved / "2")
    np.testing.assert_array_equal(tree["params"]["G"]["kernel"], make(2).params["G"]["kernel"])


def test_reading_changes_nothing(saved: Path) -> None:
    """Another program may look at a run while it goes on."""
    (saved / "4.passing").mkdir()
    truncate(saved / "3")
    like = make(0)._replace(step=np.int32(0))
    state, facts = read(saved / "2", like)
    assert equal(state.params, make(2).params)
    assert facts["seconds"] == 20.0
    with pytest.raises(Damaged):
        read(saved / "3", like)
    assert best(saved, "l1/fake_y") == 1
    assert sorted(os.listdir(saved)) == ["1", "2", "3", "4.passing"]
