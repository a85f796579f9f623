"""Where and with what a run was started: a line for each start, in starts.jsonl."""

import json
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import jax

import gan_jax
from gan_jax.errors import UserError

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy")


def facts(step: int) -> dict[str, Any]:
    """The time, the step, versions and devices; nothing that names a person, a machine or a folder."""
    device = jax.devices()[0]
    kind = _processor() if device.platform == "cpu" else device.device_kind
    return {
        "time": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "step": step,
        "device": kind,
        "devices": jax.device_count(),
        "hosts": jax.process_count(),
        "gan_jax": gan_jax.__version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
    }


def note(workdir: Path, step: int) -> None:
    """Append a line to starts.jsonl; a run that begins anew, at step 0, begins the file anew.

    Raises:
        UserError: the disk does not take it.
    """
    path = workdir / "starts.jsonl"
    try:
        with path.open("w" if step == 0 else "a", encoding="utf-8") as file:
            file.write(json.dumps(facts(step)) + "\n")
    except OSError as error:
        raise UserError(f"{path} could not be written ({error.strerror}): make room") from error


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def _processor() -> str:
    """ "AMD EPYC 9B14" where the system says so, else the machine's type."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()
