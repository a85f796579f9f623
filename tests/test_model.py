import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from filelock import FileLock

import gan_jax
from gan_jax import game, model, settings
from gan_jax.checkpoint import Checkpoints
from gan_jax.errors import UserError

CONFIGS = Path(__file__).parents[1] / "configs"
TINY = {
    "data.resize": 16,
    "data.crop": 16,
    "generator.width": 2,
    "generator.blocks": 1,
    "discriminator.width": 2,
    "discriminator.layers": 1,
    "pool_size": 2,
}


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Tiny programs run in no time without optimisations, and are compiled sooner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model.compiler, "options", lambda *_: {"xla_backend_optimization_level": 0})
        yield


def tiny(file, **changes):
    config = settings.load(str(CONFIGS / file)).copy_and_resolve_references()
    for key, value in (TINY | {key.replace("__", "."): value for key, value in changes.items()}).items():
        block, name = settings.locate(config, key)
        if name in block:
            block[name] = value
    return config


def random_state(config, seed):
    """A state with every number drawn anew: the average is not the parameters."""
    played = import_module(f"gan_jax.gans.{config.gan}").game(config)
    shapes = jax.eval_shape(lambda key: game.init(played, key), jax.random.key(0))
    random = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: random.normal(0, 0.3, leaf.shape).astype(leaf.dtype), shapes)


def make_run(workdir, config, steps, metric=""):
    """The directory of a run with random states at these steps, {step: metrics}."""
    kept = Checkpoints(workdir / "checkpoints", keep=9)
    for step, metrics in steps.items():
        state = random_state(config, step)._replace(step=step)
        kept.save(state, {"seconds": 1.0, "batches": step}, metrics)
    kept.wait()
    (workdir / "config.json").write_text(settings.to_json(config))
    return workdir


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    config = tiny("cyclegan.py", data__y_channels=1, identity=0.0, best_metric="l1/back_x")
    steps = {2: {"l1/back_x": 0.1}, 4: {"l1/back_x": 0.4}, 6: {"l1/back_x": 0.3}}
    return make_run(tmp_path_factory.mktemp("run"), config, steps)


@pytest.fixture(scope="module")
def loaded(workdir):
    return gan_jax.load(workdir)


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).uniform(-1, 1, (3, 10, 13, 3)).astype(np.float32)


def test_import_is_light_and_load_is_there():
    code = "import sys, gan_jax; gan_jax.load; assert not {'jax', 'flax', 'PIL', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_averaged_parameters_of_the_newest_checkpoint(workdir, loaded, photos):
    state, config = random_state(loaded.config, 6), loaded.config
    played = import_module("gan_jax.gans.cyclegan").game(config)

    def alone(name, picture):
        apply = jax.jit(played.players[name].apply, compiler_options=model.compiler.options())
        return apply(state.average[name], picture[None])[0]

    assert (loaded.step, loaded.directions) == (6, ("x2y", "y2x"))
    assert (loaded.channels("x2y"), loaded.channels("y2x")) == ((3, 1), (1, 3))
    made = loaded.translate(photos[0])
    np.testing.assert_allclose(made, alone("G", photos[0]), atol=1e-5)
    assert (made.shape, made.dtype) == ((10, 13, 1), np.float32)
    back = loaded.translate(made, "y2x")
    np.testing.assert_allclose(back, alone("F", made), atol=1e-5)


def test_levels_in_are_levels_out(loaded, photos):
    for dtype, half in ((np.uint8, 127.5), (np.uint16, 32767.5)):
        levels = np.rint((photos[:2] + 1) * half).astype(dtype)
        made = loaded.translate(levels)
        floats = loaded.translate(levels.astype(np.float32) / np.float32(half) - 1)
        assert (made.shape, made.dtype) == ((2, 10, 13, 1), dtype)
        assert np.abs(made - (floats.astype(np.float64) + 1) * half).max() <= 0.51


def test_the_others_of_a_batch_do_not_matter_even_with_batch_norm(tmp_path, photos):
    norm = {"generator__norm": "batch", "discriminator__norm": "batch"}
    run = make_run(tmp_path, tiny("pix2pix.py", direction="y2x", average=0.0, **norm), {1: {}})
    loaded = gan_jax.load(run)
    assert loaded.directions == ("y2x",)
    together = loaded.translate(photos)  # the only direction there is
    for one, made in zip(photos, together, strict=True):
        np.testing.assert_allclose(loaded.translate(one), made, atol=1e-5)
    with pytest.raises(UserError, match=r"direction 'x2y': this run translates y2x$"):
        loaded.translate(photos, "x2y")


def test_large_pictures_go_through_windows_and_large_batches_through_parts(loaded, photos, monkeypatch):
    whole = loaded.translate(photos)
    monkeypatch.setattr(model, "TOGETHER", 2 * 10 * 13)
    np.testing.assert_allclose(loaded.translate(photos), whole, atol=1e-5)
    monkeypatch.setattr(model, "WHOLE", 100)
    shares = []
    np.testing.assert_allclose(loaded.translate(photos[0], progress=shares.append), whole[0], atol=1e-4)
    assert shares[-1] == 1
    assert len(shares) >= 8


def test_few_compiled_programs_are_kept(loaded):
    for side in range(4, 4 + model.SIZES + 2):
        loaded._program("x2y", (1, side, side, 3))
    assert loaded._program.cache_info().currsize == model.SIZES


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        (np.zeros((4, 4), np.uint8), r"shape \(4, 4\): expected \(height, width, 3\)"),
        (np.zeros((4, 4, 1), np.uint8), "expected"),
        (np.zeros((0, 4, 4, 3), np.uint8), "expected"),
        (np.zeros((4, 4, 3), np.int32), "int32: expected uint8, uint16, or floats"),
        (np.full((4, 4, 3), 255.0), r"floats in \[-1, 1\]"),
        (np.full((4, 4, 3), np.nan), r"floats in \[-1, 1\]"),
    ],
)
def test_other_arrays_are_refused(loaded, pictures, words):
    with pytest.raises(UserError, match=words):
        loaded.translate(pictures)


def test_steps_and_the_best_one(workdir):
    models = [gan_jax.load(workdir, step=4), gan_jax.load(workdir, best=True), gan_jax.load(workdir, step=2)]
    assert [model.step for model in models] == [4, 2, 2]
    other, one, same = (model.fingerprint("x2y") for model in models)
    assert other != one == same
    with pytest.raises(UserError, match="no checkpoint of step 5; there are 2, 4, 6"):
        gan_jax.load(workdir, step=5)


def test_a_live_run_is_only_read(workdir, tmp_path):
    """Locked, the newest checkpoint broken, another half written: the one before is taken and nothing is touched."""
    copy = tmp_path / "run"
    shutil.copytree(workdir, copy)
    (copy / "checkpoints" / "8.passing").mkdir()
    newest = copy / "checkpoints" / "6"
    for file in [file for file in newest.rglob("*") if file.is_file() and file.stat().st_size > 100]:
        file.write_bytes(file.read_bytes()[:50])

    def everything():
        return {path: path.stat().st_mtime_ns for path in copy.rglob("*")}

    with FileLock(copy / ".lock"):
        before = everything()
        assert gan_jax.load(copy).step == 4
        assert everything() == before
        with pytest.raises(UserError, match=r"no checkpoint in .* can be read \(step 6: "):
            gan_jax.load(copy, step=6)


def test_a_checkpoint_that_goes_while_it_is_read_is_passed_over(workdir, tmp_path, monkeypatch):
    copy = tmp_path / "run"
    shutil.copytree(workdir, copy)
    read = model.trained.checkpoint.read

    def vanishing(path, like):
        if path.name == "6":
            shutil.rmtree(path)
            raise OSError("no such file")
        return read(path, like)

    monkeypatch.setattr(model.trained.checkpoint, "read", vanishing)
    assert gan_jax.load(copy).step == 4


def test_what_is_no_such_run(workdir, tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"holds no run: there is no .*config.json"):
        gan_jax.load(tmp_path / "nowhere")
    shutil.copy(workdir / "config.json", tmp_path)
    with pytest.raises(UserError, match="no checkpoint yet: training writes one every 1,000 steps"):
        gan_jax.load(tmp_path)
    config = settings.from_json((workdir / "config.json").read_text()).copy_and_resolve_references()
    config.best_metric = ""
    (tmp_path / "config.json").write_text(settings.to_json(config))
    shutil.copytree(workdir / "checkpoints", tmp_path / "checkpoints")
    with pytest.raises(UserError, match="no best checkpoint"):
        gan_jax.load(tmp_path, best=True)
    cyclegan = import_module("gan_jax.gans.cyclegan")
    made = cyclegan.game(config)._replace(translate={})
    monkeypatch.setattr(cyclegan, "game", lambda config: made)
    with pytest.raises(UserError, match="a run of cyclegan, which does not translate"):
        gan_jax.load(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match=r"config.json cannot be used"):
        gan_jax.load(tmp_path)


def test_one_size_is_compiled_once(loaded, photos, monkeypatch):
    built = []
    compiled = loaded._compiled
    monkeypatch.setattr(
        loaded, "_program", model.functools.lru_cache(8)(lambda *key: built.append(key) or compiled(*key))
    )
    for _ in range(3):
        loaded.translate(jnp.asarray(photos[:2]))
    assert built == [("x2y", (2, 10, 13, 3))]
