"""What a run directory says about itself."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from gan_jax import settings
from gan_jax.errors import UserError

PREFIX = "test/"


class Run(NamedTuple):
    """`evaluations`: one dictionary for each evaluated step, in order: "step" and the metrics by name."""

    config: Any
    facts: dict[str, Any]
    evaluations: list[dict[str, float]]


def read_run(directory: Path) -> Run:
    """Reads config.json and metrics.jsonl. UserError when one is missing, broken, or has no evaluations."""
    try:
        config = settings.from_json((directory / "config.json").read_text())
        lines = [json.loads(line) for line in (directory / "metrics.jsonl").read_text().splitlines()]
    except FileNotFoundError as error:
        raise UserError(f"{error.filename}: missing; {directory} should be a --workdir of gan_jax") from error
    except json.JSONDecodeError as error:
        raise UserError(f"{directory}/metrics.jsonl: one JSON object a line is expected: {error}") from error
    evaluations = evaluated(lines)
    if not evaluations:
        raise UserError(
            f"{directory}/metrics.jsonl: no evaluations; train with --config.evaluate_every above 0"
        )
    facts = {"gan": config.gan, "seed": config.seed, "steps": max(line["step"] for line in lines)}
    timed = [line["seconds"] for line in lines if "seconds" in line]
    if timed:
        facts["seconds"] = timed[-1]
    return Run(config, facts, evaluations)


def evaluated(lines: list[dict[str, Any]]) -> list[dict[str, float]]:
    """A log's evaluations, without the prefix; of a step logged twice (before and after a stop) the later."""
    found: dict[int, dict[str, float]] = {}
    for line in lines:
        metrics = {key.removeprefix(PREFIX): value for key, value in line.items() if key.startswith(PREFIX)}
        if metrics:
            found[line["step"]] = found.get(line["step"], {"step": line["step"]}) | metrics
    return [found[step] for step in sorted(found)]
