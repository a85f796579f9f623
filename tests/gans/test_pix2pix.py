import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.nn import functional

from gan_jax.game import call
from gan_jax.gans import pix2pix

KEY = jax.random.key(3)
RATE = 2e-4
LOSSES = {"discriminator", "adversarial", "l1"}

# By hand: pictures of two pixels, G doubles, and D gives the sum of a pixel of the input and one of the picture.
X, Y = (np.float32(pixels).reshape(1, 1, 2, 1) for pixels in ([0.2, -0.4], [0.5, 0.1]))
FORMULAS = {"G": lambda x, rng=None: 2 * x, "D": lambda pair: pair.sum(axis=-1, keepdims=True)}


def formulas(tiny, **changes):
    sizes = {"batch_size": 1, "data.crop": (1, 2), "data.x_channels": 1, "data.y_channels": 1}
    return pix2pix.game(tiny("pix2pix.py", sizes | {"adversarial": "least_squares", "l1": 100.0} | changes))


def played(game, index, **networks):
    given = {"batch": {"x": X, "y": Y}, "memory": game.memory(), "rng": KEY}
    return call(game.moves[index].loss, FORMULAS | networks | given)


@pytest.mark.parametrize(
    ("direction", "discriminator", "adversarial", "l1"),
    [
        # D(x, y) = (0.7, -0.3), D(x, 2x) = (0.6, -1.2), 2x - y = (-0.1, -0.9)
        ("x2y", ((0.09 + 1.69) / 2 + (0.36 + 1.44) / 2) / 2, (0.16 + 4.84) / 2, (0.1 + 0.9) / 2),
        # D(y, x) = (0.7, -0.3), D(y, 2y) = (1.5, 0.3), 2y - x = (0.8, 0.6)
        ("y2x", ((0.09 + 1.69) / 2 + (2.25 + 0.09) / 2) / 2, (0.25 + 0.49) / 2, (0.8 + 0.6) / 2),
    ],
)
def test_losses_by_hand(tiny, direction, discriminator, adversarial, l1):
    game = formulas(tiny, direction=direction)
    loss, report = played(game, 0)
    np.testing.assert_allclose([loss, report.log["discriminator"]], discriminator, rtol=1e-6)
    loss, report = played(game, 1)
    np.testing.assert_allclose([report.log["adversarial"], report.log["l1"]], [adversarial, l1], rtol=1e-6)
    np.testing.assert_allclose(loss, adversarial + 100 * l1, rtol=1e-6)


def test_a_weight_of_0_leaves_l1_out(tiny):
    loss, report = played(formulas(tiny, l1=0.0), 1)
    assert set(report.log) == {"adversarial"}
    np.testing.assert_allclose(loss, 2.5, rtol=1e-6)


def test_dropout_is_on_in_both_moves_and_off_in_what_is_shown(tiny):
    keys = []

    def keep(x, rng=None):
        keys.append(rng)
        return x

    game = formulas(tiny)
    for index in range(2):
        played(game, index, G=keep)
    call(game.show, {"G": keep, "batch": {"x": X, "y": Y}})
    assert keys[:2] == [KEY, KEY]
    assert keys[2] is None


@pytest.mark.parametrize(("direction", "channels"), [("x2y", [3, 1, 1]), ("y2x", [1, 3, 3])])
def test_shows_the_input_what_is_made_of_it_and_the_truth(tiny, direction, channels):
    changes = {"direction": direction, "data.x_channels": 3, "data.y_channels": 1}
    game = pix2pix.game(tiny("pix2pix.py", changes))
    batch = {"x": jnp.zeros((2, 16, 16, 3)), "y": jnp.zeros((2, 16, 16, 1))}

    def pictures(key):
        params = game.players["G"].init(key)
        return batch | call(game.show, {"G": lambda x: game.players["G"].apply(params, x), "batch": batch})

    shown = jax.eval_shape(pictures, KEY)
    assert [shown[name].shape for name in game.rows[0]] == [(2, 16, 16, count) for count in channels]
    kernels = jax.eval_shape(game.players["D"].init, KEY)["conv_0"]["kernel"]
    assert kernels.shape[2] == 4


class Torch:
    """The training step of the PyTorch implementation: D first, then G judged by the new D."""

    def __init__(self, G, D, l1):
        self.G, self.D, self.l1 = G, D, l1
        self.adams = {net: torch.optim.Adam(net.parameters(), lr=RATE, betas=(0.5, 0.999)) for net in (G, D)}

    def step(self, x, y):
        fake = self.G(x)
        mistaken = bce(self.D(torch.cat([x, fake.detach()], 1)), 0.0)
        doubted = bce(self.D(torch.cat([x, y], 1)), 1.0)
        log = {"discriminator": 0.5 * (mistaken + doubted)}
        self.descend(self.D, log["discriminator"])
        log |= {"adversarial": bce(self.D(torch.cat([x, fake], 1)), 1.0), "l1": functional.l1_loss(fake, y)}
        self.descend(self.G, log["adversarial"] + self.l1 * log["l1"])
        return {name: loss.item() for name, loss in log.items()}

    def descend(self, network, loss):
        self.adams[network].zero_grad()
        loss.backward()
        self.adams[network].step()


def bce(logits, wanted):
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, wanted))


@pytest.mark.parametrize("direction", ["x2y", "y2x"])
def test_three_steps_equal_pytorchs(tiny, draw, begin, play, stated, direction):
    """Losses, and every weight to a hundredth of one step of Adam, 2e-6: rounding errors make less of it.

    Batch norm has no biases in front of it, so no weight is left out.
    """
    networks = {"generator": {"network": "unet", "width": 2, "levels": 5, "norm": "batch", "dropout": 0.0}}
    networks |= {"discriminator": {"network": "patchgan", "width": 2, "layers": 2, "norm": "batch"}}
    sizes = {"batch_size": 4, "data.crop": 32, "data.resize": 32}
    config = tiny("pix2pix.py", {"direction": direction, "decay_fraction": 0.0} | networks | sizes)
    torch.manual_seed(0)
    batch_norm = torch.nn.BatchNorm2d
    G = stated.unet.torch_unet(2, 5, batch_norm, bias=False)
    D = stated.patchgan.torch_patchgan(2, 2, batch_norm, bias=False, channels=6)
    for parameter in [*G.parameters(), *D.parameters()]:
        torch.nn.init.normal_(parameter, std=0.3)

    def weights():
        pairs = {"G": (G, stated.unet.names(5, True)), "D": (D, stated.patchgan.names(2, True))}
        params = {player: stated.parameters(*pair)["params"] for player, pair in pairs.items()}
        return jax.tree.map(np.array, params)

    game, reference, start = pix2pix.game(config), Torch(G, D, 100.0), weights()
    state, rounds = begin(game, start), play(game)
    for step in range(3):
        batch = draw(config, seed=step)
        state, log = rounds(state, batch, KEY)
        pictures = (torch.tensor(batch[name].transpose(0, 3, 1, 2)) for name in direction.split("2"))
        for name, value in reference.step(*pictures).items():
            np.testing.assert_allclose(log[name], value, rtol=1e-5, err_msg=name)
    ours, theirs = jax.device_get(state.params), weights()
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=0, atol=RATE / 100), ours, theirs)
    assert min(jax.tree.leaves(jax.tree.map(lambda a, b: np.abs(a - b).max(), theirs, start))) > RATE / 2
