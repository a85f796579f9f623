"""The measured part of experiments/reliability/README.md, from the results beside it."""

from pathlib import Path
from typing import Any

START, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SHOWN = 20  # messages of one fault
TITLES = ("fault", "promise", "tried", "kept", "at worst", "minutes")


def row(fault: Any, found: dict[str, Any] | None) -> list[str]:
    """The cells of one fault; "10 of 100" tries where it was cut short."""
    cells = [fault.FAULT, fault.PROMISE]
    if found is None:
        return [*cells, "not tried yet", "", "", ""]
    kept = f"{found['kept']}" if found["kept"] == found["tries"] else f"**{found['kept']}**"
    worst = ", ".join(f"{name} {value:.3g}" for name, value in found["worst"].items())
    tried = f"{found['tries']:,}" + (f" of {fault.TRIES:,}" if found["tries"] < fault.TRIES else "")
    return [*cells, tried, kept, worst, f"{found['seconds'] / 60:.1f}"]


def lines(faults: dict[str, Any], results: dict[str, Any]) -> list[str]:
    """The table of all faults, what went wrong, and what the user reads."""
    part = [f"| {' | '.join(TITLES)} |", "|---" * len(TITLES) + "|"]
    part += [f"| {' | '.join(row(fault, results.get(name)))} |" for name, fault in faults.items()]
    known = {name: results[name] for name in faults if name in results}
    part += [f"\n{where(known)}"] if known else []
    wrong = [f"- {name}: {one['what']}: {one['wrong']}" for name in known for one in known[name]["wrong"]]
    part += ["\n### What went wrong\n", *wrong] if wrong else []
    if any(found["said"] for found in known.values()):
        part += [
            "\n### What the user reads\n",
            f"One message of each kind, as it was printed; {SHOWN} of a fault at most, all of them in results.json.\n",
        ]
        for name, found in known.items():
            if found["said"]:
                part += [f"{faults[name].FAULT}:\n", "```text", *found["said"][:SHOWN], "```\n"]
    return part


def where(known: dict[str, Any]) -> str:
    """When, on what and with which versions; each combination once."""
    places = {
        f"Tried on {found['date']}, {found['machine']}, seed {found['seed']}, "
        + ", ".join(f"{name} {version}" for name, version in found["versions"].items())
        for found in known.values()
    }
    return ". ".join(sorted(places)) + "."


def write(folder: Path) -> None:
    """README.md: what stands before and behind the measured part is left as it is."""
    from experiments.reliability import torture

    faults = {name: torture.load(name) for name in torture.names()}
    path = folder / "README.md"
    text = path.read_text() if path.exists() else f"# Reliability\n\n{START}\n{END}\n"
    before, _, rest = text.partition(START)
    part = [START, "", *lines(faults, torture.read(folder)), END]
    path.write_text(before + "\n".join(part) + rest.partition(END)[2])
