"""How JAX compiles here: options that make the same programs faster, programs kept for the next start, quiet logs."""

import contextlib
import functools
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gan_jax.errors import UserError

YNNPACK = "xla_cpu_experimental_ynn_fusion_type"  # what of a program that library does
CPU_OPTIONS: dict[str, str | bool] = {
    # By default jaxlib 0.10 has it do unpadded convolutions, five times slower than XLA's own, and all products.
    YNNPACK: "",
    # Else XLA copies all parameters and moments before it writes the new ones in their place.
    "xla_cpu_copy_insertion_use_region_analysis": True,
}
# But it multiplies bfloat16 matrices twice as fast as XLA; float32 ones slower, by 12 % of a step at 128 pixels.
BFLOAT16_OPTIONS: dict[str, str | bool] = {YNNPACK: "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"}
CACHE_BYTES = 2**31


@functools.cache
def options(dtype: str | None = None) -> dict[str, str | bool]:
    """Options for `jax.jit(..., compiler_options=...)` on the default backend; none that this jaxlib lacks.

    `dtype` is what the networks of the program compute in, as `config.dtype`: float32 by default.
    """
    import jax

    if jax.default_backend() != "cpu":
        return {}
    known = {}
    for name, value in (CPU_OPTIONS | (BFLOAT16_OPTIONS if dtype == "bfloat16" else {})).items():
        with contextlib.suppress(jax.errors.JaxRuntimeError):
            jax.jit(lambda: 0, compiler_options={name: value})()
            known[name] = value
    return known


@contextlib.contextmanager
def memory() -> Iterator[None]:
    """Within, a device that runs out of memory raises UserError, which says what to make smaller."""
    import jax

    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise UserError(
            "the device has too little memory: add --config.remat=true, or --config.accumulate=2 for an even "
            "--config.batch_size, or begin another --workdir with a smaller --config.data.crop or "
            "--config.generator.width; --config.dry_run=true tells what it takes"
        ) from error


def mend(cache: Path) -> None:
    """Remove what a process that was killed left half-written: a program without the time of its last use.

    JAX never replaces such a program, cannot read it, and stores no other one while it is there.
    """
    from filelock import FileLock, Timeout

    if not cache.is_dir():
        return
    with contextlib.suppress(OSError, Timeout), FileLock(cache / ".lockfile").acquire(timeout=1):
        for path in cache.glob("*-cache"):
            if not path.with_name(path.name.removesuffix("-cache") + "-atime").exists():
                path.unlink(missing_ok=True)


def prepare() -> None:
    """For a program, before it imports JAX: keep compiled programs in ~/.cache/gan_jax, and others' logs silent.

    Whoever sets JAX_COMPILATION_CACHE_DIR has them there instead; JAX_ENABLE_COMPILATION_CACHE=false keeps none. The
    least used go when they take more than 2 GiB.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ and os.path.isabs(cache):
        os.environ["JAX_COMPILATION_CACHE_DIR"] = os.path.join(cache, "gan_jax", "compiled")
        os.environ.setdefault("JAX_COMPILATION_CACHE_MAX_SIZE", str(CACHE_BYTES))
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.3")
        if os.environ["JAX_COMPILATION_CACHE_MAX_SIZE"] != "-1":  # without a limit JAX notes no times
            mend(Path(os.environ["JAX_COMPILATION_CACHE_DIR"]))
    # Failures reach us as exceptions, and are told in a line of our own.
    for name in ("absl", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache")
    unraisable = sys.unraisablehook

    def tell(event: Any) -> None:
        if str(event.exc_value) != "Event loop is closed":  # Orbax, when it could not write
            unraisable(event)

    sys.unraisablehook = tell
