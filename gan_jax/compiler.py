"""Compiler options that make the same programs faster; results stay equal."""

import functools

import jax

# jaxlib 0.10 sends unpadded float32 convolutions on a CPU to a library that is five times slower than XLA's own.
CPU_OPTIONS = {"xla_cpu_experimental_ynn_fusion_type": ""}


@functools.cache
def options() -> dict[str, str]:
    """Options for `jax.jit(..., compiler_options=...)` on the default backend; none that this jaxlib lacks."""
    if jax.default_backend() != "cpu":
        return {}
    try:
        jax.jit(lambda: 0, compiler_options=CPU_OPTIONS)()
    except jax.errors.JaxRuntimeError:
        return {}
    return CPU_OPTIONS
