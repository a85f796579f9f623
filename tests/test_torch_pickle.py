import io
import os
import pickle
import struct
import tracemalloc

import pytest

from gan_jax.torch_pickle import Call, Global, Persistent, parse


def build(*instructions: bytes) -> io.BytesIO:
    return io.BytesIO(pickle.PROTO + b"\x02" + b"".join(instructions) + pickle.STOP)


def name(module: str, function: str) -> bytes:
    return pickle.GLOBAL + f"{module}\n{function}\n".encode()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "value",
    [
        {"a": 1, "b": (2, -3, 1 << 40), "c": [None, True, False, 0.5]},
        [(), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), {}, [], "ä" * 300],
        [["shared"] * 3, 1 << 80, -1],
    ],
)
def test_values_come_back(value, protocol):
    assert parse(io.BytesIO(pickle.dumps(value, protocol)), ()) == value


def test_what_is_shared_stays_shared():
    inner = [1]
    outer = parse(io.BytesIO(pickle.dumps([inner, inner], 2)), ())
    assert outer == [[1], [1]]
    assert outer[0] is outer[1]


def test_the_next_pickle_begins_where_one_ends():
    stream = io.BytesIO(pickle.dumps(1, 2) + pickle.dumps([2], 2) + b"rest")
    assert [parse(stream, ()), parse(stream, ()), stream.read()] == [1, [2], b"rest"]


def test_calls_and_references_are_described():
    call = name("a.b", "f") + pickle.BININT1 + b"\x07" + pickle.BINPERSID + pickle.TUPLE1 + pickle.REDUCE
    assert parse(build(call), ["a.b.f"]) == Call("a.b.f", (Persistent(7),))
    assert parse(build(name("a", "C")), ["a.C"]) == Global("a.C")


def test_ordered_dictionaries_of_python_2_and_3():
    ordered, pair = name("collections", "OrderedDict"), pickle.dumps([["a", 1]], 2)[2:-1]
    attribute = pickle.dumps({"_metadata": 5}, 2)[2:-1] + pickle.BUILD
    assert parse(build(ordered, pair, pickle.TUPLE1, pickle.REDUCE), ()) == {"a": 1}
    item = pickle.MARK + pickle.dumps("a", 2)[2:-1] + pickle.BININT1 + b"\x01" + pickle.SETITEMS
    assert parse(build(ordered, pickle.EMPTY_TUPLE, pickle.REDUCE, item, attribute), ()) == {"a": 1}


class Harmful:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.mkdir, (self.marker,)


@pytest.mark.parametrize("protocol", range(6))
def test_a_harmful_pickle_is_refused_and_not_run(tmp_path, protocol):
    data = pickle.dumps({"weight": Harmful(str(tmp_path / "harm"))}, protocol)
    with pytest.raises(ValueError, match=r"posix\.mkdir|instruction"):
        parse(io.BytesIO(data), ["torch.FloatStorage"])
    assert not list(tmp_path.iterdir())
    pickle.loads(data)
    assert list(tmp_path.iterdir()), "it would have done harm"


@pytest.mark.parametrize(
    "instructions",
    [
        [b"(S'touch x'\nios\nsystem\n"],  # INST
        [name("os", "system"), b"(S'x'\n", pickle.OBJ],
        [pickle.EXT1, b"\x01"],
        [name("collections", "OrderedDict"), pickle.EMPTY_TUPLE, pickle.NEWOBJ],
        [name("builtins", "eval")],
        [name("collections", "OrderedDict.__init__")],
        [name("a", "C"), pickle.EMPTY_TUPLE, pickle.REDUCE, pickle.EMPTY_DICT, pickle.BUILD],
    ],
)
def test_other_instructions_and_names_are_refused(instructions):
    with pytest.raises(ValueError, match="weights do not need"):
        parse(build(*instructions), ["a.C"])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\x80\x02",
        b"\x80\x02.",
        b"\x80\x02(.",
        b"\x80\x02a.",
        b"\x80\x02h\x05.",
        b"\x80\x02K\x01K\x02a.",
        b"\x80\x02K\x01K\x02K\x03s.",
        b"\x80\x02}(K\x01u.",
        b"\x80\x02K\x01)R.",
        b"\xff" * 99,
        b"\x80\x02X\xff\xff\xff\x7fabc.",
        b"\x80\x04\x8d" + struct.pack("<Q", 1 << 60) + b"abc.",
    ],
)
def test_a_damaged_pickle_is_refused(data):
    with pytest.raises(ValueError, match=r"its pickle is damaged|its pickle has the instruction"):
        parse(io.BytesIO(data), ())


ORDERED = name("collections", "OrderedDict") + pickle.BINPUT + b"\x01"
COPY = pickle.BINGET + b"\x01" + pickle.BINGET + b"\x02" + pickle.TUPLE1 + pickle.REDUCE


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b"\x80\x02K\x01r\xff\xff\xff\x7f.", False),  # a place in the memo for which Python makes a table of 16 GB
        (b"\x80\x04\x95" + b"\xff" * 8 + b"K\x01.", False),  # a frame of 16 million TB
        (b"\x80\x02" + ORDERED + pickle.dumps([["a", 1]] * 9000, 2)[2:-1] + b"q\x02" + COPY * 9000 + b".", True),
    ],
)  # fmt: skip
def test_a_small_pickle_cannot_ask_for_much_memory(data, refused):
    tracemalloc.start()
    try:
        if refused:
            with pytest.raises(ValueError, match="damaged"):
                parse(io.BytesIO(data), ())
        else:
            parse(io.BytesIO(data), ())
        assert tracemalloc.get_traced_memory()[1] < 200 * len(data) + 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("form", "refused"), [(b"%b.", False), (b"}%bK\x01s.", True)])
def test_a_tuple_in_a_tuple_in_a_tuple(form, refused):
    """As a key it would be hashed, and the recursion end the program."""
    data = io.BytesIO(b"\x80\x02" + form % (b"K\x01" + b"\x85" * 200_000))
    if refused:
        with pytest.raises(ValueError, match="damaged"):
            parse(data, ())
    else:
        assert isinstance(parse(data, ()), tuple)
