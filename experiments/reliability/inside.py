"""Code that a run begins with, in its own process: how faults get at what cannot be broken from outside."""

from pathlib import Path

from experiments.reliability import tiny

# Before JAX is imported, as gan_jax.main does it.
PREPARED = "from gan_jax import compiler\ncompiler.prepare()\n"


def environment(folder: Path, code: str, **changes: str) -> dict[str, str]:
    """That of a run which executes `code` before anything else; `folder` is made, and holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(code)
    return tiny.environment(PYTHONPATH=str(folder), **changes)
