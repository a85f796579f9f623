"""Breaks gan_jax for real, many times, and writes what came of it to results.json and README.md beside this file.

    python -m experiments.reliability.torture                 every fault, as often as its page says
    python -m experiments.reliability.torture kill damage     those; what is known of the others stays
    python -m experiments.reliability.torture kill --tries=3  fewer, to look at; nothing is written
    python -m experiments.reliability.torture --page          only README.md anew

Each fault is a file in faults/. What it found is written as soon as it is known. The exit status is 1 when a promise
was broken; the runs in which that happened are kept for a look.
"""

import argparse
import contextlib
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from experiments.reliability import page
from experiments.reliability.trial import Try, failure, summary

HERE = Path(__file__).parent
PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "grain", "numpy", "pillow")


def main(arguments: Sequence[str] | None = None, folder: Path = HERE) -> int:
    """Breaks what the flags name; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="files of faults/; default: all")
    parser.add_argument("--tries", type=int, help="so many of each; nothing is written then")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--page", action="store_true", help="only write README.md anew")
    options = parser.parse_args(arguments)
    every = names()
    if not set(options.names) <= set(every):
        parser.error(f"expected some of {', '.join(every)}")
    if options.page:
        page.write(folder)
        return 0
    heed_interrupts()
    return max([tell(name, options.tries, options.seed, folder) for name in options.names or every])


def names() -> list[str]:
    """The faults, by the names of their files."""
    return sorted(path.stem for path in (HERE / "faults").glob("*.py"))


def load(name: str) -> Any:
    """The module of a fault: FAULT, PROMISE, TRIES, tries(scratch, count, seed), and QUICK where it is cheap."""
    return import_module(f"experiments.reliability.faults.{name}")


def tell(name: str, count: int | None, seed: int, folder: Path) -> int:
    """Tries one fault, prints what came of it and, for a full count, writes it; 1 when its promise was broken."""
    found = measure(load(name), count, seed, name)
    print(f"{name}: kept {found['kept']} of {found['tries']}, {found['seconds']:.0f} s, {found['worst']}")
    for line in found["said"]:
        print(f"  said: {line}")
    if count is None:
        write(folder, name, found)
    sys.stdout.flush()
    return int(found["kept"] < found["tries"])


def measure(fault: Any, count: int | None, seed: int, name: str = "") -> dict[str, Any]:
    """The summary of `count` tries (default: all) of a fault, in a directory that goes when all kept the promise."""
    scratch = Path(tempfile.mkdtemp(prefix=f"torture_{name}_"))
    started, tries = time.monotonic(), list[Try]()
    try:
        for one in fault.tries(scratch, count or fault.TRIES, seed):
            tries.append(one)
            print(f"{name} {len(tries)}: {one.what}: {one.wrong or 'kept'}", file=sys.stderr, flush=True)
    except Exception as error:  # of the fault itself: the other faults go on
        tries.append(Try(f"after {len(tries)} tries", failure(error)))
        print(f"{name}: {tries[-1].wrong}", file=sys.stderr, flush=True)
    found = summary(tries, scratch)
    if tries and found["kept"] == found["tries"]:
        shutil.rmtree(scratch, ignore_errors=True)
    else:
        print(f"{name}: kept for a look: {scratch}", file=sys.stderr, flush=True)
    return {**found, "seconds": round(time.monotonic() - started, 1), "seed": seed, **place()}


def place() -> dict[str, Any]:
    """When, with which versions and on what the tries were made."""
    from experiments.proof import machine

    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "versions": versions,
        "machine": machine()["cpu"],
    }


def read(folder: Path) -> dict[str, Any]:
    """What is known: {fault: summary}."""
    path = folder / "results.json"
    return json.loads(path.read_text()) if path.exists() else {}


def write(folder: Path, name: str, found: dict[str, Any]) -> None:
    """Keeps one fault's summary in place of the one before, and the page with it."""
    path = folder / "results.json"
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps({**read(folder), name: found}, indent=1, ensure_ascii=False) + "\n")
    unfinished.replace(path)
    page.write(folder)


def heed_interrupts() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so would all that it starts."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
