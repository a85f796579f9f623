import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = """
from gan_jax import compiler
compiler.prepare()
import jax, logging
logging.getLogger("absl").error("told by another")
logging.getLogger("gan_jax").warning("told by us")
print(jax.jit(lambda x: x + 1, compiler_options=compiler.options())(1))
"""


def start(**environment: str | None) -> subprocess.CompletedProcess:
    ours = {
        "JAX_COMPILATION_CACHE_DIR": None,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        **environment,
    }
    kept = {name: value for name, value in (os.environ | ours).items() if value is not None}
    return subprocess.run([sys.executable, "-c", CODE], env=kept, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"XDG_CACHE_HOME": "{here}"}, "gan_jax/compiled"),
        ({"XDG_CACHE_HOME": None, "HOME": "{here}"}, ".cache/gan_jax/compiled"),
        ({"XDG_CACHE_HOME": "{here}/no", "JAX_COMPILATION_CACHE_DIR": "{here}/mine"}, "mine"),
    ],
)
def test_programs_are_kept(tmp_path: Path, environment: dict[str, str | None], place: str) -> None:
    run = start(**{name: value and value.format(here=tmp_path) for name, value in environment.items()})
    assert (run.returncode, run.stdout) == (0, "2\n")
    assert any(path.name.startswith("jit__lambda") for path in (tmp_path / place).iterdir())
    assert not (tmp_path / "no").exists()


def test_a_place_that_cannot_be_used_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = start(XDG_CACHE_HOME=str(tmp_path / "file"))
    assert (run.returncode, run.stdout, run.stderr) == (0, "2\n", "told by us\n")


def test_others_are_silent_and_we_are_not(tmp_path: Path) -> None:
    assert start(XDG_CACHE_HOME=str(tmp_path)).stderr == "told by us\n"
