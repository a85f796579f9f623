import shutil
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_jax import networks, stages, tiles
from gan_jax.errors import UserError
from gan_jax.levels import to_float, to_levels

RESNET = {"network": "resnet", "width": 4, "blocks": 1, "norm": "instance", "upsample": "resize"}
QUICK = {"xla_backend_optimization_level": 0}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Tiny programs run in no time without optimisations, and are compiled sooner."""
    monkeypatch.setattr(tiles.compiler, "options", lambda *_: QUICK)


def network(block, channels, out=3):
    module = networks.build(block, channels=out)
    random = np.random.default_rng(0)
    shapes = jax.eval_shape(module.init, jax.random.key(0), jnp.zeros((1, 8, 8, channels)))["params"]
    params = jax.tree.map(lambda leaf: random.normal(0.1, 0.3, leaf.shape).astype(np.float32), shapes)
    return lambda params, x: module.apply({"params": params}, x), params


def picture(*shape):
    """Its parts differ, so that moments of a part are not those of the whole."""
    noise = np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)
    return noise * np.linspace(0.1, 1, shape[0], dtype=np.float32).reshape(-1, 1, 1)


def whole(apply, params, x):
    return np.asarray(jax.jit(apply, compiler_options=QUICK)(params, x[None])[0])


@pytest.mark.parametrize(
    ("block", "shape", "tile"),
    [
        (RESNET, (61, 45, 3), 16),  # neither side is a multiple of 4
        ({**RESNET, "norm": "batch", "upsample": "deconv"}, (64, 16, 1), 20),
        ({"network": "unet", "width": 2, "levels": 5, "norm": "batch"}, (352, 40, 2), 32),
    ],
    ids=["resnet", "batch norm", "unet"],
)
def test_equals_the_untiled_output(block, shape, tile):
    apply, params = network(block, shape[-1])
    x = picture(*shape)
    plan = stages.plan(apply, params, shape)
    most = max(len(list(tiles.windows(plan, tile, stage.reach))) for stage in plan.stages)
    assert most >= 4
    np.testing.assert_allclose(
        tiles.translate(apply, params, x, tile), whole(apply, params, x), rtol=0, atol=1e-4
    )


def test_levels_come_back_as_levels():
    block = {**RESNET, "norm": "none", "blocks": 0}
    apply, params = network(block, 3, out=1)
    x = np.random.default_rng(0).integers(0, 2**16, (20, 9, 3), np.uint16)
    shares = []
    made = tiles.translate(apply, params, x, 8, shares.append)
    expected = to_levels(whole(apply, params, to_float(x)), 16)
    assert (made.shape, made.dtype) == ((20, 9, 1), np.uint16)
    assert np.abs(made.astype(int) - expected).max() <= 1
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_equals_the_untiled_output_where_the_blocks_are_a_loop():
    """As wide and large as the fast form of its convolutions asks for: its loop would have no cuts."""
    apply, params = network({**RESNET, "width": 16}, 3)
    x = picture(160, 128, 3)
    np.testing.assert_allclose(
        tiles.translate(apply, params, x, 120), whole(apply, params, x), rtol=0, atol=1e-4
    )


def test_every_layer_belongs_to_one_stage():
    """Cuts: in, down 0, down 1, in the block (3, 4), behind it (5), up 0, up 1, output (8)."""
    apply, params = network(RESNET, 3)
    plan = stages.plan(apply, params, (61, 45, 3))
    assert [stage.needs for stage in plan.stages] == [(), (0,), (1,), (2,), (3,), (2, 4), (6,), (7,)]
    assert [stage.makes for stage in plan.stages] == [(0,), (1,), (2,), (3,), (4,), (5, 6), (7,), (8,)]
    # size - 1 pixels of 1, 1, 2, 4, 4, 2 (doubled before it), 1 and 1 pixels of the picture.
    assert [stage.reach for stage in plan.stages] == [6, 2, 4, 8, 8, 4, 2, 6]
    assert (plan.size, plan.multiple) == ((64, 48), 4)
    assert plan.shapes[2] == (16, 12, 16)


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 50),
    st.integers(0, 30),
    st.sampled_from([1, 4, 32]),
)
def test_cores_cover_the_picture_once_and_lie_within_reach(height, width, tile, reach, multiple):
    plan = stages.Plan((), (), (height * multiple, width * multiple), multiple)
    covered = np.zeros(plan.size, int)
    shapes = set()
    for (top, bottom, left, right), (up, down, west, east) in tiles.windows(plan, tile, reach):
        covered[up:down, west:east] += 1
        shapes.add((bottom - top, right - left))
        assert top == 0 or top <= up - reach
        assert bottom == plan.size[0] or bottom >= down + reach
        assert left == 0 or left <= west - reach
        assert right == plan.size[1] or right >= east + reach
        assert {side % multiple for side in (top, bottom, left, right)} == {0}
    assert (covered == 1).all()
    assert len(shapes) == 1


def test_moments_are_added_up_exactly_where_the_mean_is_large():
    values = np.random.default_rng(0).normal([1000, -3], [1, 5], (30, 8, 2))
    total = tiles.Moments()
    for part, columns in ((values[:11], slice(0, 8)), (values[11:], slice(0, 3)), (values[11:], slice(3, 8))):
        part = part[:, columns]
        squares = np.square(part - part.mean(1, keepdims=True)).sum(1)
        total = total.add(part.mean(1), squares, part.shape[1])
    mean, variance = total.result()
    np.testing.assert_allclose(mean, values.mean((0, 1)), rtol=1e-6)
    np.testing.assert_allclose(variance, values.var((0, 1)), rtol=1e-6)


def test_a_disk_that_is_too_small_is_told_before_any_work(monkeypatch):
    apply, params = network(RESNET, 3)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10_000))
    monkeypatch.setattr(tiles, "_program", None)
    # At the most 4 channels at full and 8 at half size, float32: 2000 * 2000 * (4 + 8 / 4) * 4 bytes.
    with pytest.raises(UserError, match=r"needs 0\.1 GB of files there, and 0\.0 GB are free: .*TMPDIR"):
        tiles.translate(apply, params, picture(2000, 2000, 3), 16)


def test_layers_that_do_not_divide_the_picture_are_refused():
    apply, params = network({"network": "patchgan", "width": 2, "layers": 1}, 3)
    with pytest.raises(UserError, match="30 x 30 pixels in pieces"):
        stages.plan(apply, params, (30, 30, 3))
