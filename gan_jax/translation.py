"""A picture or a folder of pictures through a trained run, to files: what `gan_jax.translate` does."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Shaped
from PIL import Image

from gan_jax import images
from gan_jax.data.scan import EXTENSIONS, printable, scan
from gan_jax.decoding import Unreadable
from gan_jax.errors import UserError
from gan_jax.levels import to_float
from gan_jax.model import Model, load
from gan_jax.outputs import Job, Record, check_absent, protect, targets
from gan_jax.progress import Display, duration
from gan_jax.tiles import as_float, as_kind
from gan_jax.translate import Options

LARGEST = 2**28  # pixels of a picture that is read; Pillow's own limit is a third of that
Pixels = Shaped[np.ndarray, "..."]


class Pictures(NamedTuple):
    """The pictures below a folder by name, and those that cannot be read, with the reason."""

    folder: Path
    names: tuple[str, ...]
    broken: dict[str, str]
    single: bool = False  # the one picture of a command that names a file


def translate(options: Options) -> int:
    """Translate every picture; 0, or 1 when some could not be.

    Raises:
        UserError: a path, a direction or a checkpoint that cannot be used, or a disk that is full.
    """
    found = find(options.input, options.output)
    model = load(options.workdir, options.step, options.best)
    ways = _ways(model, options.direction, options.cycle)
    folder, jobs = plan(found, options.output, [model.channels(way)[1] for way in ways])
    protect(jobs)
    record = _record(options, model, ways[0], folder, jobs)
    done = record.done if record else set()
    todo = [job for job in jobs if job.name not in done]
    broken = {name: printable(why) for name, why in found.broken.items()}
    with closing(Display()) as display, _large_pictures():
        run = f"{printable(options.workdir)}, step {model.step:,}, {ways[0]}"
        display.say(f"{run}: {len(todo)} to translate")
        broken |= Work(model, ways, record, display, len(todo)).through(todo)
        for name, why in sorted(broken.items()):
            display.say(f"could not be translated: {printable(name)}: {why}")
    print(summary(len(jobs) + len(found.broken), len(done), len(broken)))
    return 1 if broken else 0


def summary(found: int, there: int, broken: int) -> str:
    """ "12 pictures: 9 translated, 2 were there already, 1 could not be translated"."""
    parts = [f"{found - there - broken} translated"]
    if there:
        parts.append(f"{there} were there already")
    if broken:
        parts.append(f"{broken} could not be translated")
    return f"{found} picture{'s' * (found != 1)}: {', '.join(parts)}"


def find(source: Path, output: Path) -> Pictures:
    """What there is to translate. A folder for outputs that lies within is left out.

    Raises:
        UserError: there is nothing, or the outputs would be mixed with the inputs.
    """
    if not source.is_dir():
        return Pictures(source.parent, (source.name,), {}, single=True)
    if output.is_file():
        raise UserError(f"--output={printable(output)} is a file: name a folder, since --input is one")
    own = output.resolve()
    if own == source.resolve():
        raise UserError(
            f"--output={printable(output)} is the folder of --input: name another, or one within it"
        )
    listing = scan(source)
    inside = {n for n in (*listing.names, *listing.skipped) if own in _real(source / n).parents}
    names = tuple(name for name in listing.names if name not in inside)
    broken = {name: why for name, why in listing.skipped.items() if name not in inside}
    if not names and not broken:
        raise UserError(
            f"--input={printable(source)}: no picture there ({sum(listing.other.values())} files of other kinds); "
            f"expected files of {' '.join(sorted(EXTENSIONS))}"
        )
    return Pictures(source, names, broken)


def plan(found: Pictures, output: Path, channels: list[int]) -> tuple[Path | None, list[Job]]:
    """The folder for the outputs (None where `output` is a file), and the jobs, those of one size after each other.

    `channels` are those of the translation and, where it is asked for, of the way back.
    """
    names, source = found.names, found.folder.resolve()
    if found.single and output.suffix.lower() in images.SUFFIXES and not output.is_dir():
        both = (output, output.with_name(f"{output.stem}_back{output.suffix}"))
        return None, [Job(names[0], source / names[0], both[: len(channels)])]
    kinds = [".png" if count <= 4 else ".npy" for count in channels]
    made = targets(names, tuple(mark + kind for mark, kind in zip(("", "_back"), kinds, strict=False)))
    jobs = [Job(name, source / name, tuple(output / target for target in made[name])) for name in names]
    return output, sorted(jobs, key=lambda job: (_size(job.source), job.name))


class Work:
    """Jobs in progress: read, translate, write, tell."""

    def __init__(
        self, model: Model, ways: list[str], record: Record | None, display: Display, count: int
    ) -> None:
        """`ways` is one direction, or that and the way back."""
        self.model, self.ways, self.record, self.display, self.count = model, ways, record, display, count
        self.done, self.started = 0, time.monotonic()
        self.broken: dict[str, str] = {}

    def through(self, todo: list[Job]) -> dict[str, str]:
        """Do them all; those that could not be done, with the reason. Raises UserError for a disk that is full."""
        for jobs, batch in self._batches(todo):
            try:
                made = self._translate(jobs, batch)
            except (UserError, MemoryError, jax.errors.JaxRuntimeError) as error:
                why = str(error).partition("\n")[0] or "too large for the memory"
                self.broken |= {job.name: why for job in jobs}
            else:
                for i, job in enumerate(jobs):
                    if self.record:
                        self.record.add(job)
                    for target, made_so in zip(job.targets, made, strict=True):
                        images.write(target, _levels(made_so[i], self.model.config.data.bits))
            self.done += len(jobs)
        return self.broken

    def _translate(self, jobs: list[Job], batch: Pixels) -> list[Pixels]:
        made = [as_float(batch) if len(self.ways) > 1 else batch]  # floats: the way back starts from them
        for number, way in enumerate(self.ways):

            def tell(share: float, before: int = number) -> None:
                self._tell(jobs, (before + share) / len(self.ways))

            made.append(self.model.translate(made[-1], way, tell))
            tell(1.0)
        return made[1:]

    def _tell(self, jobs: list[Job], share: float) -> None:
        part = self.done + share * len(jobs)
        left = (self.count - part) * (time.monotonic() - self.started) / part if part else 0.0
        shown = f"{self.done + 1}/{self.count}  {printable(jobs[0].name)}"
        self.display.update(f"{shown}  {share:.0%}  {duration(left)} left")

    def _batches(self, todo: list[Job]) -> Iterator[tuple[list[Job], Pixels]]:
        """Neighbours of one kind and size together; what cannot be read is added to `broken`."""
        jobs: list[Job] = []
        pictures: list[Pixels] = []
        for job in todo:
            try:
                picture = self._read(job.source)
            except Unreadable as error:
                self.broken[job.name] = printable(error)
                self.done += 1
                continue
            if pictures and not (
                (picture.shape, picture.dtype) == (pictures[0].shape, pictures[0].dtype)
                and len(pictures) < self.model.batch(*picture.shape[:2])
            ):
                yield jobs, np.stack(pictures)
                jobs, pictures = [], []
            jobs.append(job)
            pictures.append(picture)
        if pictures:
            yield jobs, np.stack(pictures)

    def _read(self, path: Path) -> Pixels:
        picture = images.read(path, self.model.channels(self.ways[0])[0], self.model.config.data.bits)
        return to_float(picture) if picture.dtype.kind == "f" else picture


def _ways(model: Model, direction: str | None, cycle: bool) -> list[str]:
    way = direction or model.directions[0]
    model.channels(way)  # tells a wrong one
    back = "2".join(reversed(way.split("2")))
    if cycle and back not in model.directions:
        raise UserError(f"--cycle: this run translates {' and '.join(model.directions)}, but not {back}")
    return [way, back] if cycle else [way]


def _record(options: Options, model: Model, way: str, folder: Path | None, jobs: list[Job]) -> Record | None:
    if folder is None:
        if not options.overwrite:
            check_absent(jobs)
        return None
    about = {"run": str(options.workdir.resolve()), "step": model.step, "direction": way}
    return Record(folder, {**about, "crc32": model.fingerprint(way)}, jobs, options.overwrite)


def _levels(image: Pixels, bits: int) -> Pixels:
    """Levels of that many bits; floats by a few rows at a time, since `to_levels` takes much memory for all."""
    if image.dtype != np.float32:
        return image
    levels = np.empty(image.shape, np.uint8 if bits == 8 else np.uint16)
    for top in range(0, len(image), 256):
        levels[top : top + 256] = as_kind(image[top : top + 256], levels.dtype)
    return levels


@contextmanager
def _large_pictures() -> Iterator[None]:
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = LARGEST
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _size(path: Path) -> tuple[int, int]:
    """A guess from the file's head, only to bring pictures of one size together."""
    try:
        with Image.open(path) as image:
            return image.size
    except Exception:
        return 0, 0


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link to itself
        return path
