"""What to tell someone whose folder is not laid out as trainA and trainB."""

import os
import re
from pathlib import Path

from gan_jax.data.scan import EXTENSIONS, printable
from gan_jax.errors import UserError

LAYOUT = "trainA and trainB (testA and testB too, if there are test pictures)"
OTHER_WAY = "or name two folders with --config.data.x=... and --config.data.y=..."
PARTS = ("trainA", "trainB", "testA", "testB")


def advise(root: Path) -> None:
    """Raises UserError where `root` lacks trainA or trainB: what is there, what was expected, the way out."""
    lacking = [name for name in PARTS[:2] if not os.path.isdir(root / name)]
    if not lacking:
        return
    shown = f"config.data.root={printable(root)}"
    if not os.path.isdir(root):
        what = "is a file" if os.path.exists(root) else "does not exist"
        raise UserError(f"{shown}: this folder {what}; expected a folder that holds {LAYOUT}")
    try:
        entries = sorted(entry for entry in os.listdir(root) if not entry.startswith("."))
    except OSError as error:
        raise UserError(f"{shown}: cannot be opened ({error.strerror}); allow yourself to read it") from error
    raise UserError(f"{shown}: {' and '.join(lacking)} missing; {_way_out(root, entries, lacking)}")


def _way_out(root: Path, entries: list[str], lacking: list[str]) -> str:
    folders = [entry for entry in entries if os.path.isdir(root / entry)]
    if root.resolve().name in PARTS:
        return (
            f"this is one of the parts itself: give the folder above it, {printable(root.resolve().parent)}"
        )
    alike = [(entry, part) for part in lacking for entry in folders if _plain(entry) == _plain(part)]
    if alike:
        return f"rename {', '.join(f'{printable(entry)} to {part}' for entry, part in alike)}, {OTHER_WAY}"
    for folder in folders:
        if all(os.path.isdir(root / folder / part) for part in PARTS[:2]):
            return f"did you mean {printable(root / folder)}?"
    if len(folders) == 2 and lacking == list(PARTS[:2]):
        x, y = (printable(root / folder) for folder in folders)
        return f"to take the two folders in it: --config.data.root= --config.data.x={x} --config.data.y={y}"
    pictures = sum(os.path.splitext(entry)[1].lower() in EXTENSIONS for entry in entries)
    if pictures:
        return f"there are {pictures} pictures in it: sort them into {LAYOUT}, {OTHER_WAY}"
    there = ", ".join(printable(entry) for entry in entries[:5]) + (" ..." if len(entries) > 5 else "")
    return f"expected {LAYOUT}, found {there or 'an empty folder'}; {OTHER_WAY}"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
