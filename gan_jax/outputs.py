"""Where translated pictures go: names that do not collide, and nothing overwritten that was not asked for."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from gan_jax import run
from gan_jax.errors import UserError

RECORD = "translation.jsonl"  # what made the pictures of a folder, then a line for each of them


class Job(NamedTuple):
    """One picture: its name for people, its file, and what is made of it: the translation, and the way back."""

    name: str
    source: Path
    targets: tuple[Path, ...]


def targets(names: Iterable[str], endings: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """For each picture the names of its outputs: its own, the suffix replaced by each of `endings` (".png").

    Pictures that would then share a name keep their suffix: a.jpg and a.png give a.jpg.png and a.png.png. Capitals do
    not tell names apart, since on some systems they do not.
    """
    names, whole = list(names), set[str]()
    while True:
        made = {
            name: tuple((name if name in whole else _stem(name)) + ending for ending in endings)
            for name in names
        }
        owners = defaultdict(set)
        for name in names:
            for target in made[name]:
                owners[target.casefold()].add(name)
        clashing = {name for sharing in owners.values() if len(sharing) > 1 for name in sharing} - whole
        if not clashing:
            return made
        whole |= clashing


class Record:
    """The file that says which pictures in a folder are ours: a stopped translation goes on, others' files are safe."""

    def __init__(self, folder: Path, about: dict[str, Any], jobs: list[Job], overwrite: bool) -> None:
        """Makes the folder, and holds it against what is to be written.

        Raises:
            UserError: it cannot be written, or, unless files may be overwritten, holds pictures of another model
                or files of other origin where pictures would go.
        """
        self.folder, self.path = folder, folder / RECORD
        lines = self._lines()
        same = bool(lines) and lines[0] == about
        if lines and not same and not overwrite:
            raise UserError(
                f"--output={folder} holds pictures of {_shown(lines[0])}, not of {_shown(about)}: name another "
                "directory, or give --overwrite"
            )
        known = {line["output"]: line["input"] for line in lines[1:] if "output" in line} if same else {}
        for job in jobs if overwrite else ():
            for target in job.targets:
                known.pop(self._name(target), None)
        self.done = {job.name for job in jobs if self._is_done(job, known)}
        if not overwrite:
            self._check_free(jobs, known)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--output={folder} cannot be made ({error.strerror}): name another") from error
        entries = ({"output": output, "input": source} for output, source in known.items())
        text = "".join(json.dumps(line) + "\n" for line in [about, *entries])
        if text != self._text():
            self._write(text)

    def add(self, job: Job) -> None:
        """Call before the outputs are written: then all that is there is known, wherever the program is stopped."""
        lines = [{"output": self._name(target), "input": str(job.source)} for target in job.targets]
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write("".join(json.dumps(line) + "\n" for line in lines))
        except OSError as error:
            raise UserError(f"{self.path} cannot be written ({error.strerror}): make room") from error

    def _is_done(self, job: Job, known: dict[str, str]) -> bool:
        return all(
            known.get(self._name(target)) == str(job.source) and target.exists() for target in job.targets
        )

    def _check_free(self, jobs: list[Job], known: dict[str, str]) -> None:
        for job in jobs:
            for target in job.targets:
                if target.exists() and known.get(self._name(target)) != str(job.source):
                    raise UserError(
                        f"{target} exists, and was not made from {job.source} by this model: name another "
                        "--output, or give --overwrite"
                    )

    def _name(self, target: Path) -> str:
        return target.relative_to(self.folder).as_posix()

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise UserError(
                f"--output={self.folder} cannot be used ({error.strerror}): name another"
            ) from error

    def _lines(self) -> list[dict[str, Any]]:
        lines = []
        for line in self._text().splitlines():
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:
                continue  # half a line, of a program that was killed
        return lines

    def _write(self, text: str) -> None:
        try:
            run.write(self.path, text)
        except UserError as error:
            raise UserError(
                f"--output={self.folder} cannot be written: name another, or make room"
            ) from error


def check_absent(jobs: list[Job]) -> None:
    """Raises UserError where there is something already."""
    for target in (target for job in jobs for target in job.targets):
        if target.exists():
            raise UserError(f"--output={target} exists: name another, or give --overwrite")


def protect(jobs: list[Job]) -> None:
    """Raises UserError where a picture would be written over one that is to be read."""
    sources = {job.source.resolve() for job in jobs}
    for job in jobs:
        for target in job.targets:
            if target.resolve() in sources:
                raise UserError(f"{target} is one of the pictures to translate: name another --output")


def _stem(name: str) -> str:
    folder, slash, file = name.rpartition("/")
    return folder + slash + Path(file).stem


def _shown(about: dict[str, Any]) -> str:
    return f"{about.get('run', 'another run')}, step {about.get('step', '?')}, {about.get('direction', '?')}"
