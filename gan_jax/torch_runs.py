"""Runs made of PyTorch's weight files, and weight files made of runs."""

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from flax import traverse_util
from jaxtyping import PyTree
from ml_collections import ConfigDict

from gan_jax import agenda, data, game, rules, run, torch_files, torch_names, warm_start
from gan_jax.checkpoint import Checkpoints, steps
from gan_jax.errors import UserError
from gan_jax.torch_names import Network, Weights

# PyTorch's names of the networks, and ours. Its D_A judges what its G_A makes.
PLAYERS = {
    "cyclegan": {"G_A": "G", "G_B": "F", "D_A": "D_y", "D_B": "D_x"},
    "pix2pix": {"G": "G", "D": "D"},
}
GENERATORS = ("G", "F")
Say = Callable[[str], None]


class Given(NamedTuple):
    """A weight file: whose it is by its name, what it holds, and the network that this belongs to."""

    path: Path
    name: str
    weights: Weights
    network: Network


def read(files: Sequence[str]) -> list[Given]:
    """Weight files, each "path" or "NAME=path" with PyTorch's name of the network: G_A, G_B, D_A, D_B, or G, D.

    A directory stands for the `latest_net_*.pth` in it. Without a name, the end of the file's name tells it.

    Raises:
        UserError: a file cannot be read, holds another network, or two are of one name.
    """
    given: list[Given] = []
    for file in files:
        name, _, path = file.rpartition("=") if re.match(r"(G|D|[GD]_[AB])=", file) else ("", "", file)
        for found in _expanded(Path(path).expanduser()):
            named = re.search(r"(?:^|_)(G_A|G_B|D_A|D_B|G|D)$", found.stem)
            if not (name or named):
                raise UserError(
                    f"{found}: its name does not tell which network it is of; write G_A={found}, or G_B, D_A, D_B, G, D"
                )
            whose = name or (named[1] if named else "")
            if whose in {other.name for other in given}:
                raise UserError(f"{found} is a second file for {whose}")
            weights = torch_files.read(found)
            given.append(Given(found, whose, weights, torch_names.infer(weights, str(found))))
    return given


def _expanded(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("latest_net_*.pth"))
    if not found:
        raise UserError(f"{path} holds no latest_net_*.pth: name the files")
    return found


def kind(given: Sequence[Given]) -> str:
    """The game of such files: pix2pix has one generator, "G"; but so do CycleGAN's published files, ResNets."""
    alone = [one for one in given if one.name == "G"]
    one_way = alone and alone[0].network.block["network"] != "resnet"
    return "pix2pix" if one_way or any(one.name == "D" for one in given) else "cyclegan"


def begin(given: Sequence[Given], config: ConfigDict, workdir: Path, say: Say) -> None:
    """Make a run directory at step 0 whose players have the given weights; the others are drawn anew.

    `config` says everything but the networks and numbers of channels, which the files do.

    Raises:
        UserError: the files do not fit each other or the config, or the directory holds something already.
    """
    if (workdir / "config.json").exists() or steps(workdir / "checkpoints"):
        raise UserError(f"--workdir={workdir} holds a run already: name a new directory")
    players = _players(given, config)
    config = fitted(players, config)
    rules.validate(config)
    if not config.steps:
        config = agenda.settled(config, data.source(config.data))
    played = import_module(f"gan_jax.gans.{config.gan}").game(config)
    params = {name: _params(played.players[name], one) for name, one in players.items()}
    for name, one in players.items():
        say(f"{name} is {one.path}: {_shown(one.network)}")
    if drawn := [name for name in played.players if name not in players]:
        say(f"drawn anew, since no file is given: {', '.join(drawn)}")
    _say_what_differs(players, say)
    state = _state(played, config, params)
    with run.claimed(workdir):
        checkpoints = Checkpoints(workdir / "checkpoints", config.keep)
        checkpoints.save(state, {"seconds": 0.0, "batches": 0}, {})
        checkpoints.wait()
        run.remember(workdir, config)


def _players(given: Sequence[Given], config: ConfigDict) -> dict[str, Given]:
    """The files by our names of the players."""
    known = PLAYERS.get(config.gan)
    if known is None:
        raise UserError(f"config.gan={config.gan}: PyTorch's files are of {' or '.join(PLAYERS)}")
    if config.gan == "cyclegan":
        known = {**known, "G": "G"}  # CycleGAN's published files have a generator alone, named like pix2pix's
    players: dict[str, Given] = {}
    for one in given:
        if one.name not in known:
            raise UserError(f"{one.path} is a {one.name}, but config.gan={config.gan} has {', '.join(known)}")
        name = known[one.name]
        if (one.network.block["network"] in ("resnet", "unet")) != (name in GENERATORS):
            raise UserError(
                f"{one.path} is a {one.name} by its name, but holds a {one.network.block['network']}"
            )
        if name in players:
            raise UserError(f"{one.path} and {players[name].path} are both {name}")
        players[name] = one
    if not any(name in players for name in GENERATORS):
        raise UserError("no generator is given: name a file such as latest_net_G_A.pth")
    return players


def fitted(players: Mapping[str, Given], config: ConfigDict) -> ConfigDict:
    """The config with the networks and the numbers of channels of the files.

    Raises UserError where the files contradict each other.
    """
    config = config.copy_and_resolve_references()
    settings: dict[str, tuple[Any, Path]] = {}
    for name, one in players.items():
        role = "generator" if name in GENERATORS else "discriminator"
        claims = {role: _block(one.network, config[role]), **_channels(name, one.network, config)}
        for key, value in claims.items():
            before = settings.setdefault(key, (value, one.path))
            if before[0] != value:
                raise UserError(f"{one.path} asks for {key}={value}, but {before[1]} for {before[0]}")
    with config.unlocked(), config.ignore_type():
        for key, (value, _) in settings.items():
            if isinstance(value, dict):
                config[key] = ConfigDict(value)
            else:
                config.data[key] = value
    return config.lock()


def _block(network: Network, before: ConfigDict) -> dict[str, Any]:
    """The block of the network; how often a U-Net drops out, its weights do not tell, but the config may."""
    if network.block["network"] != "unet":
        return network.block
    return {**network.block, "dropout": before.get("dropout", 0.0) if before.network == "unet" else 0.0}


def _channels(name: str, network: Network, config: ConfigDict) -> dict[str, int]:
    back = name == "F" or config.get("direction", "x2y") == "y2x"
    into, out = ("y_channels", "x_channels") if back else ("x_channels", "y_channels")
    if name in GENERATORS:
        return {into: network.inputs, out: network.outputs}
    return {f"{name[2]}_channels": network.inputs} if name in ("D_x", "D_y") else {}


def _params(player: game.Player, one: Given) -> PyTree:
    params = torch_names.from_torch(one.network, one.weights, str(one.path))
    expected = jax.eval_shape(player.init, jax.random.key(0))
    here, there = (traverse_util.flatten_dict(tree, sep="/") for tree in (expected, params))
    for path, leaf in here.items():
        shape = np.shape(there[path]) if path in there else "missing"
        if shape != leaf.shape:
            raise UserError(f"{one.path} does not fit the config: {path} is {shape}, expected {leaf.shape}")
    return params


def _state(played: game.Game, config: ConfigDict, params: Mapping[str, PyTree]) -> game.State:
    """The state before the first round, drawn as training draws it where no weights are given."""

    def as_given(name: str, player: game.Player) -> game.Player:
        return player._replace(init=lambda key: params[name]) if name in params else player

    given = {name: as_given(name, player) for name, player in played.players.items()}
    initial, _, _ = jax.random.split(jax.random.key(config.seed), 3)
    return game.init(played._replace(players=given), initial)


def _say_what_differs(players: Mapping[str, Given], say: Say) -> None:
    for name, one in players.items():
        batch = one.network.block["norm"] == "batch"
        if batch and torch_names.statistics(one.weights):
            say(
                f"the running statistics of {name} are dropped: batch norm here takes the moments of the picture at "
                "hand, as the PyTorch project's test.py does unless given --eval, with which its pictures differ"
            )


def _shown(network: Network) -> str:
    fields = ", ".join(f"{key} {value}" for key, value in network.block.items())
    return f"{fields}; {network.inputs} channels in, {network.outputs} out"


def export(workdir: Path, folder: Path, say: Say) -> None:
    """Write `latest_net_G_A.pth` and so on, which the PyTorch project loads, from the newest checkpoint of a run.

    Raises:
        UserError: no run, a network that the project lacks, or a file that is there already.
    """
    there = warm_start.read(workdir)
    known = PLAYERS.get(there.config.gan)
    if known is None:
        raise UserError(
            f"{workdir} is a run of {there.config.gan}; PyTorch's project has {' and '.join(PLAYERS)}"
        )
    blocks = {
        name: there.config["generator" if ours in GENERATORS else "discriminator"].to_dict()
        for name, ours in known.items()
    }
    files = {
        folder / f"latest_net_{name}.pth": torch_names.to_torch(blocks[name], there.params[ours])
        for name, ours in known.items()
    }
    for path in files:
        if path.exists():
            raise UserError(f"{path} is there already: name another directory")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}") from error
    for (path, weights), ours in zip(files.items(), known.values(), strict=True):
        torch_files.write(path, weights)
        averaged = ", averaged" if ours in there.averaged else ""
        say(f"{path} is {ours} at step {there.step:,}{averaged}")
    if any(block.get("norm") == "batch" for block in blocks.values()):
        say("batch norm has no running statistics here: in PyTorch, test without --eval")
