"""The pictures of one folder judged by those of another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gan_jax.data import pairs as names
from gan_jax.data.pictures import Pictures
from gan_jax.data.scan import EXTENSIONS, printable, scan
from gan_jax.data.survey import skipped_lines, survey
from gan_jax.decoding import Picture, Unreadable
from gan_jax.errors import UserError
from gan_jax.evaluation.judge import Judge
from gan_jax.levels import to_float
from gan_jax.metrics.pairs import Image
from gan_jax.metrics.score import Group

CHANNELS, BITS = 3, 8
JPEG = (".jpg", ".jpeg", ".jpe", ".jfif")
SHOWN = 3


def judge(
    real_folder: Path, fake_folder: Path, paired: bool, judge: Judge
) -> tuple[dict[str, Any], list[Group]]:
    """The sets compared and, where files of one name are `paired`, the pairs.

    Raises:
        UserError: a folder without enough pictures, pairs of different names or sizes.
    """
    real, fake = read(real_folder, judge), read(fake_folder, judge)
    pairs = match(real, fake) if paired else []
    title = f"{printable(fake_folder)} against {printable(real_folder)}"
    extracted = [
        judge.extract(printable(folder), pictures(found, judge), len(found))
        for folder, found in ((real_folder, real), (fake_folder, fake))
    ]
    group = judge.sets(title, *extracted)
    groups = [group._replace(warnings=[*group.warnings, *_compressed(real, fake)])]
    if paired:
        groups.append(judge.pairs(f"{title}, pair by pair", _pairs(real, fake, pairs), len(pairs)))
    return {"real": str(real_folder), "fake": str(fake_folder)}, groups


def read(folder: Path, judge: Judge) -> Pictures:
    """The pictures below a folder; what cannot be read is noted as left out. Raises UserError for none."""
    checked = survey(scan(folder), CHANNELS, BITS)
    lines = [f"{printable(folder)}: {line}" for line in skipped_lines(checked.skipped)]
    if not len(checked.pictures):
        why = "; ".join(lines) or f"expected files of {' '.join(sorted(EXTENSIONS))}"
        raise UserError(f"{printable(folder)}: no picture that can be read ({why})")
    judge.left_out += lines
    return checked.pictures


def pictures(found: Pictures, judge: Judge) -> Iterator[Picture]:
    """All that can be read: a large folder was not wholly looked at before."""
    for i, name in enumerate(found.names):
        try:
            yield found[i]
        except Unreadable as error:
            judge.left_out.append(f"{printable(name)}: {printable(error)}")


def match(real: Pictures, fake: Pictures) -> list[tuple[int, int]]:
    """The places of pictures of one name (without its suffix), in name order.

    Raises:
        UserError: a picture has no partner, or more than one.
    """
    places = [{names.stem(name): i for i, name in enumerate(found.names)} for found in (real, fake)]
    for found, place, side in zip((real, fake), places, ("real", "fake"), strict=True):
        if len(place) < len(found.names):
            kept = set(place.values())
            twice = next(name for i, name in enumerate(found.names) if i not in kept)
            raise UserError(f"--paired: --{side} has more than one {printable(names.stem(twice))}")
    alone = [
        f"{_some(sorted(set(own) - set(others)))} only in --{side}"
        for own, others, side in ((places[0], places[1], "real"), (places[1], places[0], "fake"))
        if set(own) - set(others)
    ]
    if alone:
        raise UserError(
            f"--paired: the two files of a pair need one name: {'; '.join(alone)}; "
            "rename them, or leave --paired out"
        )
    return [(place, places[1][name]) for name, place in sorted(places[0].items())]


def _some(missing: list[str]) -> str:
    shown = ", ".join(map(printable, missing[:SHOWN]))
    return shown + (f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else "")


def _pairs(real: Pictures, fake: Pictures, places: list[tuple[int, int]]) -> Iterator[tuple[Image, Image]]:
    for i, j in places:
        try:
            truth, predicted = real[i], fake[j]
        except Unreadable:
            continue  # noted when its features were asked for
        if truth.shape != predicted.shape:
            sizes = [f"{picture.shape[1]}x{picture.shape[0]}" for picture in (truth, predicted)]
            raise UserError(
                f"--paired: {printable(real.names[i])} has {sizes[0]} pixels in --real and {sizes[1]} in --fake; "
                "resize one side, or leave --paired out"
            )
        yield to_float(predicted), to_float(truth)


def _compressed(real: Pictures, fake: Pictures) -> list[str]:
    shares = [sum(name.lower().endswith(JPEG) for name in found.names) / len(found) for found in (real, fake)]
    if abs(shares[0] - shares[1]) < 0.5:
        return []
    side = "real" if shares[0] > shares[1] else "fake"
    return [f"only --{side} holds JPEG files: their artefacts move every distance; compare PNG with PNG"]
