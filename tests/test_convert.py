import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
import torch

from gan_jax import convert, main, settings

ROOT = Path(__file__).parents[1]
SMALL = [
    "--config.data.resize=24",
    "--config.data.crop=24",
    "--config.discriminator.width=2",
    "--config.steps=1",
]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A generator with weights in a file; it is stated in test_torch_names.py."""
    spec = spec_from_file_location("stated", Path(__file__).with_name("test_torch_names.py"))
    stated = module_from_spec(spec)
    spec.loader.exec_module(stated)
    path = tmp_path_factory.mktemp("torch") / "latest_net_G_A.pth"
    network = stated.randomise(stated.resnet())
    torch.save(network.state_dict(), path)
    return network, path


@pytest.fixture(autouse=True)
def in_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_in_and_out_again(weights, tmp_path, capsys):
    network, path = weights
    assert convert.main(["--from_torch", str(path), f"--workdir={tmp_path}/run", *SMALL]) == 0
    out = capsys.readouterr().out
    assert f"G is {path}: network resnet" in out
    assert f"python -m gan_jax.main --workdir={tmp_path}/run --config={tmp_path}/run/config.json" in out
    assert settings.load(f"{tmp_path}/run/config.json").discriminator.width == 2
    assert convert.main([f"--workdir={tmp_path}/run", f"--to_torch={tmp_path}/back"]) == 0
    state = torch.load(tmp_path / "back" / "latest_net_G_A.pth", weights_only=True)
    for name, value in network.state_dict().items():
        np.testing.assert_array_equal(state[name], value)
    assert len(list((tmp_path / "back").iterdir())) == 4
    assert convert.main(["--from_torch", str(path), f"--workdir={tmp_path}/run", *SMALL]) == 2
    assert "holds a run already" in capsys.readouterr().err


@pytest.mark.slow
def test_training_goes_on_from_there(weights, tmp_path, capsys):
    workdir, config = f"--workdir={tmp_path}/run", f"--config={tmp_path}/run/config.json"
    assert convert.main([f"--from_torch={weights[1]}", workdir, *SMALL]) == 0
    assert main.main([workdir, config]) == 0
    assert "going on from step 0" in "".join(capsys.readouterr())
    assert (tmp_path / "run" / "checkpoints" / "1").is_dir()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "expected one of --from_torch, --to_torch, --to, and --workdir=DIR"),
        (["--from_torch=a.pth"], "--workdir=DIR"),
        (["--from_torch=a.pth", "--to_torch=b", "--workdir=c"], "expected one of"),
        (["--from_torch"], "--from_torch lacks its value"),
        (["--from_torch", "--workdir=c"], "--from_torch lacks its value"),
        (["--from_torch=none_G_A.pth", "--workdir=c"], "none_G_A.pth cannot be read: No such file"),
        (
            ["--to_torch=b", "--workdir=c", "--config=configs/cyclegan.py"],
            "--config=configs/cyclegan.py does not go with --to_torch",
        ),
        (["--to_torch=b", "--workdir=none"], "none holds no run"),
        (["--to=onnx", "--workdir=none"], "none holds no run"),
        (["--to=coreml", "--workdir=none"], "--to=coreml: expected stablehlo or onnx"),
        (["--to_torch=b", "--workdir=none", "--output=c"], "expected one of"),
    ],
)
def test_a_users_mistake_is_one_line_and_status_2(arguments, reason, capsys):
    assert convert.main(arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith("gan_jax: ")) == ("", 1, True)
    assert reason in err


def test_a_misspelt_key_of_the_config(weights, tmp_path, capsys):
    assert convert.main([f"--from_torch={weights[1]}", f"--workdir={tmp_path}/run", "--config.stesp=1"]) == 2
    assert "did you mean config.steps?" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_help_and_mistakes_do_not_start_jax_or_torch():
    code = (
        "import sys; from gan_jax.convert import main; print(main(sys.argv[1:]));"
        "print(sorted({'jax', 'flax', 'torch'} & set(sys.modules)))"
    )
    for argument, status in (("--help", "0"), ("--from_torch=a", "2")):
        command = [sys.executable, "-c", code, argument]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert run.stdout.splitlines()[-2:] == [status, "[]"]


def test_torch_is_not_imported_to_read_its_files(weights):
    code = (
        "import sys; sys.modules['torch'] = None; from pathlib import Path; from gan_jax import torch_files;"
        "print(len(torch_files.read(Path(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", code, str(weights[1])]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == f"{len(weights[0].state_dict())}\n"
