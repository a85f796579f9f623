"""What the loop looks at: the test pictures as the networks make them now, as metrics and as what seems wrong."""

import functools
from typing import NamedTuple

import numpy as np
from jax.sharding import Sharding
from jaxtyping import Array, Key
from ml_collections import ConfigDict

from gan_jax import data, show
from gan_jax.data.seen import seen
from gan_jax.errors import UserError
from gan_jax.game import Game, State
from gan_jax.grids import Sheet
from gan_jax.metrics.judge import judge
from gan_jax.metrics.live import SetMetrics
from gan_jax.monitors import Finding, measures, pictures
from gan_jax.monitors.measures import Features
from gan_jax.show import Made, Pictures

REMEMBERED = 200  # pictures trained on, of each kind, that outputs are held against; their mirror images too


class View(NamedTuple):
    """The test pictures looked at, what was shown of them, and which of these a game made anew."""

    test: Pictures
    shown: Pictures
    made: list[Made]


class Viewer:
    """Shows, judges and watches; nothing in it knows a game by name."""

    def __init__(
        self,
        game: Game,
        config: ConfigDict,
        source: data.AnySource,
        key: Key[Array, ""],
        sharding: Sharding | None = None,
    ) -> None:
        """Reads the test pictures. Raises UserError when there are none, or the feature network is not installed."""
        self._game, self._config, self._source, self._key = game, config, source, key
        self._test = show.alike(data.test_pictures(source, config))
        self._show = show.shower(game, sharding, config.get("dtype"))
        self._seen = functools.cache(self._trained_on)
        judged = config.evaluate_every or config.best_metric
        self._sets = SetMetrics(config.get("evaluate_features", "pixels") if judged else "none")

    def look(self, state: State, count: int | None = None) -> View:
        """The first `count` test pictures (default: all) as the networks make them now."""
        test = {name: leaf[:count] for name, leaf in self._test.items()}
        together = self._config.batch_size // self._config.get("accumulate", 1)
        shown = self._show(state, test, self._key, together)
        return View(test, shown, show.made(self._game, shown, test))

    def judge(self, view: View) -> dict[str, float]:
        """Every metric, named "metric/picture": picture by picture, and of the sets."""
        one_by_one = judge(view.shown, view.test, self._source.paired_test)
        return one_by_one | self._sets.judge(view.made, view.shown, view.test)

    def check_metric(self, state: State, metric: str) -> None:
        """Raises UserError when `judge` gives no metric of that name; "" is none, and nothing is checked."""
        if not metric:
            return
        view = self.look(state, 1)
        known = [*judge(view.shown, view.test, self._source.paired_test)]
        known += self._sets.names(view.made, self._test)
        if metric not in known:
            raise UserError(f"config.best_metric is {metric!r}: expected one of {', '.join(sorted(known))}")

    def findings(self, view: View) -> list[Finding]:
        """What the monitors say of the pictures shown."""
        found = pictures.findings(view.made, view.shown, view.test, self._source.paired_test, self._seen)
        return list(found)

    def sheet(self, view: View) -> Sheet:
        """The pictures side by side, with their names."""
        return show.grid(self._game, self._config, view.test, view.shown, self._config.sample_pictures)

    def _trained_on(self, kind: str) -> Features | None:
        found = [
            measures.features(np.stack([one, one[:, ::-1]]) if one.ndim == 3 else one[None])
            for one in seen(self._source, self._config, kind, REMEMBERED)
        ]
        return np.concatenate(found) if found else None
