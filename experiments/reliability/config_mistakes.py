"""Mistakes that users make in configs: each is a command line, and says what must come of it."""

import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gan_jax import flags, rules, settings

REFUSED, EITHER = "refused", "refused, or legal"


class Mistake(NamedTuple):
    """The flags, the key that the message must name, what must come of it, and a key that the message should offer."""

    kind: str
    what: str
    flags: list[str]
    names: str
    expected: str = REFUSED
    right: str = ""


Values = dict[str, Any]
Make = Callable[[np.random.Generator, str, Values, Path], Mistake]
# As text behind --config.KEY=, for keys of each type: wrong whatever the key.
NO_NUMBER = [
    "",
    "many",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "1,2",
    "\N{VULGAR FRACTION ONE HALF}",
    "0x10",
    "None",
    "True",
    "[]",
]
NO_SWITCH = ["", "maybe", "2", "nan", "yes please", "0.5", "\N{CHECK MARK}"]
NO_NAME = ["", "none of these", "nan", "3", "CYCLEGAN", "../gans/cyclegan", "os", "\N{CAT FACE}", "a\nb"]
# Right for some keys: refused, or legal.
EDGES = [
    "0",
    "-1",
    "1",
    "2",
    "1e9",
    "2147483648",
    "-0.0",
    "1e-45",
    "1e38",
    "9" * 30,
    "0.999999",
    "1.0",
    "1.5",
    "65537",
]
TEXTS = ["/no/such/place", "a" * 5000, "\N{CAT FACE}", "../..", "~", "%s{0}", "a\tb"]
# In JSON, where values have types of their own: wrong for numbers, for switches and for text.
TYPES: list[Any] = [
    None,
    [],
    {},
    [1, 2, 3],
    {"a": 1},
    "text",
    True,
    float("nan"),
    float("inf"),
    10**400,
    -(10**30),
    "\0",
    1.5,
]
PAIRS = [
    ("cyclegan", {"data.crop": 65, "data.resize": 64}, "data.crop"),
    ("cyclegan", {"steps": 0, "epochs": 0}, "steps"),
    ("cyclegan", {"data.x": "photos"}, "data.y"),
    ("cyclegan", {"data.y": "drawings"}, "data.x"),
    ("cyclegan", {"data.tfds": "cycle_gan/maps", "data.root": "mine"}, "data.tfds"),
    ("pix2pix", {"batch_size": 4, "accumulate": 3}, "accumulate"),
    ("wgan", {"accumulate": 7}, "accumulate"),
    ("gan", {"generator.norm": "instance"}, "generator.norm"),
    ("dcgan", {"discriminator.norm": "instance"}, "discriminator.norm"),
    ("bigan", {"encoder.norm": "instance"}, "encoder.norm"),
    ("cyclegan:campus", {"data.crop": 300}, "data.crop"),
]


def misspelt(rng: np.random.Generator, config: str, values: Values, scratch: Path) -> Mistake:
    """A key by one or two letters wrong."""
    key = _pick(rng, list(values))
    wrong = key
    while wrong in values or wrong.rstrip(".") != wrong:
        wrong = _edited(rng, key, int(rng.integers(1, 3)))
    return Mistake("key misspelt", wrong, [f"--config={config}", f"--config.{wrong}=1"], wrong, right=key)


def misspelt_in_file(rng: np.random.Generator, config: str, values: Values, scratch: Path) -> Mistake:
    """A key of a config file by one letter wrong, so that the right one is missing."""
    key = _pick(rng, [key for key in values if len(key.rpartition(".")[2]) > 4])
    outer, dot, name = key.rpartition(".")
    wrong = key
    while wrong in values or wrong.endswith("_every"):
        wrong = outer + dot + _edited(rng, name, 1)
    tree = _tree(values)
    block = tree[outer] if outer else tree
    block[wrong.rpartition(".")[2]] = block.pop(name)
    return _file("key misspelt in a file", scratch, config, tree, wrong, wrong, key)


def value(rng: np.random.Generator, config: str, values: Values, scratch: Path) -> Mistake:
    """Text that is no value of the key's type, or one at the edge of what it may be."""
    key = _pick(rng, list(values))
    like = values[key]
    chosen = key in rules.CHOICES
    wrong = (
        NO_SWITCH
        if isinstance(like, bool)
        else NO_NAME
        if chosen
        else NO_NUMBER
        if _number(like, key)
        else []
    )
    edge = not wrong or bool(rng.integers(2))
    text = _pick(rng, (EDGES if _number(like, key) else TEXTS) if edge else wrong)
    expected = EITHER if edge and not isinstance(like, bool) and not chosen else REFUSED
    if isinstance(like, bool) and text in ("0", "1"):
        expected = EITHER
    return Mistake(
        "wrong value", f"{key}={text[:40]!r}", [f"--config={config}", f"--config.{key}={text}"], key, expected
    )


def typed(rng: np.random.Generator, config: str, values: Values, scratch: Path) -> Mistake:
    """A value of another type in a config file."""
    key, wrong = _pick(rng, list(values)), TYPES[int(rng.integers(len(TYPES)))]
    legal = isinstance(wrong, float) and isinstance(values[key], float) and wrong == 1.5
    text = (
        isinstance(values[key], str)
        and isinstance(wrong, str)
        and key not in rules.CHOICES
        and wrong == "text"
    )
    switch = isinstance(values[key], bool) and isinstance(wrong, bool)
    expected = EITHER if legal or text or switch else REFUSED
    tree, (outer, _, name) = _tree(values), key.rpartition(".")
    (tree[outer] if outer else tree)[name] = wrong
    return _file("wrong type in a file", scratch, config, tree, f"{key}={str(wrong)[:40]}", key)._replace(
        expected=expected
    )


def pair(rng: np.random.Generator, config: str, values: Values, scratch: Path) -> Mistake:
    """Two values that contradict each other."""
    name, changes, key = PAIRS[int(rng.integers(len(PAIRS)))]
    path, _, variant = name.partition(":")
    arguments = [f"--config=configs/{path}.py{variant and ':'}{variant}"]
    arguments += [f"--config.{each}={given}" for each, given in changes.items()]
    return Mistake("contradiction", " ".join(arguments), arguments, key)


def flag(rng: np.random.Generator, config: str, values: Values, scratch: Path) -> Mistake:
    """Another flag, file or variant than there is."""
    path, _, variant = config.partition(":")
    name = _edited(rng, Path(path).stem, 1)
    broken = scratch / "broken.py"
    broken.write_text("def get_config(variant):\n    return 1 / 0\n")
    choices = {
        f"--conifg={config}": "--conifg",
        f"--config={path}:{_edited(rng, variant or 'nothing', 1)}x": "variant",
        f"--config=configs/{name}x.py": f"{name}x",
        f"--config={broken}": "broken.py",
        "--config.": "--config.",
        "--workdir=": "--workdir",
        "steps=3": "steps",
        f"--config.{_pick(rng, list(values))}": "lacks its value",
    }
    arguments = _pick(rng, list(choices))
    return Mistake("wrong flag", arguments, [arguments], choices[arguments])


# How often each kind of mistake comes.
SHARES: dict[Make, int] = {misspelt: 30, misspelt_in_file: 8, value: 35, typed: 20, pair: 4, flag: 3}


def configs() -> dict[str, Values]:
    """Every config and variant in configs/, with its keys and values."""
    found = {}
    for path in sorted(Path("configs").glob("*.py")):
        text = path.read_text()
        module: dict[str, Any] = {}
        exec(compile(text, str(path), "exec"), module)
        for variant in ("", *module["VARIANTS"]):
            name = f"{path}{variant and ':'}{variant}"
            found[name] = settings.leaves(settings.load(name))
    return found


def _number(like: Any, key: str) -> bool:
    return (isinstance(like, (int, float)) and not isinstance(like, bool)) or key in flags.SIZES


def _pick(rng: np.random.Generator, among: list[str]) -> str:
    return among[int(rng.integers(len(among)))]


def _edited(rng: np.random.Generator, word: str, edits: int) -> str:
    """Letters left out, doubled, swapped, or others in their place."""
    for _ in range(edits):
        at = int(rng.integers(len(word)))
        letter = string.ascii_lowercase[int(rng.integers(26))]
        swapped = word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
        changed = [
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
        ]
        word = [*changed, swapped][int(rng.integers(4))] or word
    return word


def _tree(values: Values) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, given in values.items():
        outer, _, name = key.rpartition(".")
        (tree.setdefault(outer, {}) if outer else tree)[name] = given
    return tree


def _file(
    kind: str, scratch: Path, config: str, tree: Any, what: str, names: str, right: str = ""
) -> Mistake:
    path = scratch / "mine.json"
    path.write_text(json.dumps(tree))
    return Mistake(kind, f"{what}, in {config}", [f"--config={path}"], names, right=right)
