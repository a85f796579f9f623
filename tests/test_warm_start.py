from importlib import import_module
from pathlib import Path

import jax
import numpy as np
import pytest
from ml_collections import ConfigDict

from gan_jax import checkpoint, game, run, settings, warm_start
from gan_jax.errors import UserError

ROOT = Path(__file__).parents[1]
TINY = {
    **{"data.resize": 16, "data.crop": 16, "steps": 4, "pool_size": 2},
    **{"generator.width": 2, "generator.blocks": 1, "discriminator.width": 2, "discriminator.layers": 1},
}


def tiny(file: str = "cyclegan.py", **changes) -> ConfigDict:
    config = settings.load(str(ROOT / "configs" / file)).copy_and_resolve_references()
    with config.unlocked(), config.ignore_type():
        for key, value in (TINY | changes).items():
            block, name = settings.locate(config, key)
            if name in block or key in changes:
                block[name] = value
    return config.lock()


def fresh(config: ConfigDict) -> game.State:
    played = import_module(f"gan_jax.gans.{config.gan}").game(config)
    return game.init(played, jax.random.key(config.seed))


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A run at step 7 whose averages are the parameters plus 1, and its state."""
    workdir = tmp_path_factory.mktemp("earlier")
    config = tiny(seed=1)
    state = fresh(config)._replace(step=7)
    state = state._replace(average=jax.tree.map(lambda leaf: leaf + 1, state.average))
    checkpoints = checkpoint.Checkpoints(workdir / "checkpoints")
    checkpoints.save(state, {}, {})
    checkpoints.wait()
    run.remember(workdir, config)
    return workdir, state


def same(tree, other) -> None:
    jax.tree.map(np.testing.assert_array_equal, tree, other)


def test_all_players_begin_as_they_were_averaged_ones_where_there_are(earlier):
    workdir, there = earlier
    config, lines = tiny(init_from=str(workdir)), []
    drawn = fresh(config)
    begun = warm_start.begin(config, drawn, lines.append)
    for name in ("G", "F"):
        same(begun.params[name], there.average[name])
        same(begun.average[name], there.average[name])
    for name in ("D_x", "D_y"):
        same(begun.params[name], there.params[name])
    same(begun.optimizer, drawn.optimizer)
    assert (begun.step, lines) == (0, [f"D_x, D_y, F, G begin as {workdir} has them at step 7"])
    buffers = [leaf.unsafe_buffer_pointer() for leaf in jax.tree.leaves((begun.params, begun.average))]
    assert len(set(buffers)) == len(buffers), "donation needs every buffer once"


def test_without_init_from_nothing_changes(earlier):
    state = fresh(tiny())
    assert warm_start.begin(tiny(), state, pytest.fail) is state


def test_other_channels_leave_the_rest(earlier):
    workdir, there = earlier
    config, lines = tiny(init_from=str(workdir), identity=0.0, **{"data.y_channels": 1}), []
    begun = warm_start.begin(config, fresh(config), lines.append)
    assert begun.params["G"]["conv_out"]["kernel"].shape == (7, 7, 2, 1)
    same(begun.params["G"]["conv_in"], there.average["G"]["conv_in"])
    assert [line.split(" is ")[0] for line in lines[:-1]] == [
        f"a part of {name}" for name in ("D_y", "F", "G")
    ]
    expected = "does not fit: conv_out/bias is 1, there 3; conv_out/kernel is 7x7x2x1, there 7x7x2x3"
    assert lines[2].endswith(expected)
    assert lines[-1].startswith("D_x, D_y, F, G begin")


def test_a_player_of_another_size_is_drawn_anew(earlier):
    workdir, there = earlier
    config, lines = tiny(init_from=str(workdir), **{"discriminator.width": 3}), []
    drawn = fresh(config)
    begun = warm_start.begin(config, drawn, lines.append)
    same(begun.params["D_x"], drawn.params["D_x"])
    same(begun.params["G"], there.average["G"])
    assert lines[0].startswith("D_x is drawn anew, since it does not fit: conv_0/bias is 3, there 2")
    assert lines[0].endswith("more")
    assert lines[-1] == f"F, G begin as {workdir} has them at step 7"


def test_another_game_takes_what_it_knows(earlier):
    workdir, there = earlier
    config, lines = tiny("pix2pix.py", init_from=str(workdir)), []
    begun = warm_start.begin(config, fresh(config), lines.append)
    same(begun.params["G"], there.average["G"])
    assert lines[0] == "D is drawn anew, since it does not fit: it is not there"


def test_nothing_to_begin_with(earlier, tmp_path):
    workdir, _ = earlier
    config = tiny(init_from=str(workdir), **{"generator.width": 3, "discriminator.width": 3})
    with pytest.raises(UserError, match="has no network that fits"):
        warm_start.begin(config, fresh(config), print)
    with pytest.raises(UserError, match="holds no run that can be read"):
        warm_start.begin(tiny(init_from=str(tmp_path)), fresh(tiny()), print)
    run.remember(tmp_path, tiny())
    with pytest.raises(UserError, match="has no checkpoint that can be read"):
        warm_start.begin(tiny(init_from=str(tmp_path)), fresh(tiny()), print)
    assert sorted(path.name for path in workdir.iterdir()) == ["checkpoints", "config.json"], (
        "it is only read"
    )
