"""The peer: the reference's training step in PyTorch, as its authors' code does it, for the same config."""

import itertools
import random
import resource
from typing import Any

import torch
from torch import nn

from experiments.speed import reference
from experiments.speed.cases import Case, config

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def prepare(case: Case, dtype: str, variant: str) -> Any:
    """A function that does so many steps (or batches of photos) and waits for them."""
    found = config(case, dtype)
    layout = torch.channels_last if "channels_last" in variant else torch.contiguous_format
    networks = [reference.build(block).to(DEVICE, memory_format=layout) for block in (found.generator,) * 2 +
    (found.discriminator,) * 2]  # fmt: skip
    called = [torch.compile(network) for network in networks] if "compile" in variant else networks
    side = (found.batch_size, 3, found.data.crop, found.data.crop)
    x, y = (torch.rand(side, device=DEVICE).mul(2).sub(1).to(memory_format=layout) for _ in range(2))
    half = torch.autocast(DEVICE, torch.bfloat16, enabled=dtype == "bfloat16")
    if case.pictures:
        return lambda count: [waited(translated(called[0], x, half)) for _ in range(count)]
    step = Step(found, networks, called, x, y, half)
    return lambda count: [step() for _ in range(count)]


@torch.inference_mode()
def translated(G: Any, x: torch.Tensor, half: Any) -> torch.Tensor:
    with half:
        return G(x)


def waited(result: Any) -> Any:
    """The result, once the device has it."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()
    return result


class Step:
    """Generators, then both discriminators on fakes from the pools: the reference's order, losses and optimizers."""

    def __init__(self, found: Any, networks: list[Any], called: list[Any], x: Any, y: Any, half: Any) -> None:
        self.config, self.networks, self.called, self.x, self.y, self.half = (
            found,
            networks,
            called,
            x,
            y,
            half,
        )
        adam = {"lr": found.learning_rate, "betas": (found.beta1, 0.999)}
        parameters = [
            itertools.chain(*(n.parameters() for n in pair)) for pair in (networks[:2], networks[2:])
        ]
        self.optimizers = [torch.optim.Adam(group, **adam) for group in parameters]
        self.pools: tuple[list[Any], list[Any]] = ([], [])
        self.mse, self.l1 = nn.MSELoss(), nn.L1Loss()

    def __call__(self) -> None:
        G, F, D_x, D_y = self.called
        self._trainable(self.networks[2:], False)
        self.optimizers[0].zero_grad()
        with self.half:
            fake_y, fake_x, loss = self._generators(G, F, D_x, D_y)
        loss.backward()
        self.optimizers[0].step()
        self._trainable(self.networks[2:], True)
        self.optimizers[1].zero_grad()
        with self.half:
            losses = [self._discriminator(D_y, self.y, self._shown(1, fake_y)), self._discriminator(D_x, self.x,
            self._shown(0, fake_x))]  # fmt: skip
        for loss in losses:
            loss.backward()
        self.optimizers[1].step()
        waited(None)

    def _generators(self, G: Any, F: Any, D_x: Any, D_y: Any) -> tuple[Any, Any, Any]:
        c, x, y = self.config, self.x, self.y
        fake_y, fake_x = G(x), F(y)
        loss = self._real(D_y(fake_y)) + self._real(D_x(fake_x))
        loss = loss + c.cycle_x * self.l1(F(fake_y), x) + c.cycle_y * self.l1(G(fake_x), y)
        if c.identity:
            loss = loss + c.identity * (c.cycle_y * self.l1(G(y), y) + c.cycle_x * self.l1(F(x), x))
        return fake_y.detach(), fake_x.detach(), loss

    def _real(self, logits: Any) -> Any:
        return self.mse(logits, torch.ones_like(logits))

    def _discriminator(self, D: Any, real: Any, fake: Any) -> Any:
        logits = D(fake)
        return 0.5 * (self._real(D(real)) + self.mse(logits, torch.zeros_like(logits)))

    def _shown(self, which: int, fakes: Any) -> Any:
        """Each fake, or with probability 1/2 an older one from the pool, which it then replaces."""
        pool, shown = self.pools[which], []
        for fake in fakes:
            if len(pool) < self.config.pool_size:
                pool.append(fake)
                shown.append(fake)
            elif pool and random.random() > 0.5:
                at = random.randrange(len(pool))
                shown.append(pool[at].clone())
                pool[at] = fake
            else:
                shown.append(fake)
        return torch.stack(shown)

    def _trainable(self, networks: list[Any], yes: bool) -> None:
        for network in networks:
            network.requires_grad_(yes)


def flops(case: Case) -> float:
    """Floating-point operations of convolutions and products in one step (or batch), forward and backward."""
    from torch.utils.flop_counter import FlopCounterMode

    step = prepare(case, "float32", "eager")
    with FlopCounterMode(display=False) as counter:
        step(1)
    return float(counter.get_total_flops())


def memory() -> float:
    """Peak bytes: of the accelerator where there is one, else of this process."""
    if DEVICE == "cuda":
        return torch.cuda.max_memory_allocated()
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def about() -> dict[str, str]:
    """Device and versions."""
    return {
        "torch": torch.__version__,
        "torch device": torch.cuda.get_device_name() if DEVICE == "cuda" else "cpu",
    }
