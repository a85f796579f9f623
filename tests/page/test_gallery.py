import numpy as np

from gan_jax import images
from gan_jax.page import gallery


def changed(config, **data):
    config = config.copy_and_resolve_references()
    config.unlock()
    for key, value in data.items():
        config.data[key] = value
    return config


def test_the_built_in_pictures(config):
    tests, line = gallery.pictures(config, ("x2y", "y2x"))
    assert [test.kind for test in tests] == ["x"] * 12 + ["y"] * 12
    assert {test.picture.shape for test in tests} == {(32, 32, 3)}
    assert line == "gallery: 24 test pictures of the built-in monuments"
    assert {test.kind for test in gallery.pictures(config, ("y2x",))[0]} == {"y"}


def test_a_folder_that_is_gone_or_was(config, tmp_path):
    for kind in "AB":
        for part in ("train", "test"):
            for i in range(2):
                images.write(tmp_path / f"{part}{kind}" / f"{i}.png", np.zeros((9, 9, 3), np.uint8))
    mine = changed(config, root=str(tmp_path))
    tests, line = gallery.pictures(mine, ("x2y", "y2x"))
    assert len(tests) == 4
    assert str(tmp_path) in line
    tests, line = gallery.pictures(changed(config, root=str(tmp_path / "gone")), ("x2y",))
    assert tests == []
    assert line.startswith("no gallery: the run's test pictures cannot be read any more")
