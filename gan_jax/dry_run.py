"""What a config takes before anything is made: parameters, work and memory, from the programs that XLA would run."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import PyTree
from ml_collections import ConfigDict

from gan_jax import engine, game, rows, sharding, winograd
from gan_jax.game import Game, State

LOOKED_AT = 50_000  # first and last steps in which rounds of other moves are looked for


class Cost(NamedTuple):
    """Of one kind of round: the moves, XLA's count of operations, and bytes on each device."""

    moves: tuple[str, ...]
    flops: float  # of the whole round in plain forms, computed once: without what `remat` computes again
    held: int  # bytes of the state and the batch
    temporary: int  # bytes beyond these while the round is played

    @property
    def peak(self) -> int:
        """Bytes that a device must have."""
        return self.held + self.temporary


def abstract(config: ConfigDict) -> State:
    """The shapes of a state before the first round."""
    made = engine.made(config)
    state = jax.eval_shape(lambda key: game.init(made, key)._replace(step=jnp.int32(0)), key())
    return State(*state)


def key() -> Any:
    """The shape of a key."""
    return jax.eval_shape(lambda: jax.random.key(0))


def lowered(config: ConfigDict, moves: frozenset[str], mesh: Mesh) -> Any:
    """The program of a round of these moves, from shapes alone."""
    state = abstract(config)
    where = sharding.state_sharding(mesh, state, config.batch_size)
    program = game.program(engine.slice_of(config), moves, **engine.options(mesh, config, state))
    with rows.over(mesh):
        return program.lower(_on(state, where), engine.batch_on(mesh, config), key())


def _on(shapes: PyTree, where: PyTree) -> PyTree:
    return jax.tree.map(lambda x, s: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=s), shapes, where)


def cost(config: ConfigDict, moves: frozenset[str], mesh: Mesh) -> Cost:
    """The cost of a round of these moves; it is compiled for that, and not run."""
    found = lowered(config, moves, mesh)
    plain = config.copy_and_resolve_references()
    with plain.unlocked():
        plain.update({"accumulate": 1, "remat": False})
    # XLA counts what is in a loop once, so slices are counted as the whole that they are, and blocks one by one.
    with winograd.left_out():
        whole = lowered(plain, moves, mesh)
    memory = found.compile().memory_analysis()
    outside = memory.argument_size_in_bytes + memory.output_size_in_bytes - memory.alias_size_in_bytes
    return Cost(tuple(sorted(moves)), whole.cost_analysis()["flops"], outside, memory.temp_size_in_bytes)


def kinds(played: Game, steps: int) -> list[frozenset[str]]:
    """The sets of moves that make up rounds, the first first."""
    first, last = range(min(steps, LOOKED_AT)), range(max(0, steps - LOOKED_AT), steps)
    return list(dict.fromkeys(game.active(played, step) for step in (*first, *last)))


def tell(config: ConfigDict) -> str:
    """A table of the players, and a line for each kind of round.

    Raises:
        UserError: the config cannot be played on these devices.
    """
    mesh, played, state = engine.mesh(config), engine.made(config), abstract(config)
    counts = {
        name: sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(tree))
        for name, tree in state.params.items()
    }
    devices = f"{mesh.size} of {jax.device_count()} devices ({jax.devices()[0].device_kind})"
    lines = [f"{config.gan}: batch {config.batch_size} on {devices}"]
    lines += [f"  {name:<12}{count:>14,} parameters" for name, count in counts.items()]
    lines += [f"  {'all':<12}{sum(counts.values()):>14,} parameters"]
    for moves in kinds(played, config.steps or LOOKED_AT):
        found = cost(config, moves, mesh)
        lines.append(
            f"a round of {', '.join(found.moves)}: {found.flops / 1e9:,.1f} GFLOP, "
            f"peak {amount(found.peak)} a device ({amount(found.held)} held, {amount(found.temporary)} to compute)"
        )
    return "\n".join([*lines, "nothing was made or trained"])


def show(config: ConfigDict) -> None:
    """Print what `tell` says, on the first of several hosts."""
    told = tell(config)
    if jax.process_index() == 0:
        print(told)


def amount(size: float) -> str:
    """Bytes for people: "1.2 GiB"."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} GiB"
