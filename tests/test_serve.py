"""The program that serves a page: its flags, and what it says and leaves when it cannot or shall not go on."""

import os
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from gan_jax import serve
from gan_jax.errors import UserError
from gan_jax.page.limits import HELP, Limits

PAGE = Path(__file__).parent / "page" / "arithmetic_page.py"
needs_gradio = pytest.mark.skipif(find_spec("gradio") is None, reason="the page needs Gradio")


def test_the_defaults():
    options = serve.parse(["--workdir=runs/a"])
    assert (options.host, options.port, options.step, options.best) == ("127.0.0.1", 7860, None, False)
    assert options.limits == Limits()
    assert set(HELP) == set(Limits._fields)


def test_every_bound_is_a_flag(capsys):
    flags = [f"--{name}=2000" for name in Limits._fields]
    assert serve.parse(["--workdir=runs/a", *flags]).limits == Limits(*[2000] * len(flags))
    with pytest.raises(SystemExit):
        serve.parse(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    for name, default in Limits()._asdict().items():
        assert f"{HELP[name]}; default: {default:g}" in said


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--port=x", "argument --port: invalid int value"),
        ("--queue=0", "--queue=0: expected 1 or more"),
        ("--seconds=nan", "--seconds=nan: expected 1 or more"),
        ("--max_megabytes=-1", "--max_megabytes=-1: expected 0.1 or more"),
        ("--work_pixels=10", "--work_pixels=10: expected 1024 or more"),
        ("--step=1 --best", "not allowed with argument"),
        ("--hosts=a", "unrecognized arguments: --hosts=a"),
    ],
)
def test_wrong_flags(flag, words, capsys):
    assert serve.main(["--workdir=runs/a", *flag.split()]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_gradio_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    assert serve.main(["--workdir=runs/a"]) == 2
    assert capsys.readouterr().err == "gan_jax: the page needs Gradio: pip install -e '.[serve]'\n"


def test_a_port_that_is_taken_and_an_address_that_is_not_ours():
    from gan_jax.page import server

    with server.listen("127.0.0.1", 0) as bound:
        bound.listen()
        port = bound.getsockname()[1]
        with pytest.raises(UserError, match=f"--port={port} cannot be listened to .*name another"):
            server.listen("127.0.0.1", port)
    for host, number in (("203.0.113.7", 0), ("127.0.0.1", 70_000), ("no such host", 0)):
        with pytest.raises(UserError, match="cannot be listened to"):
            server.listen(host, number)


@needs_gradio
def test_no_run(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "gan_jax.serve", f"--workdir={tmp_path}", "--port=0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"gan_jax: {tmp_path} holds no run: there is no {tmp_path}/config.json; name a --workdir of training\n"
    )


@needs_gradio
def test_ctrl_c_stops_it_cleanly_and_a_network_is_warned_of(tmp_path):
    """While a visitor's browser holds a line open; nothing of it stays, no process and no file."""
    environment = {
        "TMPDIR": str(tmp_path),
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": str(PAGE.parents[2]),
    }
    command = [sys.executable, str(PAGE), f"--workdir={tmp_path}", "--port=0", "--host=0.0.0.0"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=os.environ | environment
    ) as process:
        said = [process.stderr.readline()]
        while "the page is at" not in said[-1]:
            said.append(process.stderr.readline())
            assert said[-1], said
        assert "WARNING: --host=0.0.0.0 opens the page to the network" in said[-2]
        assert list(tmp_path.glob("gan_jax-page-*"))
        port = int(said[-1].rpartition(":")[2].split()[0])
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(b"GET /gradio_api/heartbeat/abc HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert b"200 OK" in line.recv(1000)
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=30)[1]
    assert (process.returncode, rest) == (0, "gan_jax: stopped\n")
    assert list(tmp_path.glob("gan_jax-page-*")) == []
