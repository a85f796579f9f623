"""The pickles inside PyTorch's files, read without running them.

A pickle is a program for a stack machine, and Python's own machine calls whatever functions the program names. This
one calls nothing: it knows only the instructions that lists of weights are written with, and a call becomes a `Call`
to be looked at. Memory and time are bounded by the length of the pickle.
"""

import math
import pickle
import pickletools
from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

import numpy as np

TEXT = {"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINSTRING", "SHORT_BINSTRING"}
NUMBERS = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"}
CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
MARK = object()
ORDERED = "collections.OrderedDict"


class Global(NamedTuple):
    """The name of a function or class: a name only."""

    name: str


class Call(NamedTuple):
    """What a function would have been called with."""

    function: str
    arguments: tuple[Any, ...]


class Persistent(NamedTuple):
    """A reference to something that lies outside the pickle."""

    reference: Any


def parse(stream: BinaryIO, allowed: Collection[str]) -> Any:
    """The value that the next pickle in `stream` describes, with dictionaries for OrderedDicts.

    `allowed`: the names, such as "torch._utils._rebuild_tensor_v2", that may occur in it besides OrderedDict.

    Raises:
        ValueError: the pickle is damaged, or uses another name or instruction.
    """
    machine = _Machine({*allowed, ORDERED})
    try:
        for name, argument in _instructions(stream):
            if name == "STOP":
                return machine.pop()
            machine.run(name, argument)
    except (IndexError, KeyError, TypeError, OverflowError) as error:
        raise ValueError("its pickle is damaged") from error
    raise ValueError("its pickle ends early")


def _instructions(stream: BinaryIO) -> Iterator[tuple[str, Any]]:
    """Names and arguments; what pickletools says of damage is for those who know pickles."""
    try:
        for instruction, argument, _ in pickletools.genops(stream):
            yield instruction.name, argument
    except ValueError as error:
        raise ValueError("its pickle is damaged") from error


class _Machine:
    def __init__(self, allowed: Collection[str]) -> None:
        self.allowed = allowed
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.budget = 100_000  # entries that OrderedDicts may copy: more than any network has weights

    def run(self, name: str, argument: Any) -> None:
        """One instruction."""
        if name in TEXT | NUMBERS:
            self.stack.append(argument)
        elif name in CONSTANTS:
            self.stack.append(CONSTANTS[name])
        elif name in TUPLES:
            self.stack.append(tuple(reversed([self.pop() for _ in range(TUPLES[name])])))
        elif name in ("BINPUT", "LONG_BINPUT"):
            self.memo[argument] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif name not in ("PROTO", "FRAME"):
            step = getattr(self, f"_{name.lower()}", None)
            if step is None:
                raise ValueError(f"its pickle has the instruction {name}, which weights do not need")
            step(argument)

    def pop(self) -> Any:
        """The value on top of the stack."""
        value = self.stack.pop()
        if value is MARK:
            raise ValueError("its pickle is damaged")
        return value

    def _since_mark(self) -> list[Any]:
        values = []
        while (value := self.stack.pop()) is not MARK:
            values.append(value)
        return values[::-1]

    def _mark(self, _: None) -> None:
        self.stack.append(MARK)

    def _empty_dict(self, _: None) -> None:
        self.stack.append({})

    def _empty_list(self, _: None) -> None:
        self.stack.append([])

    def _empty_tuple(self, _: None) -> None:
        self.stack.append(())

    def _tuple(self, _: None) -> None:
        self.stack.append(tuple(self._since_mark()))

    def _append(self, _: None) -> None:
        self._extend([self.pop()])

    def _appends(self, _: None) -> None:
        self._extend(self._since_mark())

    def _extend(self, values: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise ValueError("its pickle is damaged")
        self.stack[-1].extend(values)

    def _setitem(self, _: None) -> None:
        value, key = self.pop(), self.pop()
        _fill(self.stack[-1], [(key, value)])

    def _setitems(self, _: None) -> None:
        values = self._since_mark()
        if len(values) % 2:
            raise ValueError("its pickle is damaged")
        _fill(self.stack[-1], list(zip(values[::2], values[1::2], strict=True)))

    def _global(self, names: str) -> None:
        self._name(*names.split(" ", 1))

    def _stack_global(self, _: None) -> None:
        name, module = self.pop(), self.pop()
        self._name(module, name)

    def _name(self, module: Any, name: Any) -> None:
        full = f"{module}.{name}" if isinstance(module, str) and isinstance(name, str) else "?"
        if full not in self.allowed:
            raise ValueError(
                f"it asks for {full[:80]!r}, which weights do not need: it is a whole pickled object, or harmful"
            )
        self.stack.append(Global(full))

    def _reduce(self, _: None) -> None:
        arguments, function = self.pop(), self.pop()
        if not isinstance(function, Global) or not isinstance(arguments, tuple):
            raise ValueError("its pickle is damaged")
        if function.name == ORDERED:
            self.stack.append(self._ordered(*arguments))
        else:
            self.stack.append(Call(function.name, arguments))

    def _ordered(self, pairs: Any = ()) -> dict[Any, Any]:
        """Python 2 hands all pairs to the constructor; Python 3 sets them afterwards."""
        self.budget -= len(pairs)
        if self.budget < 0 or not all(isinstance(pair, (list, tuple)) for pair in pairs):
            raise ValueError("its pickle is damaged")
        ordered: dict[Any, Any] = {}
        _fill(ordered, pairs)
        return ordered

    def _build(self, _: None) -> None:
        # Attributes of a dictionary: PyTorch notes the versions of its modules there.
        self.pop()
        if not isinstance(self.stack[-1], dict):
            raise ValueError("its pickle sets attributes, which weights do not need")

    def _binpersid(self, _: None) -> None:
        self.stack.append(Persistent(self.pop()))


def _fill(target: Any, pairs: Any) -> None:
    for key, value in pairs:
        # Only what is hashed without recursion: a tuple nested a million times would end the program.
        if not isinstance(target, dict) or not isinstance(key, (str, int)):
            raise ValueError("its pickle is damaged")
        target[key] = value


def describe(weights: Mapping[str, np.ndarray]) -> bytes:
    """The pickle of a state_dict whose tensor number i has its numbers in storage "i".

    Put together by hand, since Python's pickler would ask PyTorch for the functions that it names.
    """
    ordered = _name("collections", "OrderedDict") + pickle.EMPTY_TUPLE + pickle.REDUCE
    items = b""
    for i, (name, array) in enumerate(weights.items()):
        kind = {np.dtype(np.float32): "FloatStorage", np.dtype(np.int64): "LongStorage"}[array.dtype]
        storage = pickle.MARK + _value("storage") + _name("torch", kind) + _value(str(i)) + _value("cpu")
        storage += _value(array.size) + pickle.TUPLE + pickle.BINPERSID
        strides = tuple(math.prod(array.shape[axis + 1 :]) for axis in range(array.ndim))
        view = _value(0) + _value(array.shape) + _value(strides) + _value(False)
        rebuild = _name("torch._utils", "_rebuild_tensor_v2") + pickle.MARK
        items += _value(name) + rebuild + storage + view + ordered + pickle.TUPLE + pickle.REDUCE
    return pickle.PROTO + b"\x02" + ordered + pickle.MARK + items + pickle.SETITEMS + pickle.STOP


def _value(value: Any) -> bytes:
    return pickle.dumps(value, protocol=2)[2:-1]  # without its PROTO and STOP


def _name(module: str, name: str) -> bytes:
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()
