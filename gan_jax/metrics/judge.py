"""Every number about a translation: how it returns, and how true it is where the pairs are known."""

from collections.abc import Mapping

from gan_jax.metrics import ink
from gan_jax.metrics.reconstruction import Images, correlation, l1
from gan_jax.metrics.ssim import SIZE, ssim


def judge(
    shown: Mapping[str, Images], truth: Mapping[str, Images], paired: bool, drawings: tuple[str, ...] = ("y",)
) -> dict[str, float]:
    """The metrics of those of fake_x, fake_y, back_x, back_y that are `shown`, named "metric/picture".

    back_x, back_y: l1 and ssim to truth["x"], truth["y"]. fake_x, fake_y when `paired` (the i-th pictures of
    x and y show one thing): l1, ssim and correlation to the true picture. For a domain named in `drawings`,
    also what its fakes are made of (ink_share, speck_share, grey_share, chroma) and, when paired,
    ink_precision, ink_recall and ink_f1 within one pixel. Pictures with a side under 11 pixels have no ssim.
    Other pictures shown are passed over. ValueError when a picture's shape differs from its truth's.
    """
    found: dict[str, float] = {}
    for domain in ("x", "y"):
        back, fake = f"back_{domain}", f"fake_{domain}"
        if back in shown:
            found |= _named(back, _likeness(shown[back], truth[domain]))
        if fake in shown and paired:
            found |= _named(fake, _likeness(shown[fake], truth[domain]))
            found[f"correlation/{fake}"] = correlation(shown[fake], truth[domain])
        if fake in shown and domain in drawings:
            found |= _named(fake, _strokes(shown[fake]))
            if paired:
                found |= _named(fake, _overlap(shown[fake], truth[domain]))
    return found


def _named(picture: str, metrics: Mapping[str, float]) -> dict[str, float]:
    return {f"{metric}/{picture}": value for metric, value in metrics.items()}


def _likeness(images: Images, truth: Images) -> dict[str, float]:
    likeness = {"l1": l1(images, truth)}
    if min(truth.shape[1:3]) >= SIZE:
        likeness["ssim"] = ssim(images, truth)
    return likeness


def _strokes(images: Images) -> dict[str, float]:
    mask = ink.ink(images)
    return {
        "ink_share": float(mask.mean()),
        "speck_share": ink.speck_share(mask),
        "grey_share": ink.grey_share(images),
        "chroma": ink.chroma(images),
    }


def _overlap(images: Images, truth: Images) -> dict[str, float]:
    score = ink.overlap(ink.ink(images), ink.ink(truth))
    return {f"ink_{name}": value for name, value in score._asdict().items()}
