import itertools
import subprocess
import sys
import textwrap
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_jax import data
from gan_jax.data.pictures import Domains, Pictures, Source
from gan_jax.data.pipeline import Plan, augment, plan
from gan_jax.decoding import Unreadable
from gan_jax.errors import UserError


def flat(count, broken=()):
    """Picture i is all i."""

    def load(i):
        if i in broken:
            raise Unreadable("torn")
        return np.full((12, 12, 3), i, np.uint8)

    return Pictures([f"{i}.png" for i in range(count)], load)


def source(x, y, test=(2, 2), paired_test=False):
    return Source("here", Domains(x, y), Domains(*(flat(n) for n in test)), paired_test, ())


def take(source, config, count, start=0, **host):
    return list(itertools.islice(data.batches(source, config, start, **host), count))


def shown(image):
    """The number of a flat picture."""
    return round((float(image[0, 0, 0]) + 1) * 127.5)


def equal(batches, others):
    return len(batches) == len(others) and all(
        np.array_equal(batch[key], other[key])
        for batch, other in zip(batches, others, strict=True)
        for key in "xy"
    )


TEXTURES = Pictures(
    [f"{i}.png" for i in range(6)],
    [np.random.default_rng(i).integers(0, 256, (14, 16, 3)).astype(np.uint8) for i in range(6)].__getitem__,
)


def test_shapes_types_and_range(config):
    (batch,) = take(source(TEXTURES, flat(3)), config(batch_size=5, resize=(9, 11), crop=(7, 10)), 1)
    assert batch["x"].shape == batch["y"].shape == (5, 7, 10, 3)
    assert batch["x"].dtype == np.float32
    assert -1 <= batch["x"].min() < batch["x"].max() <= 1


@given(st.integers(0, 2**31), st.integers(1, 30), st.integers(1, 30))
def test_an_epoch_shows_the_larger_domain_once(seed, count_x, count_y):
    order, length = Plan(seed, count_x, count_y, paired=False, flip=True), max(count_x, count_y)
    for epoch in range(2):
        times = Counter(order(epoch * length + e).x for e in range(length))
        assert set(times) == set(range(count_x))
        assert max(times.values()) - min(times.values()) <= 1
        assert all(0 <= order(epoch * length + e).y < count_y for e in range(length))


def test_epochs_have_different_orders():
    order = Plan(0, 40, 40, paired=False, flip=True)
    first, second = ([order(epoch * 40 + e).x for e in range(40)] for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(40))
    assert first != second


def test_the_two_domains_are_drawn_independently():
    # Pairs (x, y) of 5 x 5 over 5000 examples: 200 each when independent. Chi-squared of 24 degrees: 52 is p = 0.001.
    order = Plan(1, 5, 5, paired=False, flip=True)
    times = Counter((draw.x, draw.y) for draw in map(order, range(5000)))
    assert sum((times[x, y] - 200) ** 2 / 200 for x in range(5) for y in range(5)) < 52
    flips = Counter((draw.flip_x, draw.flip_y) for draw in map(order, range(5000)))
    assert all(abs(count - 1250) < 4 * 31 for count in flips.values())  # 4 standard deviations
    crops = np.array([draw.crop_x + draw.crop_y for draw in map(order, range(5000))])
    assert np.abs(np.corrcoef(crops.T) - np.eye(4)).max() < 4 / np.sqrt(5000)


def test_paired_examples_share_all():
    order = Plan(1, 9, 9, paired=True, flip=True)
    for draw in map(order, range(100)):
        assert (draw.x, draw.crop_x, draw.flip_x) == (draw.y, draw.crop_y, draw.flip_y)
    assert len({order(k).crop_x for k in range(100)}) == 100


def test_paired_batches_show_the_same_place(config):
    for batch in take(source(TEXTURES, TEXTURES), config(paired=True, batch_size=3), 4):
        np.testing.assert_array_equal(batch["x"], batch["y"])


def test_flip_can_be_switched_off(config):
    order = plan(source(flat(3), flat(3)), config(flip=False))
    assert not any(order(k).flip_x or order(k).flip_y for k in range(50))


def test_every_crop_is_equally_likely_and_flips_mirror():
    rng = np.random.default_rng(0)
    picture = np.arange(5 * 6).reshape(5, 6, 1)
    times = Counter(int(augment(picture, (3, 5), tuple(rng.random(2)), False)[0, 0, 0]) for _ in range(6000))
    assert sorted(times) == [0, 1, 6, 7, 12, 13]  # corners at rows 0 to 2 and columns 0 to 1
    assert all(abs(count - 1000) < 4 * 29 for count in times.values())
    assert augment(picture, (1, 6), (0, 0), True)[0, :, 0].tolist() == [5, 4, 3, 2, 1, 0]
    assert augment(picture, (5, 6), (0.999, 0.999), False).shape == (5, 6, 1)


def test_the_seed_decides_all(config):
    s = source(TEXTURES, TEXTURES)
    assert equal(take(s, config(seed=3), 5), take(s, config(seed=3), 5))
    assert not equal(take(s, config(seed=3), 5), take(s, config(seed=4), 5))


@pytest.mark.parametrize("start", [1, 3, 7])
def test_going_on_at_a_batch_is_as_if_never_interrupted(config, start):
    s, c = source(TEXTURES, flat(4)), config(batch_size=4, seed=5)  # 6 pictures: batches cross epochs
    assert equal(take(s, c, 9)[start:], take(s, c, 9 - start, start))


def test_a_position_far_away_is_reached_at_once(config):
    (batch,) = take(source(flat(3), flat(3)), config(), 1, start=10**9)
    assert batch["x"].shape == (1, 8, 8, 3)


@pytest.mark.parametrize("hosts", [2, 3])
def test_hosts_split_every_batch(config, hosts):
    s, c = source(TEXTURES, TEXTURES), config(batch_size=6, seed=2)
    whole = take(s, c, 4)
    parts = [take(s, c, 4, process_index=p, process_count=hosts) for p in range(hosts)]
    for k, batch in enumerate(whole):
        for key in "xy":
            np.testing.assert_array_equal(batch[key], np.concatenate([part[k][key] for part in parts]))


def test_hosts_that_do_not_divide_the_batch(config):
    with pytest.raises(UserError, match=r"config.batch_size=4: expected a multiple of the 3 processes"):
        data.batches(source(flat(1), flat(1)), config(batch_size=4), process_count=3)


def test_worker_processes_change_nothing(config, tree):
    root = tree({f"train{d}/{i}.png": 10 * i for d in "AB" for i in range(5)})
    s = data.source(config(root=str(root)).data)
    here = take(s, config(batch_size=2, seed=9), 7, start=2)
    there = data.batches(s, config(batch_size=2, seed=9, workers=2), 2)
    assert equal(here, list(itertools.islice(there, 7)))
    there.close()


def test_pictures_that_vanish_while_training_are_replaced(config, tree, capfd):
    root = tree({f"train{d}/{i}.png": i for d in "AB" for i in range(4)})
    c = config(root=str(root), batch_size=4)
    s = data.source(c.data)
    (root / "trainA" / "2.png").unlink()
    (root / "trainB" / "0.png").write_bytes(b"overwritten")
    batches = take(s, c, 8)
    assert {shown(image) for batch in batches for image in batch["x"]} == {0, 1, 3}
    assert {shown(image) for batch in batches for image in batch["y"]} == {1, 2, 3}
    expected = plan(s, c)
    assert [shown(image) for batch in batches for image in batch["x"]] == [
        {2: 3}.get(expected(k).x, expected(k).x) for k in range(32)
    ]
    err = capfd.readouterr().err
    assert err.count("2.png") == err.count("0.png") == 1


def test_when_all_vanish_training_stops_with_a_reason(config):
    with pytest.raises(UserError, match="none of the 2 pictures to train on"):
        take(source(flat(2), flat(2, broken=(0, 1))), config(), 1)


@pytest.mark.parametrize(
    ("x", "y", "batch", "steps"), [(45, 45, 1, 45), (3, 7, 1, 7), (7, 3, 2, 4), (1, 1, 8, 1)]
)
def test_steps_per_epoch(config, x, y, batch, steps):
    assert data.steps_per_epoch(source(flat(x), flat(y)), config(batch_size=batch)) == steps


def test_test_pictures_are_all_of_them_whole_and_in_order(config):
    s = source(flat(1), flat(1), test=(5, 3))
    pictures = data.test_pictures(s, config())
    assert pictures["x"].shape == (5, 12, 12, 3)
    assert [shown(image) for image in pictures["y"]] == [0, 1, 2]
    assert [len(side) for side in data.test_pictures(s, config(test_pictures=4)).values()] == [4, 3]


def test_broken_test_pictures_go_with_their_partners(config):
    s = source(flat(1), flat(1))._replace(test=Domains(flat(5, broken=[1]), flat(5, broken=[3])))
    for paired, x, y in ((True, [0, 2, 4], [0, 2, 4]), (False, [0, 2, 3, 4], [0, 1, 2, 4])):
        pictures = data.test_pictures(s._replace(paired_test=paired), config())
        assert [[shown(image) for image in pictures[key]] for key in "xy"] == [x, y]
    first = data.test_pictures(s._replace(paired_test=True), config(test_pictures=2))
    assert [shown(image) for image in first["x"]] == [0, 2]


def test_no_test_picture_left(config):
    s = source(flat(1), flat(1))._replace(test=Domains(flat(1, broken=[0]), flat(1)))
    with pytest.raises(UserError, match="no test picture can be read"):
        data.test_pictures(s, config())


def test_more_test_pictures_than_memory(config):
    s = source(flat(1), flat(1), test=(50_000, 50_000))
    with pytest.raises(
        UserError, match=r"set --config.data.test_pictures=1365"
    ):  # 2 GiB / (6 * 512 * 512 * 4 B) / ...
        data.test_pictures(s, config(resize=256))
    assert len(data.test_pictures(s, config(resize=256, crop=8, test_pictures=2))["x"]) == 2


ERROR, INTERRUPT, KILL = "raise RuntimeError('boo')", "os.kill(os.getpid(), 2)", "os.kill(os.getpid(), 9)"


@pytest.mark.parametrize(
    ("workers", "ending", "last"),
    [
        (0, ERROR, "RuntimeError: boo"),
        (0, INTERRUPT, "KeyboardInterrupt"),
        (1, INTERRUPT, "KeyboardInterrupt"),
        (1, KILL, ""),  # a worker left behind would hold the pipe open until the time is out
    ],
)
def test_reading_ahead_does_not_keep_the_program_alive(workers, ending, last):
    program = f"""
        import os, time
        from ml_collections import ConfigDict
        from gan_jax import data
        config = ConfigDict(dict(seed=0, batch_size=1, data=dict(
            root="", x="", y="", tfds="", paired=False, resize=64, crop=64, flip=True,
            x_channels=3, y_channels=3, bits=8, workers={workers}, test_pictures=0)))
        batches = data.batches(data.source(config.data), config)
        next(batches)
        {ending}
        time.sleep(60)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=50
    )
    assert run.returncode != 0
    assert run.stderr.strip().endswith(last)
    assert run.stderr.count("Traceback") == (last != "")
