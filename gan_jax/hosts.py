"""Several processes as one run: found from flags, a Slurm step or a TPU pod, and otherwise never.

Each process must give the same command. A machine that merely has Slurm, or a notebook in a cluster, is one process.
"""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from gan_jax.errors import UserError

FLAGS = ("--coordinator", "--processes", "--process")
AUTO = "auto"  # JAX looks for a cluster itself: Slurm, Open MPI, TPU pods
PATIENCE = 300  # seconds that processes wait for each other to begin
# Seconds of silence after which JAX ends all processes, in its own words; it may be half as many. `neighbours` must be
# quicker, and says which host it was.
DEAD = 200


class Place(NamedTuple):
    """Where a process stands among the others: process 0 of `processes` listens at `coordinator`."""

    coordinator: str
    processes: int = 0
    process: int = 0


def asked(flags: Mapping[str, str]) -> Place | None:
    """The place that `--coordinator=HOST:PORT --processes=N --process=I`, or `--coordinator=auto`, name.

    Raises:
        UserError: one of the three is missing, or is no such number.
    """
    given = {flag: flags[flag] for flag in FLAGS if flag in flags}
    if not given or given == {"--coordinator": AUTO}:
        return Place(AUTO) if given else None
    missing = [flag for flag in FLAGS if flag not in given]
    if missing or given["--coordinator"] == AUTO:
        example = "--coordinator=10.0.0.1:1234 --processes=2 --process=0"
        raise UserError(
            f"{' and '.join(given)} alone do not say it all: write {example}, or --coordinator={AUTO} alone"
        )
    host, _, port = given["--coordinator"].rpartition(":")
    if not (host and port.isdecimal()):
        raise UserError(f"--coordinator={given['--coordinator']}: expected HOST:PORT of process 0")
    processes, process = (_whole(flag, given[flag]) for flag in FLAGS[1:])
    if not 0 <= process < max(processes, 1):
        raise UserError(
            f"--process={process}: expected 0 to {processes - 1}, as there are --processes={processes}"
        )
    return Place(given["--coordinator"], processes, process)


def _whole(flag: str, text: str) -> int:
    if not text.isdecimal() or (flag == "--processes" and int(text) < 1):
        raise UserError(f"{flag}={text}: expected a whole number")
    return int(text)


def detected(environment: Mapping[str, str]) -> str | None:
    """JAX's name of the cluster that started this process as one of several, "" if JAX is to ask; None for no cluster.

    That is: a step of more than one task that `srun` began, or a TPU slice of several workers.
    """
    if _count(environment.get("SLURM_STEP_NUM_TASKS", "")) > 1 and "SLURM_PROCID" in environment:
        return "slurm"
    workers = environment.get("TPU_PROCESS_ADDRESSES") or environment.get("TPU_WORKER_HOSTNAMES", "")
    slices = _count(environment.get("MEGASCALE_NUM_SLICES", ""))
    return "" if "," in workers or slices > 1 else None


def _count(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def join(place: Place | None) -> None:
    """Become one of the processes of a run, before JAX does anything else; without a place or a cluster, do nothing.

    Raises:
        UserError: there is no cluster to be found, or the others are not there in time.
    """
    cluster = detected(os.environ) if place is None else None
    if place is None and cluster is None:
        return
    import jax

    options: dict[str, Any] = {"initialization_timeout": PATIENCE, "heartbeat_timeout_seconds": DEAD}
    if place is not None and place.processes:
        options |= {"coordinator_address": place.coordinator, "cluster_detection_method": "deactivate"}
        options |= {"num_processes": place.processes, "process_id": place.process}
    elif cluster:
        options |= {"cluster_detection_method": cluster}
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    try:
        jax.distributed.initialize(**options)
    except (ValueError, RuntimeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise UserError(
            f"the processes of this run did not meet within {PATIENCE} s ({reason}): start all of them with the same "
            "command, each with its own --process, and let --coordinator be an address of process 0 that all reach"
        ) from error
