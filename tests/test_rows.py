"""Heights that "rows" do not divide, where XLA alone would give wrong gradients; see `test_devices.py` for the rest."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from gan_jax import rows
from gan_jax.layers import Conv, Upsample


class Net(nn.Module):
    """16 rows to 4 and back."""

    @nn.compact
    def __call__(self, x):
        for _ in range(2):
            x = Conv(8, 3, stride=2, pad=1)(x)
        for _ in range(2):
            x = Upsample(8, "resize")(x)
        return x


def test_four_rows_on_eight_devices():
    random = np.random.default_rng(0)
    x = random.normal(size=(2, 16, 16, 3)).astype(np.float32)
    shapes = jax.eval_shape(Net().init, jax.random.key(0), x)
    params = jax.tree.map(lambda p: random.normal(size=p.shape).astype(np.float32), shapes)

    def gradient(count):
        devices = np.array(jax.devices()[:count]).reshape(1, count)
        mesh = Mesh(devices, ("data", "rows"), axis_types=(AxisType.Auto, AxisType.Auto))
        split = NamedSharding(mesh, PartitionSpec("data", "rows"))
        loss = jax.grad(lambda params, x: jnp.mean(jnp.sin(Net().apply(params, x))))
        quick = {"xla_backend_optimization_level": 0}
        with rows.over(mesh):
            return jax.device_get(jax.jit(loss, compiler_options=quick)(params, jax.device_put(x, split)))

    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5), gradient(8), gradient(1)
    )


def test_without_a_mesh_nothing_is_asked_for():
    x = jnp.ones((1, 3, 3, 1))
    assert rows.even(x) is x
