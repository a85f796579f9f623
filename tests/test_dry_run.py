"""What a run would take, told before it is made."""

from pathlib import Path

import jax.numpy as jnp
import optax
import pytest
from ml_collections import ConfigDict

from gan_jax import dry_run, engine, main, settings
from gan_jax.game import Game, Move, Player, Report
from gan_jax.when import every

N = 64


def config(**changes) -> ConfigDict:
    values = {
        "gan": "matrices",
        "steps": 10,
        "batch_size": 8,
        "data": {"crop": 4, "x_channels": 3, "y_channels": 3},
    }
    return settings.complete(ConfigDict(values | changes))


@pytest.fixture(autouse=True)
def matrices(monkeypatch):
    """A game whose cost is known: A is N x N, its loss one product with 8 vectors of N; B is a number."""
    multiply = Player(lambda key: jnp.ones((N, N)), lambda w, x: x @ w, optax.sgd(1.0))
    number = Player(lambda key: jnp.ones(()), lambda w, x: w * x, optax.sgd(1.0))

    def game_(config):
        def loss(A, batch):
            x = jnp.broadcast_to(batch["x"].reshape(config.batch_size, -1)[:, :1], (config.batch_size, N))
            return jnp.mean(A(x)), Report()

        moves = (
            Move("a", ("A",), loss),
            Move("b", ("B",), lambda B: (B(1.0), Report()), when=every(5)),
        )
        return Game({"A": multiply, "B": number}, moves)

    plain = engine.import_module
    fake = type("matrices", (), {"game": staticmethod(game_)})
    monkeypatch.setattr(
        engine, "import_module", lambda name: fake if name.endswith("matrices") else plain(name)
    )


def test_the_kinds_of_rounds():
    played = engine.made(config())
    assert dry_run.kinds(played, 10) == [frozenset("ab"), frozenset("a")]
    assert dry_run.kinds(played, 1) == [frozenset("ab")]


def test_the_work_of_a_product():
    """x @ w and its gradient x' g: 2 * 2 * 8 * N^2 operations, and one for each entry of w in the step."""
    found = dry_run.cost(config(), frozenset("a"), engine.mesh(config()))
    assert 4 * 8 * N**2 <= found.flops <= 4 * 8 * N**2 + 10 * N**2
    assert found.held >= 4 * N**2
    assert found.moves == ("a",)


def test_slices_and_remat_do_not_change_the_work():
    plain, other = (
        dry_run.cost(one, frozenset("a"), engine.mesh(one)).flops
        for one in (config(), config(accumulate=2, remat=True))
    )
    assert plain == other


def test_it_tells_players_rounds_and_bytes():
    lines = dry_run.tell(config()).splitlines()
    assert lines[0].startswith("matrices: batch 8 on 8 of 8 devices (")
    assert [line.split()[:2] for line in lines[1:4]] == [["A", "4,096"], ["B", "1"], ["all", "4,097"]]
    assert lines[4].startswith("a round of a, b: ")
    assert lines[5].startswith("a round of a: ")
    assert all(" GFLOP, peak " in line and " a device (" in line for line in lines[4:6])


@pytest.mark.parametrize(
    ("size", "said"), [(512, "512 bytes"), (2048, "2 KiB"), (3 * 2**20, "3 MiB"), (1.25 * 2**30, "1.25 GiB")]
)
def test_amounts(size, said):
    assert dry_run.amount(size) == said


def test_as_typed(tmp_path, capsys, monkeypatch):
    """It exits with 0, makes no directory, and reads no data: there is none."""
    monkeypatch.setattr(engine.compiler, "options", lambda *_: {"xla_backend_optimization_level": 0})
    workdir = tmp_path / "run"
    tiny = "--config.generator.width=2 --config.generator.blocks=1 --config.discriminator.width=2"
    tiny += " --config.data.resize=16 --config.data.crop=16 --config.data.root=/nowhere"
    typed = ["--config.dry_run=true", f"--workdir={workdir}", *tiny.split()]
    file = Path(__file__).parents[1] / "configs" / "pix2pix.py"
    assert main.main([f"--config={file}", *typed]) == 0
    said = capsys.readouterr().out
    assert "  D " in said
    assert "a round of discriminator, generator: " in said
    assert not workdir.exists()


def test_accumulate_must_divide_the_batch(capsys):
    assert main.main(["--config.batch_size=6", "--config.accumulate=4", "--config.dry_run=true"]) == 2
    assert capsys.readouterr().err == (
        "gan_jax: config.accumulate=4: expected a divisor of config.batch_size=6\n"
    )


def test_rows_must_divide_the_height(capsys):
    typed = ["--config.rows=8", "--config.data.crop=60", "--config.dry_run=true"]
    assert main.main(typed) == 2
    assert capsys.readouterr().err == (
        "gan_jax: config.rows=8: expected a divisor of the height of the pictures, 60\n"
    )
