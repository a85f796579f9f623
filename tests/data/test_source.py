import pytest

from gan_jax import data
from gan_jax.errors import UserError


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"crop": 16}, r"config.data.crop=16: expected at most config.data.resize=12"),
        ({"resize": (12, 4)}, r"config.data.crop=8: expected at most config.data.resize=\(12, 4\)"),
        ({"crop": 0}, r"config.data.crop=0: expected pixels"),
        ({"resize": -1}, r"config.data.resize=-1"),
        ({"resize": (1, 2, 3)}, r"config.data.resize=\(1, 2, 3\)"),
        ({"resize": 1.5}, r"config.data.resize=1.5"),
        ({"crop": True}, r"config.data.crop=True"),
        ({"x_channels": 0}, r"config.data.x_channels=0: expected a whole number of at least 1"),
        ({"y_channels": "3"}, r"config.data.y_channels='3'"),
        ({"bits": 12}, r"config.data.bits=12: expected 8 or 16"),
        ({"workers": -1}, r"config.data.workers=-1"),
        ({"test_pictures": -1}, r"config.data.test_pictures=-1"),
    ],
)
def test_impossible_values_are_named(config, odd, message):
    with pytest.raises(UserError, match=message):
        data.source(config(**odd).data)


def test_sources_can_be_opened_again_and_again(config):
    for _ in range(2):
        assert data.source(config().data).name == "the built-in monuments"


def test_describe_is_a_short_block(config):
    text = data.describe(data.source(config().data))
    assert text.splitlines()[0] == (
        "the built-in monuments: 45 + 45 pictures to train on, 12 + 12 to test on (true pairs)"
    )
    assert len(text.splitlines()) <= 6


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_depth_and_channel_count_reaches_the_batch(config, bits, channels):
    c = config(bits=bits, x_channels=channels, y_channels=1, batch_size=2)
    found = data.source(c.data)
    batch = next(data.batches(found, c))
    assert batch["x"].shape == (2, 8, 8, channels)
    assert batch["y"].shape == (2, 8, 8, 1)
    assert found.train.x[0].dtype.itemsize * 8 == bits
    assert -1 <= batch["x"].min() < batch["x"].max() <= 1
