"""One side of the race, in a process of its own: commands come in as lines of JSON, answers go out so."""

import json
import sys
import time
from importlib import import_module
from typing import Any

from experiments.speed import limit
from experiments.speed.cases import CASES


def main() -> None:
    """Serve until the input ends."""
    module = import_module(f"experiments.speed.{sys.argv[1]}_side")
    steps: dict[str, Any] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(answer(module, steps, **asked)), flush=True)


def answer(module: Any, steps: dict[str, Any], do: str, **given: Any) -> Any:
    """What one command asks for; an error is an answer too."""
    try:
        if do == "prepare":
            start = time.perf_counter()
            steps["now"] = module.prepare(CASES[given["case"]], given["dtype"], given["variant"])
            steps["now"](1)
            return {"seconds": time.perf_counter() - start}
        if do == "steps":
            # One that is not timed: a virtual machine may have to fetch the memory that the other side gave back, which
            # takes longer than the step.
            steps["now"](1)
            start = time.perf_counter()
            steps["now"](given["count"])
            return {"seconds": (time.perf_counter() - start) / given["count"]}
        if do == "flops":
            return {"flops": module.flops(CASES[given["case"]])}
        if do == "limit":
            return getattr(limit, f"by_{sys.argv[1]}")(given["dtype"])
        return {**module.about(), "bytes": module.memory()}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]}


if __name__ == "__main__":
    main()
