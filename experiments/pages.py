"""What experiments/proof.py writes: a page for each system, and one table of all. Nothing in them is typed by hand."""

from pathlib import Path
from typing import Any

import numpy as np

START, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def values(results: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """The numbers by label and metric, a value for each seed."""
    found: dict[str, dict[str, list[float]]] = {}
    for label, seeds in results["measured"].items():
        for seed in sorted(seeds, key=int):
            for metric, value in seeds[seed]["numbers"].items():
                found.setdefault(label, {}).setdefault(metric, []).append(value)
    return found


def spread(numbers: list[float]) -> str:
    """Mean and standard deviation over the seeds."""
    mean = shown(float(np.mean(numbers)))
    return f"{mean} ± {shown(float(np.std(numbers, ddof=1)))}" if len(numbers) > 1 else mean


def shown(value: float) -> str:
    """Three digits."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def write(folder: Path, name: str, proof: Any, results: dict[str, Any]) -> None:
    """The folder's README.md: what stands before and behind the measured part is left as it is."""
    found = values(results)
    metrics = list(dict.fromkeys(metric for row in found.values() for metric in row))
    rows = [f"| run | {' | '.join(metrics)} | seeds | seconds each |", "|---" * (len(metrics) + 3) + "|"]
    for label, row in found.items():
        seeds = results["measured"][label]
        seconds = spread([one["seconds"] for one in seeds.values()])
        cells = [spread(row[metric]) if metric in row else "" for metric in metrics]
        rows.append(f"| {label} | {' | '.join(cells)} | {', '.join(sorted(seeds, key=int))} | {seconds} |")
    kind, why = judged(proof, results)
    machine = (
        "{cpu}, JAX {jax}, {backend}".format(**results["machine"]) if results["machine"] else "nothing yet"
    )
    part = [
        START,
        f"Claim: {proof.claim}\n",
        f"Paper: {proof.paper}. Its number: {proof.published}\n",
        f"Verdict: **{kind}**. {why}\n",
        *rows,
        f"\nMean ± standard deviation over the seeds. `python -m experiments.proof {name}` on {machine}.\n",
        *(f"![{path.stem.replace('_', ' ')}]({path.name})" for path in sorted(folder.glob("*.png"))),
        END,
    ]
    path = folder / "README.md"
    text = path.read_text() if path.exists() else f"# {name}\n\n{START}\n{END}\n"
    before, _, rest = text.partition(START)
    path.write_text(before + "\n".join(part) + rest.partition(END)[2])


def judged(proof: Any, results: dict[str, Any]) -> tuple[str, str]:
    """The proof's verdict, once everything it asks for was measured."""
    found = values(results)
    if any(label not in found for label in proof.runs) or (proof.direct and "direct" not in found):
        return "not measured yet", ""
    verdict: tuple[str, str] = proof.verdict(found)
    return verdict


def write_table(folder: Path, proofs: dict[str, tuple[Any, dict[str, Any]]]) -> None:
    """experiments/README.md: a row for each system."""
    titles = (
        "system",
        "paper",
        "claim",
        "ours (mean ± sd over seeds)",
        "the paper's number",
        "minutes",
        "verdict",
    )
    rows = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for name, (proof, results) in proofs.items():
        found, label = values(results), next(iter(proof.runs), "direct")
        label = label if proof.headline in found.get(label, {}) else "direct"
        ours = found.get(label, {}).get(proof.headline)
        seconds = [one["seconds"] for one in results["measured"].get(label, {}).values()]
        config = next((run[0] for run in proof.runs.values()), "")
        cells = (
            f"[{name}]({name}/README.md)",
            proof.paper,
            f"{proof.claim} (`{config}`)",
            f"{proof.headline} {spread(ours)}, {len(ours)} seeds" if ours else "not measured yet",
            proof.published,
            shown(float(np.mean(seconds)) / 60) if seconds else "",
            judged(proof, results)[0],
        )
        rows.append(f"| {' | '.join(cells)} |")
    path = folder / "README.md"
    text = path.read_text() if path.exists() else f"# Experiments\n\n{START}\n{END}\n"
    before, _, rest = text.partition(START)
    path.write_text(before + "\n".join([START, *rows, END]) + rest.partition(END)[2])
