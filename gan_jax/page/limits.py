"""What one visitor, and all of them together, may ask of the page: every bound is here, and is a flag."""

from typing import NamedTuple


class Limits(NamedTuple):
    """The bounds, with their defaults."""

    max_megabytes: float = 10.0
    max_pixels: int = 2**24
    work_pixels: int = 2**18
    seconds: float = 30.0
    queue: int = 16
    concurrency: int = 1
    per_minute: int = 600
    connections: int = 256
    held: int = 32

    @property
    def upload(self) -> int:
        """Bytes of a picture file."""
        return int(self.max_megabytes * 2**20)

    @property
    def body(self) -> int:
        """Bytes of a request: the file in base64, a third larger, and some text."""
        return self.upload * 4 // 3 + 2**16


HELP = {
    "max_megabytes": "of a picture file",
    "max_pixels": "of a picture in such a file, as it is decoded",
    "work_pixels": "to which it is reduced before a network sees it",
    "seconds": "until a visitor is told that it took too long",
    "queue": "requests that wait; a further one is told to come back",
    "concurrency": "requests that are worked on together",
    "per_minute": "requests of one address; as many as a quarter of them may come at once",
    "connections": "open at once, of all visitors",
    "held": "pictures kept in memory for the sliders; the one used longest ago goes",
}
