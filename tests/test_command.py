import subprocess
import sys
from subprocess import PIPE

import pytest

from gan_jax import command
from gan_jax.errors import UserError


def failing(error):
    def work():
        raise error

    return work


def test_the_exit_code_is_that_of_the_work():
    assert command.run(lambda: 1) == 1


def test_a_mistake_is_one_line_and_2(capsys):
    assert command.run(failing(UserError("no such thing"))) == 2
    assert capsys.readouterr().err == "gan_jax: no such thing\n"


def test_ctrl_c_says_what_to_do_and_is_130(capsys):
    assert command.run(failing(KeyboardInterrupt()), "stopped; go on") == 130
    assert capsys.readouterr().err == "gan_jax: stopped; go on\n"


def test_a_reader_that_leaves_is_no_defect():
    code = "from gan_jax import command; raise SystemExit(command.run(lambda: print('x' * 10**6) or 0))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=PIPE, stderr=PIPE) as run:
        assert run.stdout.read(1) == b"x"
        run.stdout.close()
        assert run.stderr.read() == b""
    assert run.returncode == 1


def test_a_defect_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        command.run(lambda: 1 // 0)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--workdir="], "a path is missing"),
        (["--wrong=1"], "--wrong=1"),
        (["--step=1", "--best"], "not allowed"),
    ],
)
def test_wrong_flags_are_a_user_error(flags, told):
    parser = command.Parser("gan_jax.nothing", "text")
    parser.add_argument("--workdir", type=command.path)
    parser.add_checkpoint()
    with pytest.raises(UserError, match=told) as error:
        parser.parse_args(flags)
    assert str(error.value).endswith("--help tells more")


def test_the_home_directory_is_known(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert str(command.path("~/run")) == "/home/someone/run"
