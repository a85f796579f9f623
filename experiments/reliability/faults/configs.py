"""Every key of every config, misspelt, of another type, out of range, contradicted."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.reliability import config_mistakes, tiny
from experiments.reliability.config_mistakes import REFUSED, SHARES, Mistake
from experiments.reliability.fenced import Fence
from experiments.reliability.trial import Try

FAULT = "config keys misspelt, values of other types, out of range, or against each other"
OFFERED = 0.9
PROMISE = (
    "one line that names the key, exit status 2, before a device is touched; of misspelt keys nine of ten are told "
    "the right one; what passes can be drawn up, or is refused in one line then"
)
TRIES = 2_000
QUICK = 60
PROCESSES, TRACED = 100, 20  # of so many tries one is made by a real process, one of what passes is drawn up
PATIENCE, SPACE = 300.0, 16384
READER = "experiments.reliability.config_reader"


def tries(scratch: Path, count: int, seed: int) -> Iterator[Try]:
    """So many mistakes, the last try being how often the right key was offered."""
    rng = np.random.default_rng(seed)
    makers = [
        list(SHARES)[i] for i in rng.choice(len(SHARES), count - 1, p=np.array(list(SHARES.values())) / 100)
    ]
    configs, offered, passed = config_mistakes.configs(), list[bool](), 0
    names = list(configs)
    with (
        Fence(f"{READER}:ask", SPACE, {"JAX_PLATFORMS": "nonsense"}) as asking,
        Fence(f"{READER}:trace", SPACE, {"JAX_PLATFORMS": "cpu"}) as tracing,
    ):
        for i, make in enumerate(makers):
            name = names[int(rng.integers(len(names)))]
            mistake = make(rng, name, configs[name], scratch)
            real = i % PROCESSES == PROCESSES - 1
            wrong, said = process(mistake) if real else asked(asking, mistake)
            if mistake.kind == "key misspelt" and said:
                offered.append(f"config.{mistake.right}" in said)
            passed += not said
            if not wrong and not said and passed % max(1, TRACED // 10) == 0:
                wrong = drawn(tracing, mistake)
            yield Try(f"{mistake.kind}{', a process' * real}: {mistake.what}", wrong, said)
    share = 100 * float(np.mean(offered)) if offered else 100.0
    wrong = "" if share >= 100 * OFFERED else f"of {share:.0f} %"
    yield Try(
        "right key offered: of all misspelt ones", wrong, "", {"% of misspelt keys not told": 100 - share}
    )


def asked(fence: Fence, mistake: Mistake) -> tuple[str, str]:
    """What was wrong with the answer, and the answer; "" for flags that were taken."""
    found = fence.ask({"arguments": mistake.flags}, PATIENCE)
    if found.failed:
        return found.failed, ""
    if found.value["backends"]:
        return "a device was touched", ""
    return judged(mistake, found.value["status"], found.value["said"])


def process(mistake: Mistake) -> tuple[str, str]:
    """The same of a real process, where there is no device to be had."""
    arguments = [argument.replace("\0", "") for argument in mistake.flags]
    command = [sys.executable, "-m", "gan_jax.main", *arguments, "--help"][: 3 + len(arguments)]
    if mistake.expected != REFUSED:
        command.append("--help")  # what is legal shall not train
    environment = tiny.environment(JAX_PLATFORMS="nonsense")
    done = subprocess.run(
        command, cwd=tiny.ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE
    )
    return judged(mistake, -1 if done.returncode == 0 else done.returncode, done.stderr)


def judged(mistake: Mistake, status: int, said: str) -> tuple[str, str]:
    """What is wrong, and the line."""
    line = said.rstrip("\n")
    if status == -1:
        return ("it was taken" if mistake.expected == REFUSED else ""), ""
    if status != 2:
        return f"exit status {status}: {line[-200:]}", line
    if "\n" in line or not line.startswith("gan_jax: ") or "Traceback" in line:
        return f"not one line: {line[:300]}", line
    if mistake.names not in line:
        return f"it does not name {mistake.names}: {line[:300]}", line
    return (f"a line of {len(line)} letters" if len(line) > 2000 else ""), line


def drawn(fence: Fence, mistake: Mistake) -> str:
    """What is wrong with a round of a game whose flags were taken."""
    found = fence.ask({"arguments": mistake.flags}, PATIENCE)
    if found.failed:
        return f"taken, and then {found.failed}"
    if found.value["status"] not in (0, 2) or found.value["said"].count("\n") > 1:
        return f"taken, and then {found.value['said'][-300:]}"
    return ""
