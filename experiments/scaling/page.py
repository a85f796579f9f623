"""README.md from results.json: tables, fitted exponents, and what many accelerators would make of it."""

import math
from pathlib import Path

HERE = Path(__file__).parent
BEGIN, END = "<!-- measured: begin (measure.py writes what stands here) -->", "<!-- measured: end -->"
AXES = ("side", "width", "batch")
# Dense bfloat16 operations a second, bytes a second that a chip sends within the fast network, how many chips that
# spans, and bytes a second beyond it.
ACCELERATORS = {
    "H100 SXM": (989e12, 450e9, 8, 50e9),
    "TPU v5e": (197e12, 200e9, 256, None),
}
USED = 0.3  # of the peak, by convolutions: assumed
COUNTS = (8, 64, 256)


def exponent(pairs: list[tuple[float, float]]) -> float:
    """The p of y = a x^p that fits best: the slope of log y over log x, by least squares."""
    xs, ys = zip(*((math.log(x), math.log(y)) for x, y in pairs), strict=True)
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    above = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return above / sum((a - x) ** 2 for a in xs)


def reduced_in(size: float, count: int, fast: float, span: int, slow: float | None) -> float:
    """Seconds of an all-reduce of so many bytes on rings: 2 (n - 1) / n of them pass each link.

    Beyond the fast network, first within it, then between the parts, each chip with its share, then back.
    """
    within = min(count, span)
    seconds = 2 * (within - 1) / within * size / fast
    if count > span:
        assert slow is not None
        groups = count / span
        seconds += 2 * (groups - 1) / groups * (size / span) / slow
    return seconds


def efficiency(work: float, size: float, count: int, chip: tuple) -> tuple[float, float]:
    """Share of the time that is work, if sending waits for the work, and if it is done meanwhile where possible."""
    peak, fast, span, slow = chip
    working, sending = work / (USED * peak), reduced_in(size, count, fast, span, slow)
    return working / (working + sending), working / max(working, sending)


def write(results: list[dict]) -> None:
    readme = HERE / "README.md"
    text = readme.read_text() if readme.exists() else f"# Cost as the work grows\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    readme.write_text(f"{before}{BEGIN}\n\n{measured(results)}\n\n{END}{after}")


def measured(results: list[dict]) -> str:
    kinds = {kind: [one for one in results if one["kind"] == kind] for kind in ("planned", "seconds", "sent")}
    parts = [planned(kinds["planned"]), timed(kinds["seconds"]), sent(kinds["sent"]), where(results)]
    return "\n\n".join(part for part in parts if part)


def growing(rows: list[dict]) -> dict[str, list[dict]]:
    """The plain cases along each axis, in order."""
    plain = {"side": 64, "width": 32, "batch": 1}
    found = {}
    for axis in AXES:
        alike = [
            one
            for one in rows
            if set(one["case"]) == set(plain) and {**one["case"], axis: 0} == {**plain, axis: 0}
        ]
        found[axis] = sorted(alike, key=lambda one: one["case"][axis])
    return found


def planned(rows: list[dict]) -> str:
    if not rows:
        return ""
    lines = ["### Operations and memory, from the compiled program", ""]
    lines += [
        "| side | width | batch | | GFLOP | state and batch, MiB | to compute, MiB |",
        "|--:|--:|--:|---|--:|--:|--:|",
    ]
    for one in rows:
        case = one["case"]
        how = ", ".join(f"{key} {case[key]}" if key != "remat" else key for key in case if key not in AXES)
        sizes = f"{one['held'] / 2**20:,.0f} | {one['temporary'] / 2**20:,.0f}"
        lines.append(
            f"| {case['side']} | {case['width']} | {case['batch']} | {how} | {one['flops'] / 1e9:,.1f} | {sizes} |"
        )
    fitted = {axis: found for axis, found in growing(rows).items() if len(found) > 2}
    if fitted:
        lines += [
            "",
            "Fitted exponents, cost ~ size^p:",
            "",
            "| | operations | to compute |",
            "|---|--:|--:|",
        ]
        for axis, found in fitted.items():
            fits = (
                exponent([(one["case"][axis], one[key]) for one in found]) for key in ("flops", "temporary")
            )
            lines.append(f"| {axis} | " + " | ".join(f"{fit:.2f}" for fit in fits) + " |")
    return "\n".join(lines)


def timed(rows: list[dict]) -> str:
    if not rows:
        return "### Seconds\n\nNot measured yet: `python -m experiments.scaling.measure --seconds` on a quiet machine."
    lines = ["### Seconds a round", "", "| side | width | batch | median of 5 | least | most | load |"]
    lines += ["|--:|--:|--:|--:|--:|--:|--:|"]
    for one in rows:
        case = one["case"]
        numbers = " | ".join(f"{one[key]:.3g}" for key in ("seconds", "least", "most"))
        lines.append(f"| {case['side']} | {case['width']} | {case['batch']} | {numbers} | {one['load']} |")
    fits = {
        axis: exponent([(one["case"][axis], one["seconds"]) for one in found])
        for axis, found in growing(rows).items()
        if len(found) > 2
    }
    told = ", ".join(f"{axis} {fit:.2f}" for axis, fit in fits.items())
    return "\n".join([*lines, "", f"Fitted exponents: {told}."])


def sent(rows: list[dict]) -> str:
    if not rows:
        return ""
    kinds = sorted({key for one in rows for key in one if isinstance(one[key], dict) and key != "case"})
    lines = ["### What eight devices send each other in a step, from the compiled program", ""]
    lines += ["The reference's size: 256 x 256, ResNet-9, width 64, a batch of 8.", ""]
    lines += ["| data x rows | " + " | ".join(f"{kind}, MiB (number)" for kind in kinds) + " |"]
    lines += ["|---|" + "--:|" * len(kinds)]
    for one in rows:
        cells = (one.get(kind, {"bytes": 0, "count": 0}) for kind in kinds)
        told = " | ".join(f"{cell['bytes'] / 2**20:,.1f} ({cell['count']})" for cell in cells)
        lines.append(f"| {one['case']['groups']} x {one['case']['rows']} | {told} |")
    return "\n".join([*lines, "", predicted(rows[0])])


def predicted(one: dict) -> str:
    """Nothing here is measured but operations and bytes."""
    work, size = one["flops"] / one["case"]["batch"], one["all-reduce"]["bytes"]
    lines = ["### Predicted, not measured: share of the time that is work, the batch split over `data`", ""]
    lines += [
        "| chips | " + " | ".join(f"{name}, {b} a chip" for name in ACCELERATORS for b in (1, 8)) + " |"
    ]
    lines += ["|--:|" + "--:|" * (2 * len(ACCELERATORS))]
    for count in COUNTS:
        cells = []
        for chip in ACCELERATORS.values():
            for batch in (1, 8):
                low, high = efficiency(batch * work, size, count, chip)
                cells.append(f"{low:.0%} to {high:.0%}")
        lines.append(f"| {count} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def where(results: list[dict]) -> str:
    """When, with what."""
    days = sorted({one["when"][:10] for one in results})
    days = " to ".join(sorted({days[0], days[-1]})) if days else ""
    versions = sorted({f"JAX {one['jax']}, {one['cpu']}, {one['cores']} cores" for one in results})
    return f"Measured {days}; {'; '.join(versions)}." if results else ""
