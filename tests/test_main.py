import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import gan_jax
from gan_jax.errors import UserError
from gan_jax.main import main

ROOT = Path(__file__).parents[1]


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch) -> list:
    """Stands in for gan_jax.train: remembers its calls, or raises the exception put in front."""
    calls: list = []

    def stand_in(config: object, workdir: object, begun: float, program: bool) -> int:
        if calls and isinstance(calls[0], BaseException):
            raise calls[0]
        calls.append((config, workdir))
        return getattr(config, "seed", 0)

    module = ModuleType("gan_jax.train")
    module.train = stand_in  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gan_jax.train", module)
    monkeypatch.setattr(gan_jax, "train", module, raising=False)
    monkeypatch.chdir(ROOT)
    return calls


def test_flags_reach_training(train: list, tmp_path: Path) -> None:
    assert main([f"--workdir={tmp_path}", "--config=configs/pix2pix.py", "--config.steps=7"]) == 0
    [(config, workdir)] = train
    assert (config.gan, config.steps, workdir) == ("pix2pix", 7, tmp_path)


def test_the_programs_own_arguments(train: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["main.py", "--config.seed=5"])
    assert main() == 5, "what training returns is the exit status"
    assert train[0][0].seed == 5


@pytest.mark.parametrize(
    "argument", ["--config.stesp=4", "--config.steps=-4", "--config=none.py", "--nothing=1"]
)
def test_a_users_mistake_is_one_line_and_status_2(
    train: list, capfd: pytest.CaptureFixture, argument: str
) -> None:
    assert main([argument]) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("gan_jax: ")
    assert train == []


def test_a_users_mistake_found_while_training(train: list, capfd: pytest.CaptureFixture) -> None:
    train.append(UserError("my_pictures holds no pictures"))
    assert main([]) == 2
    assert capfd.readouterr().err == "gan_jax: my_pictures holds no pictures\n"


def test_ctrl_c_before_training_has_begun(train: list) -> None:
    train.append(KeyboardInterrupt())
    assert main([]) == 130


def test_other_errors_are_not_hidden(train: list) -> None:
    train.append(ValueError("a defect"))
    with pytest.raises(ValueError, match="a defect"):
        main([])


def test_help(train: list, capfd: pytest.CaptureFixture) -> None:
    assert main(["--help"]) == 0
    assert "--config.steps=" in capfd.readouterr().out
    assert train == []


def test_as_typed_a_mistake_is_told_without_starting_jax() -> None:
    code = (
        "import sys; from gan_jax.main import main; status = main(sys.argv[1:]);"
        "print(sorted({'jax', 'flax', 'numpy', 'tensorflow_datasets', 'torch'} & set(sys.modules)));"
        "sys.exit(status)"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, "--config.stesp", "4"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert run.stdout == "[]\n"
    assert run.stderr == (
        "gan_jax: --config.stesp=4 sets config.stesp, which does not exist; did you mean config.steps?\n"
    )


def test_as_typed_with_a_broken_value() -> None:
    command = [sys.executable, "-m", "gan_jax.main", "--config=configs/cyclegan.py", "--config.steps=abc"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == (
        "gan_jax: config.steps is 'abc': expected a whole number, as in --config.steps=10000\n"
    )
