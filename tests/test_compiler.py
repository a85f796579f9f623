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


@pytest.mark.parametrize("left", [0.0, 0.5, 1.0])
def test_a_process_killed_while_it_kept_a_program(tmp_path: Path, left: float) -> None:
    """It left a part of the program, or all of it but no time of use: JAX alone would never keep a program again."""
    start(XDG_CACHE_HOME=str(tmp_path))
    program = next((tmp_path / "gan_jax" / "compiled").glob("jit__lambda*-cache"))
    whole = program.read_bytes()
    program.write_bytes(whole[: int(left * len(whole))])
    program.with_name(program.name.replace("-cache", "-atime")).unlink()
    run = start(XDG_CACHE_HOME=str(tmp_path))
    assert (run.returncode, run.stdout, run.stderr) == (0, "2\n", "told by us\n")
    assert len(program.read_bytes()) > 0.9 * len(whole)
    assert program.with_name(program.name.replace("-cache", "-atime")).exists()


def test_a_cache_without_a_limit_has_no_times_and_is_left_alone(tmp_path: Path) -> None:
    def kept() -> dict[str, int]:
        start(XDG_CACHE_HOME=str(tmp_path), JAX_COMPILATION_CACHE_MAX_SIZE="-1")
        return {path.name: path.stat().st_mtime_ns for path in (tmp_path / "gan_jax" / "compiled").iterdir()}

    before = kept()
    assert before
    assert not any(name.endswith("-atime") for name in before)
    assert kept() == before
