"""The loop, mostly on a game so small that it is compiled in a moment."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict
from PIL import Image

from gan_jax import data, flags, optimizers, pool, run, settings, viewer
from gan_jax import train as loop
from gan_jax.checkpoint import about, steps
from gan_jax.data.shapes import batch_shapes
from gan_jax.errors import UserError
from gan_jax.game import Game, Move, Player, Report
from gan_jax.play import Play
from gan_jax.train import train

ROOT = Path(__file__).parents[1]
WALL_CLOCK = ("seconds", "images/s")


def toy(config: ConfigDict) -> Game:
    """G scales and shifts, D is a scalar product; with noise, a pool, an average, and a player that never learns."""
    shape = batch_shapes(config)[0]

    def init(key: jax.Array) -> dict[str, jax.Array]:
        return {"scale": 1 + 0.1 * jax.random.normal(key, (1, 1, 1, 3)), "shift": jnp.zeros((1, 1, 1, 3))}

    def apply(params: dict[str, jax.Array], x: jax.Array) -> jax.Array:
        return params["scale"] * x + params["shift"]

    def generator(
        G: Any, D: Any, V: Any, batch: Any, memory: Any, rng: jax.Array
    ) -> tuple[jax.Array, Report]:
        noise, swap = jax.random.split(rng)
        fake = G(batch["x"]) + 0.1 * jax.random.normal(noise, shape)
        past, shown = pool.show(memory["pool"], fake, swap)
        likeness = jnp.mean((V(fake) - V(batch["y"])) ** 2) + 0.1 * jnp.mean((fake - memory["made"]) ** 2)
        adversarial = jnp.mean((D(fake) - 1) ** 2)
        return adversarial + likeness, Report(
            {"adversarial": adversarial, "likeness": likeness}, {"pool": past, "shown": shown, "made": fake}
        )

    def discriminator(D: Any, batch: Any, memory: Any) -> tuple[jax.Array, Report]:
        return jnp.mean((D(batch["y"]) - 1) ** 2) + jnp.mean(D(memory["shown"]) ** 2), Report()

    adam = optimizers.adam(optimizers.schedule(config), config.beta1)
    return Game(
        players={
            "G": Player(init, apply, adam, average=config.average),
            "D": Player(init, lambda p, x: jnp.mean(apply(p, x), axis=(1, 2, 3)), adam),
            "V": Player(init, apply),
        },
        moves=(Move("generator", ("G",), generator), Move("discriminator", ("D",), discriminator)),
        memory=lambda: {
            "pool": pool.empty(config.pool_size, *shape[1:]),
            "shown": jnp.zeros(shape),
            "made": jnp.zeros(shape),
        },
        show=lambda G, batch: {"fake_y": G(batch["x"])},
        rows=(("x", "fake_y", "y"),),
    )


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for part, count in {"trainA": 5, "trainB": 4, "testA": 3, "testB": 2}.items():
        (root / part).mkdir()
        for i in range(count):
            Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)).save(root / part / f"{part}{i}.png")
    return root


@pytest.fixture(scope="session", autouse=True)
def toy_gan() -> Iterator[None]:
    module = ModuleType("gan_jax.gans.toy")
    module.game = toy  # type: ignore[attr-defined]
    sys.modules["gan_jax.gans.toy"] = module
    yield
    del sys.modules["gan_jax.gans.toy"]


@pytest.fixture(scope="session")
def config(pictures: Path) -> Callable[..., ConfigDict]:
    plain = settings.load(str(ROOT / "configs" / "cyclegan.py"))

    def make(**changes: Any) -> ConfigDict:
        made = plain.copy_and_resolve_references()
        small = {"gan": "toy", "data.root": str(pictures), "data.resize": 16, "data.crop": 8, "pool_size": 3}
        often = {"log_every": 5, "sample_every": 10, "evaluate_every": 10, "checkpoint_every": 10}
        fit = {"steps": 20, "average": 0.9, "sample_pictures": 2}
        made.update_from_flattened_dict(
            small | often | fit | {k.replace("__", "."): v for k, v in changes.items()}
        )
        return made.lock()

    return make


@pytest.fixture(scope="session")
def finished(config: Callable[..., ConfigDict], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 20 steps that nothing disturbed."""
    workdir = tmp_path_factory.mktemp("finished") / "run"
    assert train(config(), workdir) == 0
    return workdir


def state(workdir: Path, step: int) -> dict[str, np.ndarray]:
    """Every array in a checkpoint, by name, read without gan_jax."""
    from orbax.checkpoint import v1

    tree = v1.load(workdir / "checkpoints" / str(step))
    return {
        jax.tree_util.keystr(path): np.asarray(leaf)
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def metrics(workdir: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl but for what a clock decides."""
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if name not in WALL_CLOCK} for line in lines]


def at_batch(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[dict], dict]) -> None:
    """Let something happen to batch `number` of the run (counted from 0)."""
    plain = data.batches

    def batches(*args: Any, start: int = 0, **kwargs: Any) -> Iterator[dict]:
        for i, batch in enumerate(plain(*args, start=start, **kwargs), start):
            yield act(batch) if i == number else batch

    monkeypatch.setattr(data, "batches", batches)


class Killed(BaseException):
    """Stands for the end of the process: no code of the loop catches it."""


def kill(batch: dict) -> dict:
    raise Killed


def test_what_a_run_leaves(finished: Path, config: Callable[..., ConfigDict]) -> None:
    assert sorted(path.name for path in finished.iterdir()) == [
        ".lock",
        "checkpoints",
        "config.json",
        "metrics.jsonl",
        "report.html",
        "samples",
        "starts.jsonl",
    ]
    assert settings.from_json((finished / "config.json").read_text()) == config()
    assert steps(finished / "checkpoints") == [10, 20]
    names = sorted(path.name for path in (finished / "samples").iterdir())
    assert names == ["step_0000000.png", "step_0000010.png", "step_0000020.png"]


def test_every_line_of_the_metrics(finished: Path) -> None:
    lines = [json.loads(line) for line in (finished / "metrics.jsonl").read_text().splitlines()]
    training = {
        *("step", "seconds", "images/s", "adversarial", "likeness", "learning_rate/G", "learning_rate/D"),
        *("loss/generator", "loss/discriminator", "gradient/generator", "gradient/discriminator"),
    }
    # 16 pixels are enough for SSIM, which needs the true picture: these pictures are no pairs.
    looking = {"step"} | {
        f"test/{name}/fake_y" for name in ("ink_share", "speck_share", "grey_share", "chroma")
    }
    assert [(line["step"], set(line)) for line in lines] == [
        *[
            (0, looking),
            (5, training),
            (10, training),
            (10, looking),
            (15, training),
            (20, training),
            (20, looking),
        ]
    ]
    seconds = [line["seconds"] for line in lines if "seconds" in line]
    assert seconds == sorted(seconds)
    assert all(line["images/s"] > 0 for line in lines if "images/s" in line)


def test_the_first_sheet_shows_the_test_pictures(finished: Path, pictures: Path) -> None:
    sheet = np.asarray(Image.open(finished / "samples" / "step_0000000.png"))
    first = np.asarray(Image.open(pictures / "testA" / "testA0.png"))
    # 16 pixels are shown as 192, below a line of labels.
    corner = [sheet[22:, 4:][6 + 12 * row, 6 + 12 * column] for row in range(16) for column in range(16)]
    np.testing.assert_array_equal(np.reshape(corner, (16, 16, 3)), first)


def test_one_seed_is_one_run_and_another_is_another(
    finished: Path, config: Callable[..., ConfigDict], tmp_path: Path
) -> None:
    assert train(config(), tmp_path / "again") == 0
    assert same(state(finished, 20), state(tmp_path / "again", 20))
    assert metrics(finished) == metrics(tmp_path / "again")
    assert train(config(seed=1), tmp_path / "other") == 0
    assert not same(state(finished, 20), state(tmp_path / "other", 20))


@pytest.mark.parametrize("pool_size", [3, 0])
def test_killed_and_started_again(
    config: Callable[..., ConfigDict],
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pool_size: int,
) -> None:
    uninterrupted = finished if pool_size == 3 else tmp_path / "uninterrupted"
    assert pool_size == 3 or train(config(pool_size=0), uninterrupted) == 0
    workdir = tmp_path / "run"
    with monkeypatch.context() as patch:
        at_batch(patch, 17, kill)  # two rounds after a line of the log, seven after a checkpoint
        with pytest.raises(Killed):
            train(config(pool_size=pool_size), workdir)
    assert steps(workdir / "checkpoints") == [10]
    assert metrics(workdir)[-1]["step"] == 15
    assert train(config(pool_size=pool_size), workdir) == 0
    assert same(state(uninterrupted, 20), state(workdir, 20))
    assert metrics(uninterrupted) == metrics(workdir)


def test_killed_before_the_first_checkpoint(
    config: Callable[..., ConfigDict], finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        at_batch(patch, 7, kill)
        with pytest.raises(Killed):
            train(config(), tmp_path)
    assert train(config(), tmp_path) == 0
    assert same(state(finished, 20), state(tmp_path, 20))
    assert metrics(finished) == metrics(tmp_path)


def test_longer_than_first_meant(
    config: Callable[..., ConfigDict], tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    assert train(config(decay_fraction=0.0, steps=10), tmp_path / "run") == 0
    assert train(config(decay_fraction=0.0, steps=20, keep=1), tmp_path / "run") == 0
    err = capfd.readouterr().err
    assert "config changed since the last start: steps: 10 -> 20\n" in err
    assert "config changed since the last start: keep: 3 -> 1\n" in err
    assert json.loads((tmp_path / "run" / "config.json").read_text())["steps"] == 20
    assert train(config(decay_fraction=0.0, steps=20), tmp_path / "whole") == 0
    assert same(state(tmp_path / "whole", 20), state(tmp_path / "run", 20))
    assert metrics(tmp_path / "whole") == metrics(tmp_path / "run")
    assert steps(tmp_path / "run" / "checkpoints") == [20]


def test_a_finished_run_is_left_as_it_is(
    finished: Path, config: Callable[..., ConfigDict], tmp_path: Path
) -> None:
    workdir = shutil.copytree(finished, tmp_path / "run")
    assert train(config(), workdir) == 0
    assert (workdir / "metrics.jsonl").read_text() == (finished / "metrics.jsonl").read_text()
    assert steps(workdir / "checkpoints") == [10, 20]


def test_another_config_is_refused(finished: Path, config: Callable[..., ConfigDict]) -> None:
    before = (finished / "metrics.jsonl").read_bytes()
    with pytest.raises(
        UserError, match=r"holds a run with another config \(beta1: 0.5 -> 0.9; data.crop: 8 -> 12\)"
    ):
        train(config(beta1=0.9, data__crop=12), finished)
    assert (finished / "metrics.jsonl").read_bytes() == before


def test_a_config_that_cannot_be_played_does_not_claim_the_directory(
    config: Callable[..., ConfigDict], tmp_path: Path
) -> None:
    with pytest.raises(
        UserError, match=r"config\.best_metric is 'ssim/back_y': expected one of chroma/fake_y, "
    ):
        train(config(best_metric="ssim/back_y"), tmp_path)
    assert not (tmp_path / "config.json").exists()


@pytest.mark.parametrize(
    ("number", "name"), [(signal.SIGINT, "SIGINT"), (signal.SIGTERM, "SIGTERM")], ids=["int", "term"]
)
def test_a_signal_saves_and_stops(
    finished: Path,
    config: Callable[..., ConfigDict],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture,
    number: int,
    name: str,
) -> None:
    def send(batch: dict) -> dict:
        os.kill(os.getpid(), number)
        return batch

    with monkeypatch.context() as patch:
        at_batch(patch, 13, send)
        assert train(config(), tmp_path) == 128 + number
    [stopped] = [step for step in steps(tmp_path / "checkpoints") if step != 10]
    assert 10 < stopped < 20
    err = capfd.readouterr().err
    assert f"{name}: stopping" in err
    assert f"stopped and saved at step {stopped}" in err
    assert train(config(), tmp_path) == 0
    assert same(state(finished, 20), state(tmp_path, 20))
    assert metrics(finished) == metrics(tmp_path)


@pytest.mark.parametrize("place", ["source", "test_pictures", "batches"])
def test_a_signal_before_the_first_round(
    config: Callable[..., ConfigDict],
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture,
    place: str,
) -> None:
    plain = getattr(data, place)

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return plain(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(data, place, interrupted)
        assert train(config(), tmp_path) == 130
    assert "SIGINT: stopping" in capfd.readouterr().err
    assert train(config(), tmp_path) == 0
    assert same(state(finished, 20), state(tmp_path, 20))
    assert metrics(finished) == metrics(tmp_path)


def test_a_loss_that_is_no_number(
    config: Callable[..., ConfigDict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_batch(monkeypatch, 12, lambda batch: batch | {"x": batch["x"] * np.nan})
    with pytest.raises(
        UserError, match=r"^adversarial became nan at step 13: .* checkpoint of step 7 is kept"
    ):
        train(config(log_every=20, checkpoint_every=7), tmp_path)  # noticed before that of step 14 is saved
    assert steps(tmp_path / "checkpoints") == [7]
    assert all(np.isfinite(leaf).all() for leaf in state(tmp_path, 7).values())


@pytest.mark.parametrize("checkpoint_every", [1, 2, 20])
def test_divergence_is_never_saved(
    config: Callable[..., ConfigDict], tmp_path: Path, checkpoint_every: int
) -> None:
    with pytest.raises(UserError, match=r"became (nan|inf) at step \d+: training stopped"):
        train(config(learning_rate=1e30, checkpoint_every=checkpoint_every), tmp_path)
    for step in steps(tmp_path / "checkpoints"):
        assert all(np.isfinite(leaf).all() for leaf in state(tmp_path, step).values())


def test_parameters_that_are_no_numbers_are_not_saved(
    config: Callable[..., ConfigDict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The losses of a round are those before its steps: the last steps may have gone wrong all the same."""
    plain = Play.several

    def spoiling(self: Play, *given: Any) -> Any:
        state, logs = plain(self, *given)
        if state.step == 20:
            state.params["G"]["shift"] = state.params["G"]["shift"] * jnp.inf
        return state, logs

    monkeypatch.setattr(Play, "several", spoiling)
    with pytest.raises(UserError, match=r"became (nan|inf) at step 20.*step 10 is kept"):
        train(config(sample_every=0, evaluate_every=0), tmp_path)
    assert steps(tmp_path / "checkpoints") == [10]


def test_too_little_memory(
    config: Callable[..., ConfigDict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 123 bytes.")

    monkeypatch.setattr(Play, "several", refuse)
    with pytest.raises(
        UserError, match=r"too little memory: add --config\.remat=true, or --config\.accumulate=2"
    ):
        train(config(), tmp_path)


def test_the_pictures_are_gone(
    config: Callable[..., ConfigDict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(batch: dict) -> dict:
        raise UserError("no picture can be read any more")

    at_batch(monkeypatch, 15, gone)
    with pytest.raises(UserError, match="no picture"):
        train(config(), tmp_path)
    assert steps(tmp_path / "checkpoints") == [10, 14], "what was learned is kept; a batch waits ahead"


def truncate(workdir: Path, *steps: int) -> None:
    for step in steps:
        for file in (workdir / "checkpoints" / str(step)).rglob("*"):
            if file.is_file():
                os.truncate(file, file.stat().st_size // 2)


def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(
    finished: Path, config: Callable[..., ConfigDict], tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    workdir = shutil.copytree(finished, tmp_path / "run")
    truncate(workdir, 20)
    assert train(config(), workdir) == 0
    err = capfd.readouterr().err
    assert f"could not be read and was set aside: {workdir}/checkpoints/20.broken" in err
    assert "going on from step 10" in err
    assert same(state(finished, 20), state(workdir, 20))
    assert metrics(finished) == metrics(workdir)


def test_when_every_checkpoint_is_damaged_the_run_begins_anew(
    finished: Path, config: Callable[..., ConfigDict], tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    workdir = shutil.copytree(finished, tmp_path / "run")
    truncate(workdir, 10, 20)
    assert train(config(), workdir) == 0
    err = capfd.readouterr().err
    assert "20.broken" in err
    assert "10.broken" in err
    assert f"no checkpoint in {workdir} can be read: the run begins anew\n" in err
    assert same(state(finished, 20), state(workdir, 20))
    assert metrics(finished) == metrics(workdir)
    assert (workdir / "metrics.jsonl.broken").read_text() == (finished / "metrics.jsonl").read_text()


def test_a_checkpoint_that_does_not_fit_is_no_damage(
    finished: Path, config: Callable[..., ConfigDict], tmp_path: Path
) -> None:
    workdir = shutil.copytree(finished, tmp_path / "run")
    other = config(pool_size=4)
    run.remember(workdir, other)
    with pytest.raises(
        UserError, match=r"20 does not fit the config: memory\['pool'\].images is float32\[3,8,8,3\]"
    ):
        train(other, workdir)
    assert steps(workdir / "checkpoints") == [10, 20]


def test_a_full_disk_stops_the_run_and_the_next_start_goes_on(
    finished: Path, config: Callable[..., ConfigDict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = shutil.disk_usage
    full = False

    def fill(batch: dict) -> dict:
        nonlocal full
        end = time.monotonic() + 60
        while 10 not in steps(tmp_path / "checkpoints") and time.monotonic() < end:
            time.sleep(0.01)  # it is written in the background
        full = True
        return batch

    with monkeypatch.context() as patch:
        patch.setattr(
            shutil, "disk_usage", lambda path: plain(path)._replace(free=1000) if full else plain(path)
        )
        at_batch(patch, 15, fill)
        with pytest.raises(
            UserError, match=r"could not be written .*No space left on device: .* earlier ones are kept"
        ):
            train(config(), tmp_path)
    assert steps(tmp_path / "checkpoints") == [10]
    assert train(config(), tmp_path) == 0
    assert same(state(finished, 20), state(tmp_path, 20))
    assert metrics(finished) == metrics(tmp_path)


def test_the_best_is_kept_beside_the_last(
    config: Callable[..., ConfigDict],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture,
) -> None:
    # Looks: one to learn the names, the first pictures, then steps 2, 4, ... 10.
    chroma = iter([0.0, 0.0, 0.5, 0.2, 0.3, 0.1, 0.4])
    monkeypatch.setattr(viewer, "judge", lambda *_: {"chroma/fake_y": next(chroma)})
    often = {"steps": 10, "checkpoint_every": 2, "evaluate_every": 6, "keep": 1}
    assert train(config(best_metric="chroma/fake_y", **often), tmp_path) == 0
    assert next(chroma, None) is None, "there is a look at every checkpoint, and no step is looked at twice"
    assert steps(tmp_path / "checkpoints") == [8, 10]
    assert "chroma/fake_y: best 0.1000 at step 8, last 0.4000 at step 10\n" in capfd.readouterr().err
    looks = [line for line in metrics(tmp_path) if "test/chroma/fake_y" in line]
    assert [(line["step"], line["test/chroma/fake_y"]) for line in looks] == [
        *[(0, 0.0), (2, 0.5), (4, 0.2), (6, 0.3), (8, 0.1), (10, 0.4)]
    ]


def test_metrics_belong_to_their_own_step(
    config: Callable[..., ConfigDict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer, "judge", lambda *_: {"chroma/fake_y": 1.0})
    assert train(config(steps=4, checkpoint_every=1, evaluate_every=3, keep=9), tmp_path) == 0
    saved = {
        step: about(tmp_path / "checkpoints" / str(step))["metrics"]
        for step in steps(tmp_path / "checkpoints")
    }
    assert saved == {1: {}, 2: {}, 3: {"chroma/fake_y": 1.0}, 4: {"chroma/fake_y": 1.0}}


def test_fixed_players_are_made_again_and_not_saved(finished: Path) -> None:
    params = [name for name in state(finished, 20) if name.startswith("['params']")]
    assert {name.split("'")[3] for name in params} == {"G", "D"}


def test_only_the_first_round_is_compiled(
    config: Callable[..., ConfigDict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **_: (
            compiled.append(event) if event.endswith("jaxpr_to_mlir_module_duration") else None
        )
    )
    counts = {}
    plain = loop.Training._after

    def after(self: Any, steps: range, logs: Any) -> None:
        counts.update(dict.fromkeys(steps, len(compiled)))
        plain(self, steps, logs)
        counts[steps[-1]] = len(compiled)

    monkeypatch.setattr(loop.Training, "_after", after)
    for first in (0, 20):
        counts.clear()
        compiled.clear()
        assert train(config(steps=first + 20, batch_size=4, decay_fraction=0.0), tmp_path) == 0
        assert counts[first + 1] > 0
        assert counts[first + 9] == counts[first + 1], "one program for all rounds, fresh or restored"
        assert counts[first + 20] == counts[first + 10], "pictures, metrics and checkpoints: nothing new"
        assert first or counts[20] == counts[1], "and the first pictures were shown before the first round"


def test_the_first_round_is_compiled_beside_what_comes_before_it(
    config: Callable[..., ConfigDict], tmp_path: Path
) -> None:
    """Once, in a thread of its own; the loop takes what that made."""
    threads: list[bool] = []

    def heard(event: str, seconds: float, **about: Any) -> None:
        if event.endswith("backend_compile_duration") and "_round" in str(about.get("fun_name")):
            threads.append(threading.current_thread() is threading.main_thread())

    jax.monitoring.register_event_duration_secs_listener(heard)
    for end in (20, 40):  # a run that begins, and one that goes on
        threads.clear()
        assert train(config(steps=end), tmp_path) == 0
        assert threads == [False]


def test_what_fails_while_it_is_compiled_is_told_by_the_round(
    config: Callable[..., ConfigDict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bool] = []

    def refuse(*_: Any, **__: Any) -> None:
        tried.append(threading.current_thread() is threading.main_thread())
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 123 bytes.")

    monkeypatch.setattr(Play, "_at", refuse)
    with pytest.raises(UserError, match="too little memory"):
        train(config(), tmp_path)
    assert tried == [False, True]


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the loop have only so many devices."""
    plain = jax.devices

    def have(count: int) -> None:
        monkeypatch.setattr(jax, "devices", lambda *kind: plain(*kind)[:count])

    return have


def alike(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.allclose(a[name], b[name], rtol=1e-3, atol=1e-5) for name in a)


def test_one_device_equals_four_and_eight(
    config: Callable[..., ConfigDict], tmp_path: Path, devices: Callable[[int], None]
) -> None:
    eights = config(batch_size=8, steps=10)
    for count in (1, 4, 8):
        devices(count)
        assert train(eights, tmp_path / str(count)) == 0
    one, four, eight = (state(tmp_path / str(count), 10) for count in (1, 4, 8))
    assert alike(one, four)
    assert alike(one, eight)


def test_going_on_with_other_devices(
    config: Callable[..., ConfigDict],
    tmp_path: Path,
    devices: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def eights() -> ConfigDict:
        return config(batch_size=8, steps=15, decay_fraction=0.0)

    assert train(eights(), tmp_path / "eight") == 0
    with monkeypatch.context() as patch:
        at_batch(patch, 12, kill)
        with pytest.raises(Killed):
            train(eights(), tmp_path / "run")
    devices(2)
    assert train(eights(), tmp_path / "run") == 0
    assert alike(state(tmp_path / "run", 15), state(tmp_path / "eight", 15))
    assert [line["step"] for line in metrics(tmp_path / "run")] == [0, 5, 10, 10, 15, 15]


def test_it_says_what_it_does(
    config: Callable[..., ConfigDict], tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    assert train(config(steps=3), tmp_path) == 0
    lines = capfd.readouterr().err.splitlines()
    assert "5 + 4 pictures to train on" in lines[0]
    said = [line for line in lines if not line.startswith("  ")][1:]
    assert said[:2] == ["compiling the networks ...", "compiling the first step ..."]
    assert said[2].startswith("step 1/3  adversarial ")
    assert said[-1] == f"done: 3 steps, everything is in {tmp_path}"


def test_tensorboard(config: Callable[..., ConfigDict], tmp_path: Path) -> None:
    from tensorboardX.proto.event_pb2 import Event

    assert train(config(tensorboard=True), tmp_path) == 0
    [file] = (tmp_path / "tensorboard").iterdir()
    raw, events = file.read_bytes(), []
    while raw:  # a record is its length, a checksum, the event, a checksum
        length = int.from_bytes(raw[:8], "little")
        events.append(Event.FromString(raw[12 : 12 + length]))
        raw = raw[16 + length :]
    found = {(value.tag, event.step): value for event in events for value in event.summary.value}
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        for name, value in line.items():
            if name != "step":
                assert found[name, line["step"]].simple_value == pytest.approx(value)
    assert {step for name, step in found if name == "samples"} == {0, 10, 20}


def test_tensorboard_is_not_installed(
    config: Callable[..., ConfigDict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(
        UserError, match=r"needs tensorboardX: pip install -e '\.\[tensorboard\]', or set --config"
    ):
        train(config(tensorboard=True), tmp_path)


def test_beginning_with_what_another_run_has_learned(
    finished: Path, config: Callable[..., ConfigDict], tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    still = {"learning_rate": 1e-12, "init_from": str(finished)}
    assert train(config(steps=1, **still), tmp_path) == 0
    assert f"D, G begin as {finished} has them at step 20\n" in capfd.readouterr().err
    learned, begun = state(finished, 20), state(tmp_path, 1)
    assert np.allclose(begun["['params']['D']['scale']"], learned["['params']['D']['scale']"])
    assert np.allclose(begun["['params']['G']['scale']"], learned["['average']['G']['scale']"])
    assert train(config(steps=2, **still), tmp_path) == 0
    assert "begin as" not in capfd.readouterr().err


def test_epochs_in_place_of_steps(config: Callable[..., ConfigDict], tmp_path: Path) -> None:
    assert train(config(steps=0, epochs=2, batch_size=2), tmp_path) == 0
    assert steps(tmp_path / "checkpoints") == [6], "two epochs of five pictures, two at a time"
    assert run.changes(tmp_path, settings.from_json((tmp_path / "config.json").read_text())) == []


# Ends itself without a word as soon as there is a first file of the checkpoint of step 30.
DYING = """
import os, signal, sys, threading, time
from gan_jax import checkpoint, main

plain = checkpoint.ocp.save

def save(path, *rest):
    def die():
        while not any(file.is_file() for file in path.parent.glob("30.passing*/**/*")):
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGKILL)

    if path.name.startswith("30"):
        threading.Thread(target=die, daemon=True).start()
    plain(path, *rest)
    if path.name.startswith("30"):
        time.sleep(60)

checkpoint.ocp.save = save
sys.exit(main.main())
"""


def test_as_typed_killed_while_it_writes_a_checkpoint(pictures: Path, tmp_path: Path) -> None:
    """CycleGAN from the command line: what a user sees, and that not a bit of the result differs."""
    typed = [
        f"--config=configs/cyclegan.py --config.data.root={pictures} --config.steps=40 --config.pool_size=3"
    ]
    typed += [
        "--config.checkpoint_every=10 --config.log_every=5 --config.evaluate_every=20 --config.sample_every=20"
    ]
    typed += [
        "--config.data.resize=16 --config.data.crop=16 --config.generator.width=1 --config.generator.blocks=1"
    ]
    typed += ["--config.discriminator.width=1 --config.discriminator.layers=1 --config.average=0.9"]
    flagged = " ".join(typed).split()
    uninterrupted = flags.parse([*flagged, f"--workdir={tmp_path / 'whole'}"])
    assert train(uninterrupted.config, uninterrupted.workdir) == 0

    workdir = tmp_path / "run"
    command = [*flagged, f"--workdir={workdir}"]
    dying = subprocess.run([sys.executable, "-c", DYING, *command], cwd=ROOT, capture_output=True)
    assert dying.returncode == -signal.SIGKILL
    assert steps(workdir / "checkpoints") == [10, 20]
    assert list((workdir / "checkpoints").glob("30.passing*"))

    again = subprocess.run(
        [sys.executable, "-m", "gan_jax.main", *command], cwd=ROOT, capture_output=True, text=True
    )
    assert (again.returncode, again.stdout) == (0, "")
    said = [line for line in again.stderr.splitlines() if not line.startswith("  ")]
    assert said[0].endswith("5 + 4 pictures to train on, 3 + 2 to test on")
    assert said[1:4] == [
        "compiling the networks ...",
        f"going on from step 20 in {workdir}",
        "compiling the first step ...",
    ]
    assert all(line.startswith("step ") for line in said[4:-1]), "no words of others"
    assert said[-1] == f"done: 40 steps, everything is in {workdir}"
    assert same(state(tmp_path / "whole", 40), state(workdir, 40))
    assert {name.split("'")[1] for name in state(workdir, 40)} == {
        "step",
        "params",
        "optimizer",
        "average",
        "memory",
    }
    assert metrics(tmp_path / "whole") == metrics(workdir)
    assert sorted(os.listdir(workdir / "samples")) == [f"step_{step:07d}.png" for step in (0, 20, 40)]
    assert sorted(os.listdir(workdir / "checkpoints")) == ["20", "30", "40"]
