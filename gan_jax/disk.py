"""What disks refuse, in a few words."""

import shutil
from pathlib import Path


def reason(error: BaseException) -> str:
    """The first line of an error, or the few words of the system in it."""
    for words in ("No space left on device", "Permission denied", "Read-only file system"):
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
