import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from gan_jax import rules, settings
from gan_jax.errors import UserError

FOLDER = Path(__file__).parents[1] / "configs"
FILES = sorted(FOLDER.glob("*.py"))
# The names that are the same in every config.
COMMON = {
    *("gan", "seed", "init_from", "steps", "epochs", "batch_size", "dtype", "keep", "best_metric"),
    *("log_every", "sample_every", "checkpoint_every", "evaluate_every"),
}


def variants(file: Path) -> list[str]:
    """The names that the header gives, which the file must then know."""
    body = ast.parse(file.read_text()).body
    header = ast.get_docstring(ast.Module(body, [])) or ""
    lines = header.partition("Variants")[2].splitlines()[1:]
    return re.findall(
        r"\w+", ",".join(re.split(r"  +", line.strip())[0] for line in lines if re.match(r"  \w", line))
    )


EVERY = [f"{file}{variant and ':'}{variant}" for file in FILES for variant in ["", *variants(file)]]


@pytest.mark.parametrize("file", EVERY, ids=lambda file: Path(file).name)
def test_every_config_is_locked_valid_and_complete(file: str) -> None:
    config = settings.load(file)
    assert config.is_locked
    assert set(config) >= COMMON
    rules.validate(config)
    assert settings.difference(settings.from_json(settings.to_json(config)), config) == []
    with pytest.raises(AttributeError):
        config.stesp = 1


@pytest.mark.parametrize("file", EVERY, ids=lambda file: Path(file).name)
def test_every_config_makes_a_game(file: str) -> None:
    config = settings.load(file)
    assert import_module(f"gan_jax.gans.{config.gan}").game(config).players


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_header_tells_paper_command_hardware_and_number(file: Path) -> None:
    header = ast.get_docstring(ast.parse(file.read_text())) or ""
    for part in (
        "Paper:",
        f"Command:  python -m gan_jax.main --config=configs/{file.name}",
        "Hardware:",
        "Expect:",
    ):
        assert part in header
    assert "arXiv" in header


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_header_and_the_error_name_the_same_variants(file: Path) -> None:
    with pytest.raises(UserError) as error:
        settings.load(f"{file}:nothing_like_it")
    assert str(error.value).partition("there are ")[2].split(", ") == variants(file)


def test_variants_are_the_papers() -> None:
    cyclegan, pix2pix = (str(FOLDER / name) for name in ("cyclegan.py", "pix2pix.py"))
    campus = settings.leaves(settings.load(f"{cyclegan}:campus"))
    assert (campus["generator.network"], campus["generator.levels"], campus["generator.norm"]) == (
        "unet",
        8,
        "instance",
    )
    assert (campus["data.crop"], campus["identity"], campus["pool_size"], campus["batch_size"]) == (
        256,
        0.0,
        0,
        1,
    )
    reference = settings.leaves(settings.load(f"{cyclegan}:reference"))
    assert (reference["generator.blocks"], reference["generator.width"], reference["generator.upsample"]) == (
        9,
        64,
        "deconv",
    )
    assert (reference["data.resize"], reference["data.crop"], reference["epochs"], reference["steps"]) == (
        286,
        256,
        200,
        0,
    )
    assert (reference["identity"], reference["pool_size"], reference["learning_rate"]) == (0.5, 50, 2e-4)
    paired = settings.leaves(settings.load(f"{pix2pix}:reference"))
    assert (paired["generator.norm"], paired["generator.dropout"], paired["discriminator.norm"]) == (
        "batch",
        0.5,
        "batch",
    )
    assert (paired["l1"], paired["adversarial"], paired["data.paired"]) == (100.0, "log", True)
    for name in ("horse2zebra", "maps", "facades"):
        found = settings.difference(
            settings.load(f"{cyclegan}:reference"), settings.load(f"{cyclegan}:{name}")
        )
        assert {line.partition(":")[0] for line in found} <= {"data.tfds", "data.x_label", "data.y_label"}
        assert f'data.tfds: "" -> "cycle_gan/{name}"' in found
