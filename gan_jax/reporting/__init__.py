"""report.html: everything that a run directory tells, on one page that needs nothing else."""

import os
from pathlib import Path

from gan_jax.errors import UserError
from gan_jax.reporting import facts, sheets
from gan_jax.reporting.page import page

NAME = "report.html"


def write(workdir: Path) -> Path:
    """Write the page of a run directory, which may be of a run that is finished, training, or broken in parts.

    At most 32 sample sheets are on it, of at most 180 kB each but for the last, of at most 1.5 MB, 6 pictures for each
    part of an evaluation, and 80 charts: it stays below some 15 MB however long the run is. Pictures on the page that
    was there are taken over.

    Raises:
        UserError: there is no such directory, or the page cannot be written.
    """
    path = workdir / NAME
    found = facts.read(workdir)
    known = sheets.earlier(path)
    chosen = sheets.chosen(found.sheets)
    pictures = [
        small
        for i, (step, file) in enumerate(chosen)
        if (small := sheets.small(step, file, i == len(chosen) - 1, known))
    ]
    evaluated = {
        key: [small for file in files if (small := sheets.small(0, file, False, known))]
        for key, files in found.beside.items()
    }
    # Another process may write the same page: whole pages replace each other.
    beside = path.with_name(f".{NAME}.{os.getpid()}.part")
    try:
        try:
            beside.write_bytes(page(found, pictures, evaluated).encode("utf-8", "replace"))
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{path} could not be written ({error.strerror}): make room") from error
    return path
