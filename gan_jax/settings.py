"""Configs: loaded from a file, varied, compared, and kept as JSON."""

import difflib
import json
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from gan_jax.errors import UserError

# How the work is done, whatever the experiment: in every config, whether its file names them or not.
HOW = {
    "dry_run": False,  # tell what it takes, and do nothing
    "remat": False,  # less memory, a third more work
    "accumulate": 1,  # slices that a batch is played in, one after another
    "rows": 1,  # devices that share the height of a picture
    "max_hours": 0.0,  # then save and stop, with exit status 75; 0: no limit
    "on_failure": "stop",  # where a number is none; or skip: pass over the batch that made it
    "on_full_disk": "stop",  # or wait: train on, and write when there is room
}
# Keys of games ("": of all) that came after a release, with what runs without them did: those can be read, and go on.
LATER: dict[str, dict[str, Any]] = {
    "": {"init_from": "", "tensorboard": False, "evaluate_features": "pixels"},
    "cyclegan": {"cycle_noise": 0.0},
}


def load(file: str) -> ConfigDict:
    """The locked config of "path.py" or "path.py:variant", or of a run's "config.json", made `complete`.

    Raises:
        UserError: there is no such file, it cannot be run, or it has no such variant.
    """
    path, variant = split(file)
    if not path.is_file():
        near = nearest(path.as_posix(), [other.as_posix() for other in sorted(path.parent.glob("*.py"))])
        raise UserError(
            f"--config={file}: there is no file {path}{near or '; example: --config=configs/cyclegan.py'}"
        )
    if path.suffix == ".json":
        return complete(_load_json(path))
    spec = spec_from_file_location(f"config_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserError(f"--config={file}: expected a Python file (.py), or a variant behind a colon")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        config = module.get_config(variant)
    except UserError as error:
        raise UserError(f"--config={file}: {error}") from error
    except Exception as error:
        raise UserError(f"--config={file}: {_where(error, path)}{type(error).__name__}: {error}") from error
    if not isinstance(config, ConfigDict):
        raise UserError(f"--config={file}: get_config gave {type(config).__name__}, expected a ConfigDict")
    return complete(config)


def _load_json(path: Path) -> ConfigDict:
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (UserError, OSError, UnicodeDecodeError) as error:
        raise UserError(f"--config={path}: {error}") from error


def complete(config: ConfigDict) -> ConfigDict:
    """A locked copy of a config with what it lacks of HOW and of LATER: one of an earlier release can be used."""
    config = config.copy_and_resolve_references()
    with config.unlocked():
        for key, value in (HOW | LATER[""] | LATER.get(str(config.get("gan", "")), {})).items():
            if key not in config:
                config[key] = value
    return config.lock()


def split(file: str) -> tuple[Path, str]:
    """The path and the variant of "path.py:variant"; without a variant it is ""."""
    stem, colon, variant = file.partition(".py:")
    return Path(f"{stem}.py" if colon else file), variant


def vary(config: ConfigDict, variant: str, variants: Mapping[str, Mapping[str, Any]]) -> ConfigDict:
    """`config` with the changes of one variant, {"data.crop": 256, "generator": {...}}; "" changes nothing.

    Raises:
        UserError: the variant is unknown, or it changes a key that the config does not have.
    """
    if variant and variant not in variants:
        raise UserError(
            f'no variant "{variant}"{nearest(variant, variants)}; there are {", ".join(variants)}'
        )
    changes = variants[variant] if variant else {}
    for key in changes:
        if key not in config and key not in leaves(config):
            raise UserError(f'variant "{variant}" sets {unknown(key, config)}')
    with config.unlocked(), config.ignore_type():
        for key, value in changes.items():
            block, name = locate(config, key)
            block[name] = ConfigDict(value) if isinstance(value, Mapping) else value
    return config


def unknown(key: str, config: ConfigDict) -> str:
    """One line about a key that `config` does not have, with the nearest ones that it has."""
    if isinstance(_get(config, key), ConfigDict):
        example = next(leaf for leaf in leaves(config) if leaf.startswith(f"{key}."))
        return f"config.{key}, which holds several values; set one of them, such as --config.{example}=..."
    near = _did_you_mean(
        {
            f"config.{leaf}": max(_likeness(key, leaf), _likeness(_end(key), _end(leaf)))
            for leaf in leaves(config)
        }
    )
    return f"config.{key}, which does not exist{near or '; --help lists all keys'}"


def nearest(name: str, names: Iterable[str]) -> str:
    """ "; did you mean a or b?" with those of `names` that are spelt most like `name`, or "" if none is."""
    return _did_you_mean({other: _likeness(name, other) for other in names})


def brief(value: Any) -> str:
    """A value as Python writes it, on one line and not endless."""
    if isinstance(value, int) and abs(value) >= 10**80:  # Python refuses to write out the longest ones
        return "a number of more than 80 digits"
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def leaves(config: Mapping[str, Any]) -> dict[str, Any]:
    """All values by their dotted keys, in the order of the file: {"seed": 0, "data.root": "", ...}."""
    return dict(_walk(config, ""))


def locate(config: ConfigDict, key: str) -> tuple[ConfigDict, str]:
    """The block that holds a dotted key, and the key's name in it."""
    prefix, _, name = key.rpartition(".")
    return (_get(config, prefix) if prefix else config), name


def difference(old: Mapping[str, Any], new: Mapping[str, Any], ignore: Collection[str] = ()) -> list[str]:
    """One line for each dotted key whose values differ, such as "data.crop: 64 -> 256"; [] for equal configs.

    Keys in `ignore` may differ. JSON's lists count as tuples.
    """
    before, after = leaves(old), leaves(new)
    shown = [{key: json.dumps(value) for key, value in side.items()} for side in (before, after)]
    keys = [
        key for key in {**before, **after} if key not in ignore and _plain(before, key) != _plain(after, key)
    ]
    return [f"{key}: {shown[0].get(key, '(absent)')} -> {shown[1].get(key, '(absent)')}" for key in keys]


def to_json(config: ConfigDict) -> str:
    """The config as JSON text; tuples become lists."""
    return json.dumps(config.to_dict(), indent=2) + "\n"


def from_json(text: str) -> ConfigDict:
    """The locked config that `to_json` wrote; lists become tuples.

    Raises:
        UserError: the text is not the JSON of a config.
    """
    try:
        values = json.loads(text)
    except (
        ValueError,
        RecursionError,
    ) as error:  # numbers of thousands of digits are a ValueError of their own
        raise UserError(f"not a config in JSON: {error}") from error
    if not isinstance(values, dict):
        raise UserError("not a config in JSON: expected an object { ... }")
    return ConfigDict(_tuples(values)).lock()


def _likeness(a: str, b: str) -> float:
    return difflib.SequenceMatcher(None, a, b).ratio()


def _did_you_mean(likeness: Mapping[str, float]) -> str:
    ordered = sorted(likeness, key=lambda name: -likeness[name])[:3]
    close = [name for name in ordered if likeness[name] >= max(0.6, likeness[ordered[0]] - 0.1)]
    return f"; did you mean {' or '.join(close)}?" if close else ""


def _end(key: str) -> str:
    return key.split(".")[-1]


def _walk(block: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in block.items():
        if isinstance(value, (ConfigDict, dict)) and len(value):
            yield from _walk(value, f"{prefix}{name}.")
        elif isinstance(value, ConfigDict):
            yield prefix + name, {}
        else:
            yield prefix + name, value


def _get(config: ConfigDict, key: str) -> Any:
    value: Any = config
    for name in key.split("."):
        if not isinstance(value, ConfigDict) or name not in value:
            return None
        value = value[name]
    return value


def _tuples(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _tuples(inner) for key, inner in value.items()}
    return tuple(_tuples(inner) for inner in value) if isinstance(value, (list, tuple)) else value


def _plain(values: Mapping[str, Any], key: str) -> Any:
    value = values.get(key, ...)
    # True == 1 in Python, but not in a config.
    return (isinstance(value, bool), _tuples(value))


def _where(error: Exception, path: Path) -> str:
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f"line {lines[-1]}: " if lines else ""
