import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flax import traverse_util
from torch.nn import functional

from gan_jax import pool
from gan_jax.errors import UserError
from gan_jax.game import Game, Report, call
from gan_jax.gans import cyclegan

KEY = jax.random.key(3)
RATE = 2e-4
LOSSES = {
    *("adversarial/G", "adversarial/F", "cycle/x", "cycle/y", "identity/G", "identity/F"),
    *("discriminator/x", "discriminator/y"),
}


# By hand: pictures of two pixels, and networks that are formulas.
X, Y = (jnp.array(pixels).reshape(1, 1, 2, 1) for pixels in ([0.2, -0.4], [0.5, 0.1]))
FORMULAS = {
    "G": lambda x, rng=None: 2 * x,
    "F": lambda y, rng=None: y - 0.3,
    "D_x": lambda x: -x,
    "D_y": lambda y: y,
}


def formulas(tiny, **changes) -> Game:
    sizes = {"batch_size": 1, "data.crop": (1, 2), "data.x_channels": 1, "data.y_channels": 1}
    return cyclegan.game(
        tiny("cyclegan.py", sizes | {"cycle_x": 10.0, "cycle_y": 4.0, "identity": 0.5} | changes)
    )


def played(game, index, rng=KEY, memory=None, **networks) -> tuple[float, Report]:
    given = {"batch": {"x": X, "y": Y}, "memory": memory or game.memory(), "rng": rng}
    return call(game.moves[index].loss, FORMULAS | networks | given)


def test_the_generators_losses_by_hand(tiny):
    """fake_y = (0.4, -0.8) and fake_x = (0.2, -0.2); F(fake_y) = (0.1, -1.1), G(fake_x) = (0.4, -0.4),

    G(y) = (1, 0.2), F(x) = (-0.1, -0.7).
    """
    game = formulas(tiny)
    loss, report = played(game, 0)
    expected = {
        "adversarial/G": (0.6**2 + 1.8**2) / 2,
        "adversarial/F": (1.2**2 + 0.8**2) / 2,
        "cycle/x": (0.1 + 0.7) / 2,
        "cycle/y": (0.1 + 0.5) / 2,
        "identity/G": (0.5 + 0.1) / 2,
        "identity/F": (0.3 + 0.3) / 2,
    }
    assert set(report.log) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(report.log[name], value, rtol=1e-5, err_msg=name)
    np.testing.assert_allclose(loss, 1.8 + 1.04 + 10 * 0.4 + 4 * 0.3 + 0.5 * (4 * 0.3 + 10 * 0.3), rtol=1e-6)
    np.testing.assert_allclose(report.memory["shown_x"].ravel(), [0.2, -0.2], rtol=1e-5)
    np.testing.assert_allclose(report.memory["shown_y"].ravel(), [0.4, -0.8], rtol=1e-5)
    assert set(report.memory) == set(game.memory())


def test_the_discriminators_losses_by_hand(tiny):
    """D_x(x) = (-0.2, 0.4), of (1, -1) it is (-1, 1); D_y(y) = (0.5, 0.1), of (0, 2) it is (0, 2)."""
    game = formulas(tiny)
    shown = {"shown_x": jnp.array([1.0, -1.0]), "shown_y": jnp.array([0.0, 2.0])}
    loss, report = played(game, 1, memory={name: image.reshape(1, 1, 2, 1) for name, image in shown.items()})
    np.testing.assert_allclose(report.log["discriminator/x"], ((1.44 + 0.36) / 2 + 1) / 2, rtol=1e-6)
    np.testing.assert_allclose(report.log["discriminator/y"], ((0.25 + 0.81) / 2 + 2) / 2, rtol=1e-6)
    np.testing.assert_allclose(loss, 0.95 + 1.265, rtol=1e-6)


def test_the_log_losses_by_name(tiny):
    """-log D(x) - log(1 - D) / 2 for D, -log D for G, at logits of 0."""
    game = formulas(tiny, adversarial="log")
    blank = {name: lambda image: 0 * image for name in ("D_x", "D_y")}
    np.testing.assert_allclose(played(game, 0, **blank)[1].log["adversarial/G"], np.log(2), rtol=1e-6)
    np.testing.assert_allclose(played(game, 1, **blank)[1].log["discriminator/x"], np.log(2), rtol=1e-6)


@pytest.mark.parametrize(
    ("changes", "off", "calls"),
    [
        ({}, set(), {"G": 3, "F": 3}),
        ({"cycle_x": 0.0}, {"cycle/x", "identity/F"}, {"G": 3, "F": 1}),
        ({"cycle_y": 0.0}, {"cycle/y", "identity/G"}, {"G": 1, "F": 3}),
        ({"identity": 0.0}, {"identity/G", "identity/F"}, {"G": 2, "F": 2}),
        ({"cycle_x": 0, "cycle_y": 0}, LOSSES - {"adversarial/G", "adversarial/F"}, {"G": 1, "F": 1}),
    ],
)
def test_a_weight_of_0_leaves_out_the_term_and_its_work(tiny, changes, off, calls):
    made = {"G": 0, "F": 0}

    def counted(name, image, rng):
        made[name] += 1
        return FORMULAS[name](image)

    generators = {name: functools.partial(counted, name) for name in made}
    _, report = played(formulas(tiny, **changes), 0, **generators)
    assert set(report.log) == {name for name in LOSSES if not name.startswith("discriminator")} - off
    assert made == calls


def test_every_call_of_a_generator_has_dropout_of_its_own(tiny):
    keys = []

    def keep(image, rng):
        keys.append(tuple(jax.random.key_data(rng).tolist()))
        return image

    played(formulas(tiny), 0, G=keep, F=keep)
    assert len(keys) == len(set(keys)) == 6


def test_cycle_noise_is_on_the_way_back_alone(tiny):
    """With G = F = identity the cycle loss is E |0.5 n| = 0.5 sqrt(2 / pi), and the rest is what it was."""
    sizes = {"data.crop": 64, "cycle_noise": 0.5}
    same = {name: lambda image, rng=None: image for name in "GF"}
    batch = {name: jnp.full((1, 64, 64, 1), value) for name, value in (("x", 0.5), ("y", -0.5))}
    game = formulas(tiny, **sizes)
    given = FORMULAS | same | {"batch": batch, "memory": game.memory(), "rng": KEY}
    _, report = call(game.moves[0].loss, given)
    expected = 0.5 * np.sqrt(2 / np.pi)
    np.testing.assert_allclose([report.log["cycle/x"], report.log["cycle/y"]], expected, rtol=0.05)
    assert report.log["cycle/x"] != report.log["cycle/y"]
    np.testing.assert_allclose(report.log["adversarial/G"], 0.25, rtol=1e-6)
    np.testing.assert_array_equal(report.memory["shown_y"], batch["x"])
    assert cyclegan.perturbed(X, 0.0, KEY) is X


def test_no_identity_between_different_channels(tiny):
    channels = {"data.x_channels": 3, "data.y_channels": 1}
    with pytest.raises(
        UserError, match=r"config.identity=0.5 .* data.x_channels=3 and data.y_channels=1: set"
    ):
        formulas(tiny, **channels)
    for off in ({"identity": 0.0}, {"cycle_x": 0.0, "cycle_y": 0.0}):
        game = formulas(tiny, **channels, **off, **{"data.crop": 16})
        shown = jax.eval_shape(functools.partial(pictures, game), KEY)
        assert [shown[name].shape[-1] for row in game.rows for name in row] == [3, 1, 3, 1, 3, 1]


def pictures(game, key):
    """What the game shows of empty pictures, with the pictures themselves."""
    networks = {name: functools.partial(p.apply, p.init(key)) for name, p in game.players.items()}
    batch = {name: jnp.zeros((1, 16, 16, channels)) for name, channels in (("x", 3), ("y", 1))}
    return batch | call(game.show, networks | {"batch": batch})


def test_show_goes_there_and_back():
    shown = call(cyclegan.show, FORMULAS | {"batch": {"x": X, "y": Y}})
    expected = {"fake_y": 2 * X, "back_x": 2 * X - 0.3, "fake_x": Y - 0.3, "back_y": 2 * (Y - 0.3)}
    assert {name: image.tolist() for name, image in shown.items()} == {
        name: image.tolist() for name, image in expected.items()
    }


# Parity with PyTorch.
class Torch:
    """The training step of the PyTorch implementation: one Adam for both generators, one for both discriminators."""

    def __init__(self, networks, cycle_x, cycle_y, identity, size):
        self.networks, self.weights = networks, (cycle_x, cycle_y, identity)
        self.pools = {"x": (size, []), "y": (size, [])}
        pairs = (("G", "F"), ("D_x", "D_y"))
        parameters = [itertools.chain(*(networks[name].parameters() for name in pair)) for pair in pairs]
        self.adams = [torch.optim.Adam(group, lr=RATE, betas=(0.5, 0.999)) for group in parameters]
        # Of four steps the last two fall: 1, 1, 2/3, 1/3.
        self.schedules = [
            torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - max(0, step - 1) / 3)
            for adam in self.adams
        ]

    def step(self, x, y, draws):
        G, F, D_x, D_y = (self.networks[name] for name in ("G", "F", "D_x", "D_y"))
        cycle_x, cycle_y, identity = self.weights
        fake_y, fake_x = G(x), F(y)
        log = {
            "adversarial/G": judged(D_y(fake_y), 1.0),
            "adversarial/F": judged(D_x(fake_x), 1.0),
            "cycle/x": functional.l1_loss(F(fake_y), x),
            "cycle/y": functional.l1_loss(G(fake_x), y),
            "identity/G": functional.l1_loss(G(y), y),
            "identity/F": functional.l1_loss(F(x), x),
        }
        weights = 1.0, 1.0, cycle_x, cycle_y, identity * cycle_y, identity * cycle_x
        self.descend(0, sum(weight * loss for weight, loss in zip(weights, log.values(), strict=True)))
        for domain, D, real, fake in (("x", D_x, x, fake_x), ("y", D_y, y, fake_y)):
            shown = self.query(domain, fake.detach(), draws[domain])
            log[f"discriminator/{domain}"] = 0.5 * (judged(D(real), 1.0) + judged(D(shown), 0.0))
        self.descend(1, log["discriminator/x"] + log["discriminator/y"])
        for schedule in self.schedules:
            schedule.step()
        return {name: loss.item() for name, loss in log.items()}

    def descend(self, index, loss):
        self.adams[index].zero_grad()
        loss.backward()
        self.adams[index].step()

    def query(self, domain, fakes, draws):
        size, stored = self.pools[domain]
        shown = []
        for fake, swap, place in zip(fakes, *draws, strict=True):
            if len(stored) < size:
                stored.append(fake)
            elif swap:
                fake, stored[place] = stored[place], fake
            shown.append(fake)
        return torch.stack(shown)


def judged(logits, wanted):
    return functional.mse_loss(logits, torch.full_like(logits, wanted))


def telling_draws(loss):
    """The same loss, which also logs what the pools drew."""

    @functools.wraps(loss)
    def telling(**given):
        draws, real_draw = [], pool.draw
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pool, "draw", lambda *sizes: draws.append(real_draw(*sizes)) or draws[-1])
            value, report = loss(**given)
        return value, report._replace(log=report.log | {"draws": draws})

    return telling


@pytest.fixture(scope="module")
def parity(tiny, draw, begin, play, stated):
    """Three rounds of ours and of PyTorch's on the same weights, pictures and draws."""
    changes = {
        "data.crop": 32,
        "data.resize": 32,
        "generator.width": 4,
        "generator.blocks": 2,
        "pool_size": 2,
    }
    changes |= {"generator.upsample": "deconv", "discriminator.width": 4, "discriminator.layers": 1}
    config = tiny("cyclegan.py", changes | {"cycle_x": 10.0, "cycle_y": 5.0, "identity": 0.5})
    torch.manual_seed(0)
    instance = torch.nn.InstanceNorm2d
    networks = {name: stated.resnet.torch_resnet(4, 2, instance, bias=True) for name in "GF"}
    networks |= {name: stated.patchgan.torch_patchgan(4, 1, instance, bias=True) for name in ("D_x", "D_y")}
    for parameter in itertools.chain(*(network.parameters() for network in networks.values())):
        torch.nn.init.normal_(parameter, std=0.1)
    names = {"G": stated.resnet.names(2, False), "D": stated.patchgan.names(1, False)}
    names |= {"F": names["G"], "D_x": names["D"], "D_y": names["D"]}

    def weights():
        return {
            n: jax.tree.map(np.array, stated.parameters(net, names[n])["params"])
            for n, net in networks.items()
        }

    game = cyclegan.game(config)
    game = game._replace(
        moves=(game.moves[0]._replace(loss=telling_draws(game.moves[0].loss)), game.moves[1])
    )
    reference = Torch(networks, 10.0, 5.0, 0.5, size=2)
    start = weights()
    state, rounds = begin(game, start), play(game)
    ours, theirs = [], []
    for step in range(3):
        batch = draw(config, seed=step)
        state, log = rounds(state, batch, KEY)
        draws = dict(zip("xy", jax.device_get(log.pop("draws")), strict=True))
        pictures = (torch.tensor(batch[name].transpose(0, 3, 1, 2)) for name in "xy")
        ours.append({name: float(log[name]) for name in LOSSES} | {"rate": float(log["learning_rate/G"])})
        theirs.append({"rate": reference.schedules[0].get_last_lr()[0]} | reference.step(*pictures, draws))
    return ours, theirs, draws, jax.device_get(state), start, weights(), reference


def test_losses_equal_pytorchs(parity):
    ours, theirs, draws, *_ = parity
    assert draws["x"][0].any()
    assert draws["y"][0].any()
    for mine, reference in zip(ours, theirs, strict=True):
        assert set(mine) == set(reference) == LOSSES | {"rate"}
        for name, value in reference.items():
            np.testing.assert_allclose(mine[name], value, rtol=1e-5 if name != "rate" else 1e-6, err_msg=name)


def test_weights_equal_pytorchs(parity):
    """To a hundredth of one step of Adam, 2e-6.

    Adam divides a gradient by its own size, so rounding errors of gradients come out in proportion to the step; in
    these three steps they make a thousandth of it. Left out are biases in front of an instance norm: the norm takes
    them away again, so their gradient is nothing but rounding error, which Adam blows up to whole steps.
    """
    *_, state, start, weights, _ = parity
    felt = {"G": {"conv_out"}, "F": {"conv_out"}, "D_x": {"conv_0", "conv_2"}, "D_y": {"conv_0", "conv_2"}}
    for name, theirs in weights.items():
        for path, after in traverse_util.flatten_dict(theirs).items():
            if path[-1] == "kernel" or path[0] in felt[name]:
                ours, before = (
                    traverse_util.flatten_dict(tree[name])[path] for tree in (state.params, start)
                )
                np.testing.assert_allclose(ours, after, rtol=0, atol=RATE / 100, err_msg=f"{name}/{path}")
                assert np.abs(after - before).max() > RATE


def test_pools_equal_pytorchs(parity):
    *_, state, _, _, reference = parity
    for domain in "xy":
        theirs = torch.stack(reference.pools[domain][1]).numpy().transpose(0, 2, 3, 1)
        np.testing.assert_allclose(state.memory[f"pool_{domain}"].images, theirs, atol=1e-5)
