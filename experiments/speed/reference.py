"""The reference's networks in PyTorch, by a config of this project, for the benchmark."""

from typing import Any

import torch
from torch import nn

NORMS = {"instance": nn.InstanceNorm2d, "batch": nn.BatchNorm2d}


class Residual(nn.Module):
    """x + body(x): two mirrored 3 x 3 convolutions."""

    def __init__(self, width: int, norm: Any) -> None:
        super().__init__()
        half = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), norm(width)]
        again = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), norm(width)]
        self.body = nn.Sequential(*half, nn.ReLU(True), *again)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


def doubled(into: int, out: int, kind: str) -> list[nn.Module]:
    """The layers that double a map: a transposed convolution, or nearest pixels and a mirrored convolution."""
    if kind == "deconv":
        return [nn.ConvTranspose2d(into, out, 3, 2, 1, 1)]
    return [nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(into, out, 3)]


def resnet(width: int, blocks: int, norm: str, upsample: str, channels: int = 3) -> nn.Module:
    """The ResNet generator."""
    normed = NORMS[norm]
    layers: list[nn.Module] = [
        nn.ReflectionPad2d(3),
        nn.Conv2d(channels, width, 7),
        normed(width),
        nn.ReLU(True),
    ]
    for wide in (width, 2 * width):
        layers += [nn.Conv2d(wide, 2 * wide, 3, 2, 1), normed(2 * wide), nn.ReLU(True)]
    layers += [Residual(4 * width, normed) for _ in range(blocks)]
    for wide in (4 * width, 2 * width):
        layers += [*doubled(wide, wide // 2, upsample), normed(wide // 2), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, channels, 7), nn.Tanh())


class Level(nn.Module):
    """One level of the U-Net around the next inner one: what comes out is joined to what went in."""

    def __init__(self, outer: int, inner: int, within: nn.Module | None, norm: Any, dropout: float) -> None:
        super().__init__()
        down: list[nn.Module] = [nn.LeakyReLU(0.2), nn.Conv2d(outer, inner, 4, 2, 1)]
        up: list[nn.Module] = [
            nn.ReLU(),
            nn.ConvTranspose2d(inner * (1 if within is None else 2), outer, 4, 2, 1),
            norm(outer),
        ]
        middle = [] if within is None else [norm(inner), within]
        self.body = nn.Sequential(*down, *middle, *up, *([nn.Dropout(dropout)] if dropout else []))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([x, self.body(x)], 1)


def unet(width: int, levels: int, norm: str, dropout: float, channels: int = 3) -> nn.Module:
    """The U-Net generator."""
    normed = NORMS[norm]
    block = Level(8 * width, 8 * width, None, normed, 0.0)
    for _ in range(levels - 5):
        block = Level(8 * width, 8 * width, block, normed, dropout)
    for outer in (4, 2, 1):
        block = Level(outer * width, 2 * outer * width, block, normed, 0.0)
    last = nn.ConvTranspose2d(2 * width, channels, 4, 2, 1)
    return nn.Sequential(nn.Conv2d(channels, width, 4, 2, 1), block, nn.ReLU(), last, nn.Tanh())


def patchgan(width: int, layers: int, norm: str, channels: int = 3) -> nn.Module:
    """The PatchGAN discriminator."""
    found: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for i in range(1, layers + 1):
        into, out = width * min(2 ** (i - 1), 8), width * min(2**i, 8)
        found += [
            nn.Conv2d(into, out, 4, 2 if i < layers else 1, 1),
            NORMS[norm](out),
            nn.LeakyReLU(0.2, True),
        ]
    return nn.Sequential(*found, nn.Conv2d(width * min(2**layers, 8), 1, 4, 1, 1))


def build(block: Any) -> nn.Module:
    """The network of a config block."""
    fields = dict(block)
    family = fields.pop("network")
    return {"resnet": resnet, "unet": unet, "patchgan": patchgan}[family](**fields)
