"""The command line of training: flags to a config and a run directory, each mistake to one line."""

import ast
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ml_collections import ConfigDict

from gan_jax import hosts, settings
from gan_jax.errors import UserError

DEFAULT = "configs/cyclegan.py"
FLAGS = ("--config", "--workdir", "--help", *hosts.FLAGS)
SWITCH = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
# A side of a picture is one number (a square) or (height, width), whichever of them the config file has.
SIZES = ("data.resize", "data.crop")


class Request(NamedTuple):
    """What the user asks for: a config, a place for the run, or `help` to be printed instead of a run."""

    config: ConfigDict
    workdir: Path
    help: str = ""
    place: hosts.Place | None = None


def parse(arguments: Sequence[str]) -> Request:
    """The request that `--config=FILE[:VARIANT] --workdir=DIR --config.KEY=VALUE ...` makes.

    A value may follow behind a space; of a flag given twice the later one counts.

    Raises:
        UserError: an unknown flag, file, variant or key; a value that is missing or of the wrong type.
    """
    pairs = _pairs(list(arguments))
    last = dict(pairs)
    file = last.get("--config", DEFAULT)
    config = settings.load(file)
    for flag, text in pairs:
        if flag.startswith("--config."):
            override(config, flag.removeprefix("--config."), text)
    path, variant = settings.split(file)
    workdir = Path(last.get("--workdir", f"runs/{path.stem}{variant and '_'}{variant}"))
    if workdir.is_file():
        raise UserError(f"--workdir={workdir} is a file: name a directory, new or of an earlier run")
    return Request(config, workdir, usage(file, config) if "--help" in last else "", hosts.asked(last))


def override(config: ConfigDict, key: str, text: str) -> None:
    """Sets `config`'s dotted `key` to what `text` says, read as a value of the type that the key has.

    Raises:
        UserError: there is no such key, or the text is no value of its type.
    """
    if key not in settings.leaves(config):
        given = text if text.isprintable() and len(text) <= 100 else settings.brief(text)
        raise UserError(f"--config.{key}={given} sets {settings.unknown(key, config)}")
    block, name = settings.locate(config, key)
    try:
        value = _pair(text) if key in SIZES else _value(text, block[name])
    except (ValueError, SyntaxError, OverflowError) as error:
        expected = "a whole number or height,width" if key in SIZES else _expected(block[name])
        raise UserError(
            f"config.{key} is {settings.brief(text)}: expected {expected}, as in --config.{key}={shown(block[name])}"
        ) from error
    with config.ignore_type():
        block[name] = value


def usage(file: str, config: ConfigDict) -> str:
    """The text of `--help`, with every key of `config` and its value."""
    keys = "\n".join(f"  --config.{key}={shown(value)}" for key, value in settings.leaves(config).items())
    return f"""Trains a GAN, or goes on with a run that stopped.

  python -m gan_jax.main [--config=FILE[:VARIANT]] [--workdir=DIR] [--config.KEY=VALUE ...]

  --config   the experiment; default: {DEFAULT}
  --workdir  where the run is kept; default: runs/ and the config's name
  --coordinator=HOST:PORT --processes=N --process=I
             one of N processes, on one or several hosts; a Slurm step or a TPU pod is found without

Example: python -m gan_jax.main --workdir=runs/mine --config.data.root=my_pictures --config.steps=500

The keys of {file} and their values:
{keys}"""


def shown(value: Any) -> str:
    """A value as one types it in a flag: 286,286 for (286, 286)."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _pairs(arguments: list[str]) -> list[tuple[str, str]]:
    pairs = []
    while arguments:
        flag, equals, text = arguments.pop(0).partition("=")
        if flag in ("-h", "--help", "--helpfull"):
            pairs.append(("--help", ""))
            continue
        _check_known(flag)
        if not equals:
            if not arguments or re.match("--?[a-z]", arguments[0]):
                raise UserError(f"{flag} lacks its value: write {flag}=...")
            text = arguments.pop(0)
        if not text and flag in FLAGS:
            raise UserError(f"{flag}= is empty: write {flag}=... or leave it out")
        pairs.append((flag, text))
    return pairs


def _check_known(flag: str) -> None:
    if flag in FLAGS or flag.startswith("--config."):
        return
    if not flag.startswith("-"):
        raise UserError(f'"{flag}" is not a flag; write --config=FILE, --workdir=DIR or --config.KEY=VALUE')
    name = flag.lstrip("-")
    near = settings.nearest(f"--{name}", FLAGS)
    raise UserError(
        f"there is no flag {flag}{near or f'; to set a key of the config write --config.{name}=...'}"
    )


def _value(text: str, like: Any) -> Any:
    if isinstance(like, bool):
        if text.lower() not in SWITCH:
            raise ValueError(text)
        return SWITCH[text.lower()]
    if isinstance(like, int):
        return _whole(text)
    if isinstance(like, float):
        return _finite(text)
    if isinstance(like, tuple):
        return tuple(_value(part, like[0] if like else part) for part in _parts(text))
    return text if isinstance(like, str) else ast.literal_eval(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _whole(text: str) -> int:
    value = _finite(text) if "e" in text.lower() else int(text)
    if value != int(value):
        raise ValueError(text)
    return int(value)


def _pair(text: str) -> int | tuple[int, ...]:
    sides = [_whole(part) for part in _parts(text)]
    if len(sides) not in (1, 2):
        raise ValueError(text)
    return sides[0] if len(sides) == 1 else tuple(sides)


def _parts(text: str) -> list[str]:
    return [part.strip(" '\"") for part in text.strip("()[] ").split(",") if part.strip()]


def _expected(like: Any) -> str:
    names = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        tuple: "values with commas between them",
    }
    return names.get(type(like), f"a Python value such as {like!r}")
