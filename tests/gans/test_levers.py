"""CycleGAN whole on one device, and in slices, computed again, on eight: the same losses and gradients."""

from typing import Any

import jax
import numpy as np
import pytest
from ml_collections import ConfigDict

from gan_jax import engine, game, settings, sharding

SMALL = {"batch_size": 8, "generator.width": 4, "discriminator.width": 4, "pool_size": 20}


def played(config: ConfigDict, batch: dict[str, Any]) -> tuple[dict, dict, game.State]:
    """Logs, Adam's first moments and the state after a round."""
    mesh = engine.mesh(config)
    start = game.init(engine.made(config), jax.random.key(0))
    state = engine.placed(mesh, config, start)
    play = engine.play(mesh, config, state)
    state, log = play(state, sharding.split(mesh, batch), jax.random.key(1))
    moments = {player: optimizer.inner_state[0].mu for player, optimizer in state.optimizer.items()}
    return jax.device_get((log, moments, state._replace(step=())))


@pytest.mark.slow
def test_all_levers_at_once(tiny: Any, draw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = {"xla_backend_optimization_level": 0}
    monkeypatch.setattr(engine.compiler, "options", lambda *_: quick)
    batch = draw(tiny("cyclegan.py", SMALL))
    plain = jax.devices

    def of(devices: int, **how: Any) -> tuple[dict, dict, game.State]:
        monkeypatch.setattr(jax, "devices", lambda *kind: plain(*kind)[:devices])
        config = settings.complete(tiny("cyclegan.py", SMALL).unlock())
        with config.unlocked():
            config.update(how)
        return played(config, batch)

    log, moments, state = of(1)
    other, found, end = of(8, accumulate=2, remat=True, rows=2)
    for key, value in log.items():
        if not key.startswith("gradient/"):
            np.testing.assert_allclose(other[key], value, rtol=1e-5, atol=1e-5, err_msg=key)
    for player, tree in moments.items():
        largest = max(np.abs(leaf).max() for leaf in jax.tree.leaves(tree))
        jax.tree.map(
            lambda a, b, t=1e-5 * largest: np.testing.assert_allclose(a, b, atol=t), found[player], tree
        )
    np.testing.assert_allclose(end.memory["shown_x"], state.memory["shown_x"], atol=1e-5)
    pools = (sorted(one.memory["pool_y"].images.sum((1, 2, 3)).tolist()) for one in (end, state))
    np.testing.assert_allclose(*pools, atol=1e-3, err_msg="the same pictures, at other places")
