import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict

from gan_jax import exports, networks, onnx_files
from gan_jax.errors import UserError
from gan_jax.model import Model

BLOCKS = [
    *(
        {"network": "resnet", "width": 2, "blocks": 1, "upsample": kind}
        for kind in ("deconv", "resize", "shuffle")
    ),
    {"network": "resnet", "width": 2, "blocks": 2, "norm": "batch", "dropout": 0.5},
    {"network": "resnet", "width": 2, "blocks": 1, "norm": "none"},
    *({"network": "unet", "width": 1, "levels": 5, "norm": norm} for norm in ("batch", "instance", "none")),
]


def model(block, into=3, out=2) -> Model:
    """With random weights, from numpy, since compiling the initialisers takes seconds."""
    module = networks.build(block, channels=out)
    random = np.random.default_rng(0)
    shapes = jax.eval_shape(module.init, jax.random.key(0), jnp.zeros((1, 32, 32, into)))["params"]
    params = jax.tree.map(lambda leaf: random.normal(0, 0.3, leaf.shape).astype(np.float32), shapes)
    config = ConfigDict({"generator": block, "data": {"x_channels": into, "y_channels": out}})
    return Model(config, 0, {"x2y": (lambda params, x: module.apply({"params": params}, x), params)})


CASES = [*(("onnx", block) for block in BLOCKS), *(("stablehlo", block) for block in BLOCKS[1:6:2])]


@pytest.mark.parametrize(("form", "block"), CASES)
def test_the_file_gives_the_runs_pictures(tmp_path, form, block):
    lines = []
    translating = model(block)
    exports.write(translating, exports.FORMATS[form], tmp_path, lines.append)
    [path] = tmp_path.iterdir()
    assert path.name == f"x2y.{form}"
    side, least = (32, 32) if block["network"] == "unet" else (4, 8)
    assert f"sides multiples of {side} from {least}; differs from the run by" in lines[0]
    images = np.random.default_rng(1).uniform(-1, 1, (3, least, 4 * side, 3)).astype(np.float32)
    out = exports.FORMATS[form].load(path)(images)
    assert np.abs(out).max() > 0.1
    np.testing.assert_allclose(out, translating.translate(images), atol=1e-4)


def test_a_file_that_gives_other_pictures_is_refused(tmp_path):
    translating = model({"network": "resnet", "width": 1, "blocks": 1})
    load = exports.FORMATS["onnx"].load
    for wrong in (2e-4, np.nan):
        form = exports.FORMATS["onnx"]._replace(
            load=lambda path, wrong=wrong: lambda x: load(path)(x) + wrong
        )
        with pytest.raises(UserError, match="gives other pictures than the run: they differ by"):
            exports.write(translating, form, tmp_path, print)
        assert not (tmp_path / "x2y.onnx").exists()


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "x2y.onnx").write_text("mine")
    with pytest.raises(UserError, match=r"x2y\.onnx is there already"):
        exports.write(
            model({"network": "resnet", "width": 1, "blocks": 1}), exports.FORMATS["onnx"], tmp_path, print
        )
    assert (tmp_path / "x2y.onnx").read_text() == "mine"


def test_a_network_that_has_no_graph_is_named():
    with pytest.raises(UserError, match='knows no network "dcgan", only resnet, unet'):
        onnx_files.described({"network": "dcgan"}, {}, 3, 3)


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named(monkeypatch, tmp_path, package):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(UserError, match=rf"package {package}: pip install -e '\.\[onnx\]'"):
        exports.write(
            model({"network": "resnet", "width": 1, "blocks": 1}), exports.FORMATS["onnx"], tmp_path, print
        )
