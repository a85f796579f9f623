"""Each monitor provoked through the loop, by a generator that can do nothing else; and a healthy run beside them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict
from PIL import Image

from gan_jax import engine, optimizers, settings
from gan_jax.checkpoint import steps
from gan_jax.errors import UserError
from gan_jax.game import Game, Move, Player, Report
from gan_jax.metrics.score import shown
from gan_jax.train import Training, train

ROOT = Path(__file__).parents[2]
COUNT, SIDE = 8, 16


def scene(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (4, 4, 3), np.uint8).repeat(4, axis=0).repeat(4, axis=1)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("scenes")
    rng = np.random.default_rng(0)
    for part in ("trainA", "trainB", "testA", "testB"):
        (root / part).mkdir()
        for i in range(COUNT):
            Image.fromarray(scene(rng)).save(root / part / f"{i}.png")
    return root


def game(make: Callable[..., Any], discriminate: float = 0.3) -> Callable[[ConfigDict], Game]:
    """G(x) is `make` with a parameter that training hardly moves; D gives fakes `1 - discriminate / 0.3`."""

    def of(config: ConfigDict) -> Game:
        def generator(G: Any, batch: Any, step: Any) -> tuple[Any, Report]:
            loss = jnp.mean(G(batch["x"]) ** 2)
            won = jnp.where(step < 400, discriminate, 0.3)
            log = {"adversarial/G": 1.0 - won, "discriminator/y": won}
            return loss, Report(log)

        player = Player(
            lambda key: {"small": jnp.zeros((1, 1, 1, 1))},
            lambda params, x: make(x) + 0 * params["small"],
            optimizers.adam(1e-6, 0.5),
        )
        return Game(
            players={"G": player},
            moves=(Move("generator", ("G",), generator),),
            show=lambda G, batch: {"fake_y": G(batch["x"])},
            rows=(("x", "fake_y", "y"),),
            translate={"x2y": "G"},
        )

    return of


@pytest.fixture
def run(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[dict[str, Any]]]:
    """Train with such a generator; the warnings in metrics.jsonl."""

    def play(of: Callable[[ConfigDict], Game], **changes: Any) -> list[dict[str, Any]]:
        module = ModuleType("gan_jax.gans.provoked")
        module.game = of  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "gan_jax.gans.provoked", module)
        config = settings.load(str(ROOT / "configs" / "cyclegan.py")).copy_and_resolve_references()
        small = {"gan": "provoked", "data.root": str(pictures), "data.resize": SIDE, "data.crop": SIDE}
        often = {"log_every": 10, "sample_every": 2, "evaluate_every": 4, "checkpoint_every": 6, "steps": 6}
        config.update_from_flattened_dict(small | often | changes)
        assert train(config.lock(), tmp_path / "run") == 0
        return warnings(tmp_path / "run")

    return play


def warnings(workdir: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (workdir / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if "warning" in line]


def mixed(x: Any) -> Any:
    """Each picture mixed from its own parts: neither its input nor like another one."""
    return 0.6 * jnp.flip(jnp.swapaxes(x, 1, 2), axis=-1) + 0.3 * x


def test_a_healthy_run_is_silent(run: Callable[..., Any], capfd: pytest.CaptureFixture) -> None:
    assert run(game(mixed)) == []
    assert "warning" not in capfd.readouterr().err


def read(folder: Path) -> Any:
    files = [np.asarray(Image.open(file)) for file in sorted(folder.iterdir())]
    return jnp.asarray(np.stack(files) / 127.5 - 1, jnp.float32)


def copying(root: Path) -> Callable[[Any], Any]:
    """The i-th picture trained on for the i-th test picture."""
    asked, known = read(root / "testA"), read(root / "trainB")
    return lambda x: known[jnp.argmin(jnp.abs(x[:, None] - asked[None]).sum((2, 3, 4)), axis=1)]


@pytest.mark.parametrize(
    ("monitor", "make"),
    [
        ("outputs_collapse", lambda root: lambda x: jnp.tanh(jnp.mean(x, (1, 2, 3), keepdims=True) * 1e-3) + 0 * x),
        ("output_equals_input", lambda root: lambda x: x),
        ("colours_inverted", lambda root: lambda x: -x),
        ("copies_training", copying),
    ],
    ids=["collapse", "identity", "inversion", "copies"],
)  # fmt: skip
def test_provoked(
    run: Callable[..., Any],
    pictures: Path,
    capfd: pytest.CaptureFixture,
    monitor: str,
    make: Callable[[Path], Callable[[Any], Any]],
) -> None:
    found = run(game(make(pictures)))
    assert [(line["warning"], line["subject"], line["step"]) for line in found] == [(monitor, "fake_y", 4)]
    assert found[0]["passed"] is False
    told = [line for line in capfd.readouterr().err.splitlines() if line.startswith("warning at step 4: ")]
    assert told == [f"warning at step 4: {found[0]['message']}; {found[0]['advice']}"]


def test_a_discriminator_that_has_won_and_then_has_not(run: Callable[..., Any]) -> None:
    rare = {"sample_every": 0, "evaluate_every": 0, "log_every": 300, "checkpoint_every": 1000}
    found = run(game(mixed, discriminate=0.002), steps=700, **rare)
    assert [(line["warning"], line["subject"], line["passed"]) for line in found] == [
        ("discriminator_saturated", "discriminator/y", False),
        ("discriminator_saturated", "discriminator/y", True),
    ]
    assert found[0]["step"] == 200
    assert 400 < found[1]["step"] < 500


def test_what_is_not_finite_is_the_last_thing_in_the_metrics(run: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="became nan"):
        run(game(lambda x: x * jnp.nan))
    [line] = warnings(tmp_path / "run")
    assert (line["warning"], line["passed"], line["value"]) == ("not_finite", False, None)


def drifting(config: ConfigDict) -> Game:
    """What G makes becomes lighter with every round, and so less like the pictures of y."""

    def generator(G: Any, batch: Any) -> tuple[Any, Report]:
        return jnp.mean((G(batch["x"]) - 3) ** 2), Report()

    player = Player(
        lambda key: {"shift": jnp.zeros((1, 1, 1, 1))},
        lambda params, x: mixed(x) + params["shift"],
        optimizers.adam(0.1, 0.5),
    )
    return Game(
        players={"G": player},
        moves=(Move("generator", ("G",), generator),),
        show=lambda G, batch: {"fake_y": G(batch["x"])},
        rows=(("x", "fake_y"), ("y",)),
    )


def test_a_metric_of_sets_chooses_the_best_checkpoint(
    run: Callable[..., Any], tmp_path: Path, capfd: pytest.CaptureFixture
) -> None:
    rare = {"sample_every": 0, "evaluate_every": 0, "checkpoint_every": 2, "keep": 1}
    run(drifting, best_metric="kid/fake_y", **rare)
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    kid = {line["step"]: line["test/kid/fake_y"] for line in lines if "test/kid/fake_y" in line}
    assert list(kid) == [2, 4, 6], "checkpoints are judged where nothing else is"
    assert kid[2] < kid[4] < kid[6]
    assert sorted(path.name for path in (tmp_path / "run" / "checkpoints").iterdir()) == ["2", "6"]
    told = f"kid/fake_y: best {kid[2]:.4f} at step 2, last {shown(kid[6])} at step 6\n"
    assert told in capfd.readouterr().err


def test_an_unknown_metric_is_told_with_those_of_sets(run: Callable[..., Any]) -> None:
    with pytest.raises(UserError, match=r"'fid': expected one of .*frechet/fake_y, .*kid/fake_y"):
        run(drifting, best_metric="fid")
    with pytest.raises(UserError, match=r"'kid/fake_y': expected one of chroma/fake_y, "):
        run(drifting, best_metric="kid/fake_y", evaluate_features="none")


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize(("checkpoint_every", "last"), [(3, 5), (2, 7)], ids=["wrong once", "told"])
def test_a_run_that_was_killed_tells_the_same(
    run: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    checkpoint_every: int,
    last: int,
) -> None:
    """It goes on from step 3, after one wrong look, or from step 6, after it was told."""
    plain = Training._after

    def die(self: Training, ended: range, logs: Any) -> None:
        plain(self, ended, logs)
        if ended[-1] == last:
            raise Killed

    rare = {"evaluate_every": 0, "steps": 10, "checkpoint_every": checkpoint_every}
    with monkeypatch.context() as patch:
        patch.setattr(Training, "_after", die)
        patch.setattr(engine, "AT_ONCE", 1)
        with pytest.raises(Killed):
            run(game(lambda x: -x), **rare)
    assert max(steps(tmp_path / "run" / "checkpoints")) == (3 if last == 5 else 6)
    found = run(game(lambda x: -x), **rare)
    assert [(line["warning"], line["step"]) for line in found] == [("colours_inverted", 4)]


def test_the_page_tells_it_too(run: Callable[..., Any], tmp_path: Path) -> None:
    [line] = run(game(lambda x: -x))
    page = (tmp_path / "run" / "report.html").read_text()
    assert line["message"] in page
    assert "colours inverted" in page
