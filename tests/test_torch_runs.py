"""From PyTorch's files to a run and back; the PyTorch networks are stated in test_torch_names.py."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import jax
import numpy as np
import pytest
import torch

import gan_jax
from gan_jax import settings, torch_runs, warm_start
from gan_jax.errors import UserError

ROOT = Path(__file__).parents[1]
NETWORKS = ("G_A", "G_B", "D_A", "D_B")


def load(name: str):
    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


stated = load("test_torch_names")


def config(file: str, **changes):
    changed = settings.load(str(ROOT / "configs" / file)).copy_and_resolve_references()
    with changed.unlocked(), changed.ignore_type():
        for key, value in {"steps": 2, "data.resize": 24, "data.crop": 24, **changes}.items():
            block, name = settings.locate(changed, key)
            block[name] = value
    return changed.lock()


def random(network, seed: int):
    stated.randomise(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1 + 0.1 * seed)
    return network


def save(networks: dict, folder: Path, prefix: str = "latest_net_", new: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    for name, network in networks.items():
        path = folder / f"{prefix}{name}.pth"
        torch.save(network.state_dict(), path, _use_new_zipfile_serialization=new)
    return folder


@pytest.fixture(scope="module")
def four():
    """Both generators and discriminators, for x of 3 channels and y of 1."""
    return {
        "G_A": random(stated.resnet(outputs=1), 1),
        "G_B": random(stated.resnet(inputs=1), 2),
        "D_A": random(stated.patchgan(inputs=1), 3),
        "D_B": random(stated.patchgan(), 4),
    }


def picture(channels: int, height: int = 24, width: int = 20):
    return np.random.default_rng(0).uniform(-1, 1, (height, width, channels)).astype(np.float32)


def torch_output(network, image):
    with torch.no_grad():
        batch = torch.from_numpy(image.transpose(2, 0, 1)[None].copy())
        return network(batch)[0].numpy().transpose(1, 2, 0)


@pytest.mark.parametrize("new", [True, False])
def test_cyclegan_from_torch_translates_as_torch_and_back_again(tmp_path, four, new):
    folder, lines = save(four, tmp_path / "torch", new=new), []
    given = torch_runs.read([str(folder)])
    assert (torch_runs.kind(given), [one.name for one in given]) == ("cyclegan", ["D_A", "D_B", "G_A", "G_B"])
    wanted = config("cyclegan.py:reference", identity=0.0)
    torch_runs.begin(given, wanted, tmp_path / "run", lines.append)

    model = gan_jax.load(tmp_path / "run")
    for direction, name, channels in (("x2y", "G_A", 3), ("y2x", "G_B", 1)):
        image = picture(channels)
        out = model.translate(image, direction)
        np.testing.assert_allclose(out, torch_output(four[name], image), atol=1e-5)
    assert any("G is" in line and "resnet" in line and "3 channels in, 1 out" in line for line in lines)
    assert not any("drawn anew" in line for line in lines)

    torch_runs.export(tmp_path / "run", tmp_path / "back", lines.append)
    for name, network in four.items():
        state = torch.load(tmp_path / "back" / f"latest_net_{name}.pth", weights_only=True)
        assert list(state) == list(network.state_dict())
        for key, value in network.state_dict().items():
            assert torch.equal(state[key], value)
    with pytest.raises(UserError, match="is there already"):
        torch_runs.export(tmp_path / "run", tmp_path / "back", lines.append)


def test_the_config_of_the_run_has_the_networks_of_the_files(tmp_path, four):
    given = torch_runs.read([str(save(four, tmp_path / "torch"))])
    torch_runs.begin(given, config("cyclegan.py:reference", identity=0.0), tmp_path / "run", print)
    found = settings.load(str(tmp_path / "run" / "config.json"))
    assert found.generator.to_dict() == {
        "network": "resnet", "width": 2, "blocks": 1, "norm": "instance", "upsample": "deconv",
    }  # fmt: skip
    assert found.discriminator.to_dict() == {
        "network": "patchgan",
        "width": 2,
        "layers": 3,
        "norm": "instance",
    }
    assert (found.data.x_channels, found.data.y_channels) == (3, 1)
    state = warm_start.read(tmp_path / "run")
    assert (state.step, sorted(state.params)) == (0, ["D_x", "D_y", "F", "G"])
    # D_A judges what G_A makes, pictures of y.
    np.testing.assert_array_equal(
        state.params["D_y"]["conv_0"]["kernel"],
        four["D_A"].model[0].weight.detach().numpy().transpose(2, 3, 1, 0),
    )


def test_pix2pix_with_batch_norm(tmp_path):
    networks = {"G": random(stated.unet(), 1), "D": random(stated.patchgan(norm="batch", inputs=6), 2)}
    given, lines = (
        torch_runs.read([str(save(networks, tmp_path / "torch", prefix="150_net_") / "150_net_G.pth")]),
        [],
    )
    assert torch_runs.kind(given) == "pix2pix"
    given += torch_runs.read([f"D={tmp_path}/torch/150_net_D.pth"])
    torch_runs.begin(given, config("pix2pix.py:reference"), tmp_path / "run", lines.append)
    image = picture(3, 32, 32)
    np.testing.assert_allclose(
        gan_jax.load(tmp_path / "run").translate(image), torch_output(networks["G"], image), atol=1e-5
    )
    assert sum("running statistics of" in line and "--eval" in line for line in lines) == 2
    assert settings.load(str(tmp_path / "run" / "config.json")).generator.dropout == 0.5

    torch_runs.export(tmp_path / "run", tmp_path / "back", lines.append)
    assert "without --eval" in lines[-1]
    for name, network in {"G": stated.unet(), "D": stated.patchgan(norm="batch", inputs=6)}.items():
        network.load_state_dict(torch.load(tmp_path / "back" / f"latest_net_{name}.pth", weights_only=True))
        for key, value in networks[name].named_parameters():
            assert torch.equal(dict(network.named_parameters())[key], value)


def test_what_is_not_given_is_drawn_as_training_draws_it(tmp_path):
    folder, lines = save({"G": random(stated.resnet(), 1)}, tmp_path / "torch"), []
    given = torch_runs.read([str(folder / "latest_net_G.pth")])
    assert torch_runs.kind(given) == "cyclegan", "as the generators of CycleGAN's authors are named"
    wanted = config("cyclegan.py:reference", **{"discriminator.width": 2, "average": 0.9})
    torch_runs.begin(given, wanted, tmp_path / "run", lines.append)
    assert "drawn anew, since no file is given: F, D_x, D_y" in lines
    found = warm_start.read(tmp_path / "run")
    assert set(found.averaged) == {"G", "F"}
    for name in ("F", "D_x", "D_y"):
        kernels = [leaf for leaf in jax.tree.leaves(found.params[name]) if leaf.ndim == 4]
        assert 0.015 < np.concatenate([np.ravel(leaf) for leaf in kernels]).std() < 0.025


def test_without_steps_the_epochs_are_counted_as_training_counts_them(tmp_path):
    given = torch_runs.read([str(save({"G_A": stated.resnet()}, tmp_path / "torch"))])
    wanted = config("cyclegan.py:reference", **{"steps": 0, "epochs": 2, "discriminator.width": 1})
    torch_runs.begin(given, wanted, tmp_path / "run", print)
    found = settings.load(str(tmp_path / "run" / "config.json"))
    assert found.steps == 2 * found.rate_every > 0


def refused(files, wanted, workdir, reason):
    with pytest.raises(UserError, match=reason):
        torch_runs.begin(torch_runs.read(files), wanted, workdir, print)
    assert not (workdir / "config.json").exists()


def test_files_that_do_not_fit_each_other_are_named(tmp_path):
    networks = {"G_A": stated.resnet(), "G_B": stated.resnet(width=3), "D_A": stated.patchgan(inputs=1)}
    folder, run = save(networks, tmp_path / "torch"), tmp_path / "run"
    reference = config("cyclegan.py:reference", identity=0.0)
    a, b, d = (str(folder / f"latest_net_{name}.pth") for name in networks)
    refused(
        [a, b],
        reference,
        run,
        r"latest_net_G_B\.pth asks for generator=.*'width': 3.* but .*latest_net_G_A\.pth",
    )
    refused(
        [a, d], reference, run, r"latest_net_D_A\.pth asks for y_channels=1, but .*latest_net_G_A\.pth for 3"
    )
    refused([d], reference, run, "no generator is given")
    refused([f"D_A={a}"], reference, run, "is a D_A by its name, but holds a resnet")
    refused([a], config("pix2pix.py:reference"), run, "is a G_A, but config.gan=pix2pix has G, D")
    refused([a, f"G={a}"], reference, run, "are both G")
    refused(
        [f"G={b}", f"D={d}"],
        config("pix2pix.py:reference"),
        run,
        r"D_A\.pth does not fit the config: conv_0/kernel",
    )
    with pytest.raises(UserError, match="is a second file for G_A"):
        torch_runs.read([a, a])
    with pytest.raises(UserError, match=r"holds no latest_net_\*\.pth"):
        torch_runs.read([str(tmp_path)])


def test_a_name_that_tells_nothing(tmp_path):
    path = tmp_path / "mine.pth"
    torch.save(stated.resnet().state_dict(), path)
    with pytest.raises(UserError, match=rf"mine\.pth: its name does not tell .* write G_A={path}"):
        torch_runs.read([str(path)])
    assert torch_runs.read([f"G_B={path}"])[0].name == "G_B"


def test_nothing_is_overwritten(tmp_path, four):
    given = torch_runs.read([str(save(four, tmp_path / "torch"))])
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="holds a run already"):
        torch_runs.begin(given, config("cyclegan.py:reference", identity=0.0), tmp_path, print)
    assert (tmp_path / "config.json").read_text() == "{}"


def test_a_generator_that_torch_lacks_is_not_exported(tmp_path, four):
    given = torch_runs.read([str(save(four, tmp_path / "torch"))])
    torch_runs.begin(given, config("cyclegan.py:reference", identity=0.0), tmp_path / "run", print)
    path = tmp_path / "run" / "config.json"
    path.write_text(path.read_text().replace('"deconv"', '"resize"'))
    with pytest.raises(UserError, match=r'(upsample="resize"|does not fit the config)'):
        torch_runs.export(tmp_path / "run", tmp_path / "back", print)
    assert not (tmp_path / "back").exists()
