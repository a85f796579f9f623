"""about.json: what a checkpoint says of itself, and the sums that show whether it is whole."""

import json
import zlib
from pathlib import Path
from typing import Any

import jax
from jaxtyping import PyTree

ABOUT = "about.json"
CHECK = "crc32"  # its key for a sum over all the others


class Damaged(Exception):
    """A checkpoint that cannot be read whole."""


def note(path: Path, facts: dict[str, Any]) -> None:
    """Write the facts of the checkpoint in `path`, with sums of its files and of themselves."""
    facts = {**facts, "files": files(path)}
    (path / ABOUT).write_text(json.dumps({**facts, CHECK: _check(facts)}))


def about(path: Path) -> dict[str, Any]:
    """The facts saved with the checkpoint `<run>/checkpoints/<step>`, among them its `metrics`. Raises Damaged."""
    try:
        facts = json.loads((path / ABOUT).read_text())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Damaged(f"{ABOUT} is missing") from error
    except ValueError as error:
        raise Damaged(f"{ABOUT} has changed: it is no JSON") from error
    if not isinstance(facts, dict) or not {"files", "leaves"} <= facts.keys():
        raise Damaged(f"{ABOUT} is incomplete")
    if CHECK in facts and facts.pop(CHECK) != _check(facts):  # those of before version 0.2 have none
        raise Damaged(f"{ABOUT} has changed")
    return facts


def files(path: Path) -> dict[str, int]:
    """The CRC-32 of each file in a directory, but for our own."""
    found = (file for file in path.rglob("*") if file.is_file() and file.name != ABOUT)
    return {file.relative_to(path).as_posix(): zlib.crc32(file.read_bytes()) for file in found}


def leaves(tree: PyTree) -> dict[str, str]:
    """What a tree consists of: {".params['G']['Conv_0']['kernel']": "float32[3,3,8,8]", ...}."""
    return {
        jax.tree_util.keystr(path): f"{leaf.dtype}{list(leaf.shape)}".replace(" ", "")
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


def _check(facts: dict[str, Any]) -> int:
    """The CRC-32 of JSON, however it is spaced."""
    return zlib.crc32(json.dumps(facts, sort_keys=True).encode())
