"""Large pages are asked for where the C library and Linux give them on request, once, by the same process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan_jax.huge_pages import asking

ASKED = "always [madvise] never\n"
ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, "glibc.malloc.hugetlb=1"),
        ({"GLIBC_TUNABLES": ""}, "glibc.malloc.hugetlb=1"),
        ({"GLIBC_TUNABLES": "glibc.malloc.check=3"}, "glibc.malloc.check=3:glibc.malloc.hugetlb=1"),
    ],
)
def test_the_environment_asks(before: dict[str, str], after: str) -> None:
    assert asking({"HOME": "/h", **before}, ASKED, "glibc 2.36") == {"HOME": "/h", "GLIBC_TUNABLES": after}


@pytest.mark.parametrize(
    ("environment", "kernel", "library"),
    [
        (
            {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=0"},
            ASKED,
            "glibc 2.36",
        ),  # said already, by us or by the user
        ({}, "[always] madvise never\n", "glibc 2.36"),
        ({}, "always madvise [never]\n", "glibc 2.36"),
        ({}, "", "glibc 2.36"),  # not Linux
        ({}, ASKED, "glibc 2.34"),
        ({}, ASKED, "glibc 1.99"),
        ({}, ASKED, ""),
        ({}, ASKED, "musl 1.2.5"),
        ({}, ASKED, "glibc unknown"),
    ],
)
def test_nothing_is_asked_for_in_vain(environment: dict[str, str], kernel: str, library: str) -> None:
    assert asking(environment, kernel, library) is None


CODE = """
import os, sys
from pathlib import Path
from gan_jax import huge_pages
huge_pages.KERNEL = Path(sys.argv[1])
huge_pages._library = lambda: "glibc 2.36"
print(os.getpid(), sys.argv[1:], sys.flags.utf8_mode, os.environ.get("GLIBC_TUNABLES"), flush=True)
huge_pages.start_again()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it is for Linux")
def test_it_is_the_same_process_with_the_same_arguments(tmp_path: Path) -> None:
    (tmp_path / "enabled").write_text(ASKED)
    environment = {name: value for name, value in os.environ.items() if name != "GLIBC_TUNABLES"}
    arguments = [str(tmp_path / "enabled"), "--a=1 2", ""]
    run = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", CODE, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    first, second = run.stdout.splitlines()  # and no third
    assert first.split()[0] == second.split()[0]
    assert first.removesuffix("None") == second.removesuffix("glibc.malloc.hugetlb=1")
    assert f"{arguments} 1" in first
    assert (run.returncode, run.stderr) == (0, "")
