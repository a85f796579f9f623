"""Against a statement of the PyTorch networks whose state_dicts have the reference's names."""

import jax
import numpy as np
import pytest
import torch
from torch import nn

from gan_jax import networks, torch_names
from gan_jax.errors import UserError

NORMS = {"instance": nn.InstanceNorm2d, "batch": nn.BatchNorm2d, "none": nn.Identity}


class Block(nn.Module):
    def __init__(self, width, norm, dropout):
        super().__init__()
        bias, layer = norm == "instance", NORMS[norm]
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), layer(width), nn.ReLU(),
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), layer(width),
        )  # fmt: skip

    def forward(self, x):
        return x + self.conv_block(x)


class Wrapped(nn.Module):
    """A network whose layers lie in an attribute of that name."""

    def __init__(self, name, inner):
        super().__init__()
        setattr(self, name, inner)
        self.inner = (inner,)

    def forward(self, x):
        return self.inner[0](x)


def resnet(width=2, blocks=1, norm="instance", dropout=False, inputs=3, outputs=3):
    bias, layer = norm == "instance", NORMS[norm]
    parts = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, width, 7, bias=bias), layer(width), nn.ReLU()]
    for wide in (width, 2 * width):
        parts += [nn.Conv2d(wide, 2 * wide, 3, 2, 1, bias=bias), layer(2 * wide), nn.ReLU()]
    parts += [Block(4 * width, norm, dropout) for _ in range(blocks)]
    for wide in (4 * width, 2 * width):
        parts += [nn.ConvTranspose2d(wide, wide // 2, 3, 2, 1, 1, bias=bias), layer(wide // 2), nn.ReLU()]
    return Wrapped(
        "model", nn.Sequential(*parts, nn.ReflectionPad2d(3), nn.Conv2d(width, outputs, 7), nn.Tanh())
    )


class Level(nn.Module):
    def __init__(self, outer, inner, below, norm):
        super().__init__()
        bias, layer = norm == "instance", NORMS[norm]
        down = nn.Conv2d(outer, inner, 4, 2, 1, bias=bias)
        up = nn.ConvTranspose2d(2 * inner if below else inner, outer, 4, 2, 1, bias=bias)
        middle = [layer(inner), below] if below else []
        self.model = nn.Sequential(nn.LeakyReLU(0.2), down, *middle, nn.ReLU(), up, layer(outer))

    def forward(self, x):
        return torch.cat([x, self.model(x)], 1)


def unet(width=1, levels=5, norm="batch", inputs=3, outputs=3):
    widths = [width * min(2**i, 8) for i in range(levels)]
    level = None
    for i in range(levels - 1, 0, -1):
        level = Level(widths[i - 1], widths[i], level, norm)
    down = nn.Conv2d(inputs, width, 4, 2, 1, bias=norm == "instance")
    up = nn.ConvTranspose2d(2 * width, outputs, 4, 2, 1)
    return Wrapped("model", Wrapped("model", nn.Sequential(down, level, nn.ReLU(), up, nn.Tanh())))


def patchgan(width=2, layers=3, norm="instance", inputs=3):
    bias, layer = norm == "instance", NORMS[norm]
    widths = [width * min(2**i, 8) for i in range(layers + 1)]
    parts = [nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(0.2)]
    for i in range(1, layers + 1):
        stride = 2 if i < layers else 1
        parts += [
            nn.Conv2d(widths[i - 1], widths[i], 4, stride, 1, bias=bias),
            layer(widths[i]),
            nn.LeakyReLU(0.2),
        ]
    return Wrapped("model", nn.Sequential(*parts, nn.Conv2d(widths[-1], 1, 4, 1, 1)))


def pixelgan(width=2, norm="instance", inputs=3):
    bias = norm == "instance"
    return Wrapped(
        "net",
        nn.Sequential(
            nn.Conv2d(inputs, width, 1), nn.LeakyReLU(0.2), nn.Conv2d(width, 2 * width, 1, bias=bias),
            NORMS[norm](2 * width), nn.LeakyReLU(0.2), nn.Conv2d(2 * width, 1, 1, bias=bias),
        ),
    )  # fmt: skip


def randomise(network):
    torch.manual_seed(0)
    for name, value in network.state_dict().items():
        if value.dtype == torch.float32:
            value.uniform_(0.5, 1.5) if "running" in name else value.normal_(std=0.2)
    return network


def numpy_weights(network) -> dict:
    return {name: value.numpy() for name, value in network.state_dict().items()}


def base(network, **fields):
    """The block that `infer` should find: the fields that this family has."""
    common = {"resnet": {"width": 2, "blocks": 1, "norm": "instance", "upsample": "deconv"},
              "unet": {"width": 1, "levels": 5, "norm": "batch"},
              "patchgan": {"width": 2, "layers": 3, "norm": "instance"},
              "pixelgan": {"width": 2, "norm": "instance"}}[network]  # fmt: skip
    return {"network": network, **common, **fields}


CASES = [
    *((resnet, {"norm": norm}, {"norm": norm}) for norm in NORMS),
    (resnet, {"dropout": True}, {"dropout": 0.5}),
    (resnet, {"dropout": True, "norm": "batch"}, {"dropout": 0.5, "norm": "batch"}),
    (resnet, {"blocks": 6, "width": 1}, {"blocks": 6, "width": 1}),
    (resnet, {"inputs": 1, "outputs": 2}, {}),
    *((unet, {"norm": norm}, {"norm": norm}) for norm in NORMS),
    (unet, {"levels": 7}, {"levels": 7}),
    (unet, {"inputs": 4, "outputs": 1}, {}),
    *((patchgan, {"norm": norm, "inputs": 6}, {"norm": norm}) for norm in NORMS),
    *((patchgan, {"layers": layers, "width": 1}, {"layers": layers, "width": 1}) for layers in (1, 2, 5)),
    *((pixelgan, {"norm": norm}, {"norm": norm}) for norm in ("instance", "batch")),
]


@pytest.mark.parametrize(("statement", "fields", "expected"), CASES)
def test_network_is_inferred_and_gives_torchs_output(statement, fields, expected):
    reference = randomise(statement(**fields))
    weights = numpy_weights(reference)
    found = torch_names.infer(weights, "a.pth")
    assert found.block == base(statement.__name__, **expected)
    assert found.inputs == fields.get("inputs", 3)
    assert found.outputs == (fields.get("outputs", 3) if statement in (resnet, unet) else 1)

    params = torch_names.from_torch(found, weights, "a.pth")
    side = 2 ** found.block.get("levels", found.block.get("layers", 2) + 2)
    x = np.random.default_rng(0).uniform(-1, 1, (2, side, side, found.inputs)).astype(np.float32)
    for layer in reference.modules():
        if isinstance(layer, nn.Dropout):
            layer.eval()
    with torch.no_grad():  # in training mode, as the reference tests: moments of the batch
        wanted = reference(torch.from_numpy(x.transpose(0, 3, 1, 2))).numpy().transpose(0, 2, 3, 1)
    module = networks.build(found.block, channels=found.outputs)
    with jax.default_matmul_precision("highest"):
        out = jax.jit(module.apply, compiler_options={"xla_backend_optimization_level": 0})(
            {"params": params}, x
        )
    np.testing.assert_allclose(out, wanted, atol=1e-5)


@pytest.mark.parametrize(("statement", "fields", "expected"), CASES)
def test_round_trip_is_exact_and_torch_loads_it(statement, fields, expected):
    reference = randomise(statement(**fields))
    weights = numpy_weights(reference)
    found = torch_names.infer(weights, "a.pth")
    back = torch_names.to_torch(found.block, torch_names.from_torch(found, weights, "a.pth"))
    assert list(back) == list(weights)
    for name in weights.keys() - torch_names.statistics(weights):
        np.testing.assert_array_equal(back[name], weights[name])
    fresh = statement(**fields)
    statistics = {name: fresh.state_dict()[name].numpy() for name in torch_names.statistics(weights)}
    for name, value in statistics.items():
        np.testing.assert_array_equal(back[name], value, strict=True)
    fresh.load_state_dict({name: torch.from_numpy(value) for name, value in back.items()}, strict=True)


def test_names_are_those_of_the_published_files():
    """From the names in the files, as far as a width of 64 and 9 blocks tell."""
    weights = numpy_weights(resnet(blocks=9))
    assert {"model.1.bias", "model.4.weight", "model.7.weight", "model.18.conv_block.5.bias"} < set(weights)
    assert {"model.19.weight", "model.22.weight", "model.26.bias"} < set(weights)
    assert max(int(name.split(".")[1]) for name in weights) == 26
    weights = numpy_weights(unet(levels=8))
    assert {"model.model.0.weight", "model.model.3.bias", "model.model.1.model.2.running_mean"} < set(weights)
    assert f"model.model.1{'.model.3' * 6}.model.4.weight" in weights
    assert [name for name in numpy_weights(patchgan()) if "weight" in name] == [
        f"model.{i}.weight" for i in (0, 2, 5, 8, 11)
    ]


def test_old_files_with_statistics_under_instance_norm():
    weights = numpy_weights(randomise(resnet()))
    old = dict(weights)
    for name in ("model.2", "model.5", "model.10.conv_block.2", "model.10.conv_block.6"):
        old[f"{name}.running_mean"], old[f"{name}.running_var"] = np.zeros(2), np.ones(2)
        old[f"{name}.num_batches_tracked"] = np.array(3)
    found = torch_names.infer(old, "a.pth")
    assert found == torch_names.infer(weights, "a.pth")
    params, expected = (torch_names.from_torch(found, given, "a.pth") for given in (old, weights))
    jax.tree.map(np.testing.assert_array_equal, params, expected)


def test_the_prefix_of_dataparallel():
    weights = numpy_weights(randomise(patchgan()))
    wrapped = {f"module.{name}": value for name, value in weights.items()}
    found = torch_names.infer(wrapped, "a.pth")
    assert found == torch_names.infer(weights, "a.pth")
    params, expected = (torch_names.from_torch(found, given, "a.pth") for given in (wrapped, weights))
    jax.tree.map(np.testing.assert_array_equal, params, expected)


def test_half_precision_becomes_float32():
    weights = {name: value.astype(np.float16) for name, value in numpy_weights(randomise(pixelgan())).items()}
    params = torch_names.from_torch(torch_names.infer(weights, "a.pth"), weights, "a.pth")
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {np.dtype(np.float32)}


def test_what_does_not_fit_is_named():
    weights = numpy_weights(randomise(resnet(blocks=2)))
    weights["model.11.conv_block.1.weight"] = np.zeros((8, 8, 5, 5), np.float32)
    weights["model.4.bias"] = np.full(4, np.nan, np.float32)
    weights["model.99.weight"] = weights.pop("model.7.bias")
    found = torch_names.infer(weights, "a.pth")
    with pytest.raises(UserError) as error:
        torch_names.from_torch(found, weights, "some/a.pth")
    assert str(error.value) == (
        "some/a.pth does not fit a network with network=resnet, blocks=2, upsample=deconv, width=2, norm=instance: "
        "model.7.bias is missing; model.99.weight is left over; model.4.bias holds numbers that are not finite; "
        "model.11.conv_block.1.weight is 8x8x5x5, which does not fit the rest"
    )


def test_many_misfits_are_counted():
    weights = {
        name: value for name, value in numpy_weights(resnet(blocks=9)).items() if "conv_block.1" not in name
    }
    with pytest.raises(UserError, match="and 13 more"):
        torch_names.from_torch(torch_names.infer(weights, "a.pth"), weights, "a.pth")


def image(*shape):
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ({"conv1.weight": image(4, 3, 3, 3), "fc.weight": image(4, 4)}, "conv1.weight, fc.weight"),
        ({"model.0.weight": image(2, 3, 4, 4)}, "none of them"),
        ({f"model.{i}.weight": image(2, 2, 4, 4) for i in range(40)}, "none of them"),
        ({"model.model.0.weight": image(2, 3, 4, 4)}, "lacks the first or the last"),
        (
            {"model.model.0.weight": image(2, 3, 4, 4), "model.model.3.weight": image(4, 0, 4, 4)},
            "lacks the first",
        ),
        ({"net.0.weight": image(2), "net.5.weight": image(1, 4, 1, 1)}, "lacks the first or the last"),
        ({"model.10.conv_block.1.weight": image(4, 4, 3, 3)}, "lacks the first or the last"),
    ],
)
def test_other_networks_are_refused(weights, reason):
    with pytest.raises(UserError, match=rf"a\.pth .*{reason}"):
        torch_names.infer(weights, "a.pth")


def test_networks_that_the_reference_lacks():
    with pytest.raises(UserError, match='upsample="resize"'):
        torch_names.layers({"network": "resnet", "upsample": "resize"})
    with pytest.raises(UserError, match='no network "dcgan", only resnet'):
        torch_names.layers({"network": "dcgan"})
    params = {"conv_0": {"kernel": image(1, 1, 3, 2)}, "more": {"kernel": image(1, 1, 1, 1)}}
    with pytest.raises(UserError, match="more/kernel has no counterpart"):
        torch_names.to_torch({"network": "pixelgan"}, params)
