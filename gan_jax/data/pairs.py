"""Which pictures of two domains belong together, by their names."""

import os
import re
from pathlib import PurePosixPath

from gan_jax.data.pictures import Domains, Source
from gan_jax.errors import UserError

BORROWED = 8  # so many training pairs are shown where there are no test pairs


def pair(found: Source, required: bool) -> Source:
    """Puts true pairs side by side.

    With `required`, training and test pictures are cut down to those with a partner. Without, all stay, and
    the test pictures count as pairs when both sides have the same stems and these are not mere numbers: sets
    that have nothing to do with each other are often numbered alike.

    Raises UserError when pairs are required and there are none.
    """
    test, alone = match(found.test)
    if not required:
        numbered = all(PurePosixPath(name).stem.isdigit() for name in found.test.x.names)
        if alone or numbered:
            return found
        line = "test pictures of one name are taken for true pairs"
        return found._replace(test=test, paired_test=True, found=(*found.found, line))
    lines = [f"left out {alone} test pictures without a partner"] if alone else []
    train, alone = match(found.train)
    lines += [f"left out {alone} training pictures without a partner"] if alone else []
    if not len(train.x):
        raise UserError(
            f"config.data.paired=True, but in {found.name} no training picture has a partner: give the two "
            "files of a pair one name (the suffix and a last _A or _B may differ)"
        )
    if not len(test.x):
        test = Domains(*(pictures.select(range(min(BORROWED, len(pictures)))) for pictures in train))
        lines.append(f"no pair to test on, so the first {len(test.x)} to train on are shown instead")
    return found._replace(train=train, test=test, paired_test=True, found=(*found.found, *lines))


def match(domains: Domains) -> tuple[Domains, int]:
    """The pairs of one stem in name order, and how many pictures of either side have no partner."""
    places = []
    for pictures in domains:
        place: dict[str, int] = {}
        for i, name in enumerate(pictures.names):
            place.setdefault(stem(name), i)
        places.append(place)
    common = sorted(places[0].keys() & places[1].keys())
    x, y = (
        pictures.select([place[name] for name in common])
        for pictures, place in zip(domains, places, strict=True)
    )
    return Domains(x, y), len(domains.x) + len(domains.y) - 2 * len(common)


def stem(name: str) -> str:
    """A name without its suffix and without a last _A or _B: what the two files of a pair have in common."""
    return re.sub(r"[_-][AB]$", "", os.path.splitext(name)[0])
