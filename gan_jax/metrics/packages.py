"""Weight files that lie inside packages: found and checked without importing the package."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from gan_jax.errors import UserError


def find(package: str, file: str, module: str) -> Path:
    """The path of `file` inside an installed package's `module`.

    Raises:
        UserError: the package is not installed, or lacks the file; says what to install.
    """
    spec = find_spec(module)
    places = (spec.submodule_search_locations if spec else None) or []
    for place in places:
        if (path := Path(place) / file).is_file():
            return path
    raise UserError(
        f"the package {package} is not installed: pip install {package}, or pip install -e '.[metrics]'"
    )


def check(path: Path, sha256: str, what: str) -> None:
    """Raises UserError where the file's SHA-256 does not start with `sha256`, or it cannot be read."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; expected {what}") from error
    if not found.startswith(sha256):
        raise UserError(
            f"{path} is not {what}: its SHA-256 starts with {found[:8]}, expected {sha256[:8]}; download it again"
        )
