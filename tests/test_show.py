from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from ml_collections import ConfigDict

from gan_jax import sharding
from gan_jax.game import Game, Player, State
from gan_jax.show import Made, alike, grid, label, made, shower

LABELS = ConfigDict({"data": {"x_label": "photo", "y_label": "drawing"}})


def times(params: jax.Array, x: jax.Array, rng: Any = None) -> jax.Array:
    return params * x


def both(G: Any, F: Any, batch: Any) -> dict[str, jax.Array]:
    fake_y = G(batch["x"])
    return {"fake_y": fake_y, "back_x": F(fake_y)}


GAME = Game(
    players={name: Player(lambda key: jnp.float32(1), times) for name in ("G", "F")},
    moves=(),
    show=both,
    rows=(("x", "fake_y"), ("y",)),
)
STATE = State(0, {"G": jnp.float32(2), "F": jnp.float32(5)}, {}, {}, {})
KEY = jax.random.key(0)


def pictures(count: int, side: int = 4) -> dict[str, np.ndarray]:
    x = np.arange(count * side * side, dtype=np.float32).reshape(count, side, side, 1)
    return {"x": x, "y": -x}


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 9])
def test_all_are_shown_in_order_whatever_the_chunk(chunk: int) -> None:
    shown = shower(GAME)(STATE, pictures(5), KEY, chunk)
    np.testing.assert_array_equal(shown["fake_y"], 2 * pictures(5)["x"])
    np.testing.assert_array_equal(shown["back_x"], 10 * pictures(5)["x"])


def test_averaged_parameters_are_shown_where_there_are_any() -> None:
    shown = shower(GAME)(STATE._replace(average={"G": jnp.float32(3)}), pictures(2), KEY, 2)
    np.testing.assert_array_equal(shown["fake_y"], 3 * pictures(2)["x"])
    np.testing.assert_array_equal(shown["back_x"], 15 * pictures(2)["x"])


def test_chance_comes_from_the_key() -> None:
    game = GAME._replace(show=lambda G, batch, rng: {"noise": G(jax.random.normal(rng, batch["x"].shape))})
    one, same, other = (shower(game)(STATE, pictures(2), jax.random.key(k), 2)["noise"] for k in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_network_is_compiled_once_for_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    traced: list[tuple[int, ...]] = []

    def counting(params: jax.Array, x: jax.Array) -> jax.Array:
        traced.append(x.shape)
        return params * x

    mesh = sharding.mesh(4)
    networks = {"G": lambda params, x: counting(params, x), "F": lambda params, x: counting(params, x)}
    game = GAME._replace(players={name: Player(jnp.float32, apply) for name, apply in networks.items()})
    state = STATE._replace(params=sharding.replicate(mesh, STATE.params))
    show = shower(game, sharding.replicated(mesh))
    compiled: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, _, **__: (
            compiled.append(event) if event.endswith("jaxpr_to_mlir_module_duration") else None
        )
    )
    show(state, pictures(7), KEY, 4)  # four, and three that are filled up
    assert (len(traced), len(compiled)) == (2, 2), "once for G, once for F"
    show(state, pictures(5), KEY, 4)
    assert (len(traced), len(compiled)) == (2, 2)


def test_as_many_of_each_kind() -> None:
    test = {"x": np.arange(5), "y": np.arange(3)}
    assert {name: leaf.tolist() for name, leaf in alike(test).items()} == {"x": [0, 1, 2], "y": [0, 1, 2]}


def test_a_sheet_has_a_row_for_each_example_and_a_column_for_each_name() -> None:
    side = 96
    flat = {name: np.full((3, side, side, 1), value, np.float32) for name, value in (("x", -1), ("y", 1))}
    flat["x"][1] = 0
    sheet, _ = grid(GAME, LABELS, flat, {"fake_y": 0.5 + 0 * flat["x"]}, count=2)
    # Each side is doubled; gaps of 4 pixels; labels of 18 and a gap above.
    assert sheet.shape == (4 + 22 + 2 * (192 + 4), 4 + 3 * (192 + 4), 3)
    centres = [
        [int(sheet[22 + 96 + 196 * row, 4 + 96 + 196 * column, 0]) for column in range(3)] for row in range(2)
    ]
    assert centres == [[0, 191, 255], [128, 191, 255]]
    assert (sheet[4:22] < 100).any(), "labels are written"


def test_no_more_rows_than_examples() -> None:
    test = pictures(2, side=192)
    assert grid(GAME, LABELS, test, {"fake_y": test["x"]}, count=9).pixels.shape[0] == 4 + 22 + 2 * (192 + 4)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x", "photo"),
        ("y", "drawing"),
        ("fake_y", "drawing made"),
        ("back_x", "photo back"),
        ("mask", "mask"),
    ],
)
def test_labels(name: str, words: str) -> None:
    assert label(name, LABELS.data) == words


@pytest.mark.parametrize(
    ("rows", "shown", "expected"),
    [
        (
            (("x", "fake_y", "back_x"), ("y", "fake_x", "back_y")),
            {"fake_y": 3, "back_x": 3, "fake_x": 3, "back_y": 3},
            [Made("fake_y", "y", "x"), Made("fake_x", "x", "y")],
        ),
        ((("x", "fake_y", "y"),), {"fake_y": 3}, [Made("fake_y", "y", "x")]),
        ((("image", "back", "made"),), {"back": 5, "made": 5}, [Made("made", "image")]),
        ((), {"made": 3}, []),
        ((), {"made": 5}, [Made("made", "image")]),
        ((("fake_y",),), {"fake_y": 3}, [Made("fake_y", "y")]),
    ],
    ids=["cycle", "pairs", "samples in a row", "two of its shape", "samples", "no input"],
)
def test_what_a_game_makes(
    rows: tuple[tuple[str, ...], ...], shown: dict[str, int], expected: list[Made]
) -> None:
    channels = {"x": 3, "y": 3, "image": 5}
    test = {name: np.zeros((2, 4, 4, n), np.float32) for name, n in channels.items()}
    test["label"] = np.zeros(2, np.int32)
    found = {name: np.zeros((2, 4, 4, n), np.float32) for name, n in shown.items()}
    assert made(GAME._replace(rows=rows), found, test) == expected


def test_labels_of_examples_are_the_names_themselves() -> None:
    """A config of examples has no names for two kinds of pictures."""
    assert [label(name, ConfigDict({"examples": "digits"})) for name in ("image", "back", "made")] == [
        "image",
        "back",
        "made",
    ]


def test_a_sheet_says_where_its_pictures_are() -> None:
    test = pictures(3)
    sheet, layout = grid(GAME, LABELS, test, {"fake_y": test["x"]}, count=2)
    assert layout["groups"] == [2, 1]
    assert [label for _, _, label in layout["columns"]] == ["photo", "drawing made", "drawing"]
    assert layout["size"] == [sheet.shape[1], sheet.shape[0]]
    (x, width, _), (y, height) = layout["columns"][2], layout["rows"][1]
    cell = sheet[y : y + height, x : x + width]
    levels = np.rint((-test["x"][1].clip(-1, 1) + 1) * 127.5).clip(0, 255)
    np.testing.assert_array_equal(cell[::48, ::48, 0], levels[..., 0])
    assert not (sheet[y : y + height, x + width : x + width + 4] < 255).any(), "and the gap begins"
