"""What disks refuse, in a few words."""

import errno
import shutil
from pathlib import Path

from gan_jax.errors import FullDisk, UserError

FULL = {errno.ENOSPC: "No space left on device", errno.EDQUOT: "Disk quota exceeded"}


def unwritten(message: str, error: BaseException) -> UserError:
    """The error with that message: a FullDisk where space was wanting."""
    return FullDisk(message) if full(error) else UserError(message)


def full(error: BaseException) -> bool:
    """Whether space was wanting: by its number, or in the words of those who pass on no numbers."""
    return getattr(error, "errno", None) in FULL or any(words in str(error) for words in FULL.values())


def reason(error: BaseException) -> str:
    """The first line of an error, or the few words of the system in it."""
    for words in (*FULL.values(), "Permission denied", "Read-only file system"):
        if words in str(error) and not isinstance(error, OSError):
            return words
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__


def make_room(directory: Path, size: int) -> None:
    """Make a directory in which so many bytes fit.

    Raises:
        OSError: they do not, or it cannot be made.
    """
    directory.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(directory).free
    if free < size:
        raise OSError(f"No space left on device: {size / 1e6:.1f} MB needed, {free / 1e6:.1f} MB free")
