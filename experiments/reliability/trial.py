"""What a fault reports: a try, and how many of them become a row of results.json."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

Case = TypeVar("Case")
MANY = 500  # of more tries it is counted, not listed, what was broken


class Try(NamedTuple):
    """One thing broken once."""

    what: str  # what was broken: "SIGKILL after 3.71 s, in the checkpoint of step 12"
    wrong: str  # "" if the promise was kept, else what happened instead
    said: str = ""  # the line that the user read
    numbers: dict[str, float] = {}  # by name and unit, "seconds until it stopped"; the largest is the worst


def each(one: Callable[[Case], Try], cases: Iterable[tuple[str, Case]]) -> Iterator[Try]:
    """`one` of each case, (what is broken, case); an exception makes that try wrong, and the others go on."""
    for what, case in cases:
        try:
            found = one(case)
        except Exception as error:
            found = Try(what, failure(error))
        yield found


def failure(error: Exception) -> str:
    """An exception in a line: its type, and the first and the last line of its words."""
    words = str(error).strip().splitlines() or [""]
    return " ... ".join([f"{type(error).__name__}: {words[0]}", *words[1:][-1:]])


def summary(tries: list[Try], scratch: Path) -> dict[str, Any]:
    """Counts, what went wrong, one message of each kind, the worst numbers; `scratch` is shown as "runs"."""

    def plain(text: str) -> str:
        return text.replace(str(scratch), "runs")

    said: dict[str, str] = {}
    worst: dict[str, float] = {}
    for one in tries:
        for line in filter(None, [plain(one.said)]):
            said.setdefault(kind(line), line)
        for name, value in one.numbers.items():
            worst[name] = max(value, worst.get(name, value))
    return {
        "tries": len(tries),
        "kept": sum(not one.wrong for one in tries),
        "wrong": [{"what": plain(one.what), "wrong": plain(one.wrong)} for one in tries if one.wrong],
        "what": [plain(one.what) for one in tries] if len(tries) <= MANY else dict(classes(tries)),
        "said": list(said.values()),
        "worst": {name: round(value, 3) for name, value in worst.items()},
    }


def classes(tries: list[Try]) -> list[tuple[str, int]]:
    """What was broken, by the words before the colon, and how often, the most frequent first."""
    return Counter(one.what.partition(":")[0] for one in tries).most_common()


def kind(line: str) -> str:
    """Messages that differ by numbers, paths and quoted names alone are of one kind."""
    return re.sub(r"\d[\d.,e+-]*|nan|inf", "0", re.sub(r"\S*/\S*|'[^']*'|\"[^\"]*\"", "_", line))
