import numpy as np
import pytest

from gan_jax.metrics import pairs
from gan_jax.metrics.reconstruction import l1, psnr
from gan_jax.metrics.ssim import ssim


def pictures(seed, count, height=12, width=15, channels=3):
    return np.random.default_rng(seed).uniform(-1, 1, (count, height, width, channels)).astype(np.float32)


def scores(a, b, **how):
    return {score.metric: score for score in pairs.compare(zip(a, b, strict=True), lpips="", **how)}


def test_means_are_those_of_the_metrics():
    a, b = pictures(0, 20), pictures(1, 20)  # more than are taken together
    found = scores(a, b)
    assert found["l1"].value == pytest.approx(l1(a, b))
    assert found["psnr"].value == pytest.approx(psnr(a, b))
    assert found["ssim"].value == pytest.approx(ssim(a, b))
    assert {score.n_real for score in found.values()} == {20}


def test_interval_is_of_the_mean_over_pictures():
    b = pictures(2, 30)
    a = b + np.linspace(0, 0.5, 30, dtype=np.float32)[:, None, None, None]
    found = scores(a, b)["l1"]
    assert found.interval.error == pytest.approx(np.linspace(0, 0.5, 30).std() / np.sqrt(30), rel=0.1)


def test_chance_is_the_next_true_picture():
    b = np.stack([np.full((12, 12, 1), level, np.float32) for level in (-1.0, 0.0, 1.0)])
    found = scores(b, b)["l1"]
    assert found.value == 0
    assert found.floor.value == pytest.approx((2 + 1 + 1) / 3)


def test_equal_pictures_have_the_highest_psnr_that_counts():
    b = pictures(3, 2)
    assert scores(b, b)["psnr"].value == pairs.HIGHEST_PSNR


def test_sizes_may_differ_between_pairs_and_small_ones_have_no_ssim():
    mixed = [*pictures(4, 2), *pictures(5, 1, 20, 9)]
    found = scores(mixed, mixed)
    assert set(found) == {"l1", "psnr"}
    assert found["l1"].n_real == 3


def test_lpips_of_grey_and_of_colour(monkeypatch):
    from gan_jax.metrics.features import lpips

    seen = []

    def distances(name, a, b):
        seen.append((name, a.shape))
        return np.abs(a - b).mean(axis=(1, 2, 3)).astype(np.float64)

    monkeypatch.setattr(lpips, "distances", distances)
    a, b = pictures(6, 3, 32, 32, channels=1), pictures(7, 3, 32, 32, channels=1)
    found = {score.metric: score for score in pairs.compare(zip(a, b, strict=True), lpips="alexnet")}
    assert found["lpips"].value == pytest.approx(found["l1"].value)
    assert set(seen) == {("alexnet", (3, 32, 32, 3))}
    small = pairs.compare(zip(a[:, :30], b[:, :30], strict=True), lpips="alexnet")
    assert "lpips" not in {score.metric for score in small}
