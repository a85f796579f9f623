"""How long a run lasts, and what is to be done after which step."""

from typing import NamedTuple

from ml_collections import ConfigDict

from gan_jax import data

UNHEARD = 5.0  # seconds of rounds at most that are begun together: what is asked meanwhile, to stop say, waits for them


class Agenda(NamedTuple):
    """What follows a step."""

    log: bool
    sample: bool
    evaluate: bool
    save: bool


def settled(config: ConfigDict, source: data.AnySource) -> ConfigDict:
    """The config with `steps` known: `steps` of 0 means `epochs`, whose learning rate then falls once an epoch."""
    config = config.copy_and_resolve_references()
    if not config.steps:
        epoch = data.steps_per_epoch(source, config)
        config.update({"steps": config.epochs * epoch, "rate_every": epoch})
    return config.lock()


def after(step: int, config: ConfigDict) -> Agenda:
    """What the `..._every` of a config ask for after a step: 0 is never, and the last step has all but the 0s.

    Log, sample and save need no period to have the last step. Where the best checkpoint is kept, each is judged.
    """
    last = step == config.steps
    save = due(config.checkpoint_every, step) or last
    return Agenda(
        log=due(config.log_every, step) or last,
        sample=due(config.sample_every, step) or last,
        evaluate=due(config.evaluate_every, step)
        or (last and config.evaluate_every > 0)
        or (save and bool(config.best_metric)),
        save=save,
    )


def together(rate: float, seconds: float = UNHEARD) -> int:
    """How many rounds are begun together, of `rate` a second: as many as fit, and one at least."""
    return max(1, int(rate * min(seconds, UNHEARD)))


def until(step: int, config: ConfigDict) -> int:
    """The next step after this one that something follows."""
    periods = (config.log_every, config.sample_every, config.evaluate_every, config.checkpoint_every)
    return min([config.steps, *(step - step % every + every for every in periods if every > 0)])


def due(every: int, step: int) -> bool:
    """Whether something done every so many steps is done after this one; 0 is never."""
    return every > 0 and step % every == 0
