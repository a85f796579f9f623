"""Memory in large pages, for a program that trains or translates on a CPU.

What a step computes in is given back to the system after it, which clears it before the next step gets it, page by page
of 4 KiB: 20,000 pages a step of the default config, 600,000 at 256 pixels. In pages of 2 MiB that takes a tenth.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

TUNABLES, LARGE = "GLIBC_TUNABLES", "glibc.malloc.hugetlb"
KERNEL = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def start_again() -> None:
    """Become the same program with large pages, where that helps: first of all, since only a start can ask for them.

    It is the same process, with the same arguments. Somebody's own setting of the C library is left as it is.
    """
    asked = environment()
    if asked is not None and sys.executable:
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], asked)


def environment() -> dict[str, str] | None:
    """This process's environment, asking for large pages; None where that is done already, or would do nothing."""
    return asking(os.environ, _kernel(), _library())


def asking(environment: Mapping[str, str], kernel: str, library: str) -> dict[str, str] | None:
    """The environment that asks for large pages; None where that is done already, or would do nothing.

    `kernel` is whom Linux gives them, with the choice in brackets: "always [madvise] never". `library` is as
    "glibc 2.36"; it asks on behalf of a program since 2.35.
    """
    set_already = environment.get(TUNABLES, "")
    if LARGE in set_already or "[madvise]" not in kernel:
        return None
    name, _, version = library.partition(" ")
    numbers = version.split(".")[:2]
    if name != "glibc" or not all(map(str.isdecimal, numbers)) or tuple(map(int, numbers)) < (2, 35):
        return None
    return {**environment, TUNABLES: ":".join(filter(None, [set_already, f"{LARGE}=1"]))}


def _kernel() -> str:
    try:
        return KERNEL.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def _library() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""
