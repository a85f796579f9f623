"""What training does with a folder of pictures, done with one that holds a hostile file beside a good one."""

from pathlib import Path
from typing import Any

import numpy as np

from experiments.reliability.picture_damage import EITHER, READ, REFUSED
from gan_jax.data import folder as folders
from gan_jax.data.resized import Resized, load_together
from gan_jax.data.scan import printable
from gan_jax.decoding import Unreadable, decode
from gan_jax.images import write

GOOD, LEVEL = "good.png", 99


def beside(folder: Path) -> None:
    """The good picture."""
    folder.mkdir()
    write(folder / GOOD, np.full((8, 8, 3), LEVEL, np.uint8))


def look(folder: str, name: str, expected: str, truth: str, off: float, later: str) -> dict[str, str]:
    """List, check and load the folder as training does: what is wrong with that, and what the user reads.

    `truth`: an npy file of the true pixels, or "". `later` happens to the file after it was checked: it is "gone",
    "changed" to something else, or nothing does ("").
    """
    lines: list[str] = []
    pictures = folders.read_folder(Path(folder), 3, 8, lines)
    kept = [other for other in pictures.names if other != GOOD]
    skips = [line for line in lines if "skipped" in line]
    said = skips[0].strip() if skips else ""
    if GOOD not in pictures.names:
        return {"wrong": "the good picture is gone", "said": said}
    if len(kept) + len(skips) != 1:
        return {"wrong": f"{len(kept)} kept and {len(skips)} named of 1", "said": said}
    wrong = _lines(lines, name if skips else "") or _pixels(pictures, kept, expected, truth, off)
    return {"wrong": wrong or _loaded(Path(folder), pictures, kept, later), "said": said}


def _lines(lines: list[str], name: str) -> str:
    for line in lines:
        if not line.isprintable() or line.encode(errors="replace") != line.encode(errors="surrogateescape"):
            return f"not one line of text: {line!r}"
    return "" if printable(name) in "".join(lines) else "the file is not named"


def _pixels(pictures: Any, kept: list[str], expected: str, truth: str, off: float) -> str:
    if expected in (READ, REFUSED) and bool(kept) != (expected == READ):
        return "refused, though it is whole" if expected == READ else "taken, though it should be refused"
    if not kept:
        return ""
    got = pictures[pictures.names.index(kept[0])]
    if got.dtype not in (np.uint8, np.float32) or got.shape[-1] != 3:
        return f"{got.dtype} of shape {got.shape}"
    if expected == EITHER:
        return ""
    true = np.load(truth)
    flat = true.shape[:2] == (1, 1)
    if not flat and got.shape != true.shape:
        return f"of shape {got.shape}, though it is {true.shape}"
    # A large one is looked at in its corners and a part in the middle.
    shown = got[:: max(1, len(got) // 50), :: max(1, got.shape[1] // 50)]
    worst = np.abs(_levels(shown) - (true if flat else true[: len(shown), : shown.shape[1]])).mean()
    return f"off by {worst:.1f} levels in the mean" if worst > off else ""


def _levels(pixels: np.ndarray) -> np.ndarray:
    return pixels * (255.0 if pixels.dtype.kind == "f" else 1.0)


def _loaded(folder: Path, pictures: Any, kept: list[str], later: str) -> str:
    """The examples that training loads, of which a neighbour stands in for what can no longer be read."""
    if later and kept:
        (folder / kept[0]).unlink()
        if later == "changed":
            (folder / kept[0]).write_bytes(b"now it is something else")
    reader = Resized(pictures, (16, 16), limit=0)
    for i, name in enumerate(pictures.names):
        (loaded,) = load_together([reader], i)
        if loaded.shape != (16, 16, 3) or ((name == GOOD or later) and (loaded != LEVEL).any()):
            return f"training got something else of shape {loaded.shape} for {printable(name)}"
    return ""


def whole(data: bytes, pixels: np.ndarray, off: float) -> bool:
    """Whether gan_jax reads a file as these pixels, here and without limits: for the files that are not damaged."""
    try:
        got = decode(data)
    except Unreadable:
        return False
    return got.shape == pixels.shape and bool(np.abs(_levels(got) - pixels).mean() <= off)
