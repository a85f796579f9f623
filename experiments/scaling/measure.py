"""What a step costs as the work grows: `python -m experiments.scaling.measure [--seconds] [--devices]`.

Without flags: operations and bytes of CycleGAN's round, from compiled programs that are never run. `--devices`: bytes
that devices send each other, on eight simulated ones. `--seconds`: rounds that are run and timed, for a quiet machine.
Each measurement goes into results.json at once and is not repeated: stopped and called again it goes on. Then README.md
is written anew from results.json.
"""

import argparse
import json
import os
import platform
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = HERE / "results.json"
# One thing grows at a time, from the default config: 64 x 64 pixels, width 32, batch 1.
PLAIN = {"side": 64, "width": 32, "batch": 1}
GROWING = {"side": (64, 128, 256, 512), "width": (16, 32, 64, 128), "batch": (1, 2, 4, 8, 16)}
CASES = [PLAIN | {name: value} for name, values in GROWING.items() for value in values]
SAVING = [
    {"side": 256, "width": 32, "batch": 1, "remat": True},
    {"side": 64, "width": 32, "batch": 16, "accumulate": 4},
    {"side": 64, "width": 32, "batch": 16, "remat": True},
]
REFERENCE = {"side": 256, "width": 64, "batch": 8, "reference": True}
SPLITS = [REFERENCE | {"groups": 8, "rows": 1}, REFERENCE | {"groups": 2, "rows": 4}]
# What is small enough to be timed on two cores: up to half a minute a round.
TIMED = [one for one in CASES if one["side"] <= 256 and one["width"] <= 64]
SENT = ("all-reduce", "all-gather", "reduce-scatter", "collective-permute", "all-to-all")
BYTES = {"pred": 1, "s8": 1, "u8": 1, "bf16": 2, "f16": 2, "s32": 4, "u32": 4, "f32": 4, "s64": 8, "u64": 8}


def config_of(case: dict) -> Any:
    """CycleGAN at a size: the default config, or the reference's."""
    from gan_jax import settings

    file = ROOT / "configs" / "cyclegan.py"
    config = settings.load(f"{file}:reference" if case.get("reference") else str(file))
    config = config.copy_and_resolve_references()
    how = {key: case[key] for key in ("remat", "accumulate", "rows") if key in case}
    sizes = {"data.resize": case["side"], "data.crop": case["side"], "batch_size": case["batch"]}
    config.update_from_flattened_dict({"steps": 1000, "generator.width": case["width"]} | sizes | how)
    return config.lock()


def moves_of(config: Any) -> frozenset[str]:
    from gan_jax import engine, game

    return game.active(engine.made(config), 0)


def planned(case: dict) -> dict[str, float]:
    """Operations and bytes of a round on one device."""
    import jax
    from jax.sharding import AxisType, Mesh

    from gan_jax import dry_run

    one = Mesh([[jax.devices()[0]]], ("data", "rows"), axis_types=(AxisType.Auto, AxisType.Auto))
    config = config_of(case)
    found = dry_run.cost(config, moves_of(config), one)
    return {"flops": found.flops, "held": found.held, "temporary": found.temporary}


def sent(case: dict) -> dict[str, Any]:
    """Bytes of the results of each kind of communication in a round, on each of eight devices."""
    import jax
    import numpy as np
    from jax.sharding import AxisType, Mesh

    from gan_jax import dry_run, winograd

    devices = np.array(jax.devices()).reshape(case["groups"], case["rows"])
    mesh = Mesh(devices, ("data", "rows"), axis_types=(AxisType.Auto, AxisType.Auto))
    config = config_of(case)
    with winograd.left_out():  # which is for CPUs alone: this stands for what accelerators do
        lowered = dry_run.lowered(config, moves_of(config), mesh)
    return {"flops": lowered.cost_analysis()["flops"], **counted(lowered.compile().as_text())}


def counted(program: str) -> dict[str, dict[str, float]]:
    """{"all-reduce": {"count": 3, "bytes": 1024}, ...} of a compiled program's text."""
    found: dict[str, dict[str, float]] = {}
    for line in program.splitlines():
        match = re.search(r"= (.*?) (" + "|".join(SENT) + r")(-start)?\(", line)
        if match:
            sizes = re.findall(r"(\w+)\[([\d,]*)\]", match[1])
            size = sum(BYTES.get(kind, 4) * _product(shape) for kind, shape in sizes)
            one = found.setdefault(match[2], {"count": 0, "bytes": 0})
            one["count"] += 1
            one["bytes"] += size
    return found


def _product(shape: str) -> int:
    result = 1
    for side in filter(None, shape.split(",")):
        result *= int(side)
    return result


def timed(case: dict) -> dict[str, Any]:
    """Seconds of a round: the median, the least and the most of five, after one that compiles and one that warms up."""
    import jax
    import numpy as np

    from gan_jax import engine, game

    config = config_of(case)
    mesh = engine.mesh(config)
    state = engine.placed(mesh, config, game.init(engine.made(config), jax.random.key(0)))
    play = engine.play(mesh, config, state)
    random = np.random.default_rng(0)
    batch = {
        name: random.uniform(-1, 1, like.shape).astype(np.float32)
        for name, like in engine.batch_like(config).items()
    }
    seconds = []
    for _ in range(7):
        began = time.perf_counter()
        state, log = play(state, batch, jax.random.key(1))
        jax.block_until_ready(log)
        seconds.append(time.perf_counter() - began)
    spread = sorted(seconds[2:])
    return {"seconds": spread[2], "least": spread[0], "most": spread[-1]}


def here() -> dict[str, Any]:
    """When and on what."""
    import jax

    name = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        name = re.search(r"model name\s*: (.*)", cpu.read_text())[1]
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    load = round(os.getloadavg()[0], 1)
    return {"when": when, "jax": jax.__version__, "cpu": name, "cores": os.cpu_count(), "load": load}


def known() -> list[dict]:
    """All that was measured; read anew each time, as another program may be measuring too."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else []


def main() -> None:
    from experiments.scaling import page
    from gan_jax import compiler

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", action="store_true")
    parser.add_argument("--devices", action="store_true")
    flags = parser.parse_args()
    if flags.devices:
        os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"
    compiler.prepare()
    kind = "seconds" if flags.seconds else "sent" if flags.devices else "planned"
    measure = {"seconds": timed, "sent": sent, "planned": planned}[kind]
    if kind != "seconds":  # the same plan of memory, in a fraction of the time to compile
        plain = compiler.options()
        compiler.options = lambda *_: plain | {"xla_backend_optimization_level": 0}
    for case in {"seconds": TIMED, "sent": SPLITS, "planned": [*CASES, *SAVING]}[kind]:
        before = [one for one in known() if (one["kind"], one["case"]) == (kind, case)]
        if before:
            print(f"{kind} {case}: measured {before[0]['when']}", flush=True)
            continue
        found = measure(case)
        results = [*known(), {"kind": kind, "case": case, **found, **here()}]
        RESULTS.write_text("[\n" + ",\n".join(json.dumps(one) for one in results) + "\n]\n")
        print(f"{kind} {case}: {found}", flush=True)
    page.write(known())


if __name__ == "__main__":
    main()
