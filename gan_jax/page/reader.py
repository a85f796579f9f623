"""Strangers' files to pixels, in a process of its own: whatever a file does to it, the server goes on."""

import io
import subprocess
import sys
import threading
from contextlib import suppress

import numpy as np
from jaxtyping import Shaped

from gan_jax.decoding import Unreadable
from gan_jax.page.decoder import ANSWER, PIXELS, REQUEST

SLACK = 2**16  # bytes of an answer beside its pixels
Pixels = Shaped[np.ndarray, "height width channels"]


class Reader:
    """Decodes one file at a time, by the rules of `gan_jax.decoding`; its process starts anew when it has fallen."""

    def __init__(self, max_pixels: int, seconds: float) -> None:
        """At most so many pixels in a picture, and so many seconds for it."""
        self.max_pixels, self.seconds = max_pixels, seconds
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None

    def read(self, data: bytes, channels: int, bits: int) -> Pixels:
        """What `gan_jax.decoding.decode` gives. Raises `Unreadable` with the reason."""
        with self.lock:
            process = self._running()
            timer = threading.Timer(self.seconds, process.kill)
            timer.start()
            try:
                mark, body = _ask(process, data, channels, bits, self.max_pixels)
            except (OSError, EOFError) as error:
                self._end()
                slow = "" if timer.is_alive() else f"; it took longer than {self.seconds:g} s"
                raise Unreadable(f"it could not be decoded{slow}") from error
            finally:
                timer.cancel()
        if mark != PIXELS:
            raise Unreadable(body.decode(errors="replace"))
        pixels: Pixels = np.load(io.BytesIO(body), allow_pickle=False)
        return pixels

    def close(self) -> None:
        """Ends the process."""
        with self.lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            self._end()
            command = [sys.executable, "-m", "gan_jax.page.decoder", str(self.max_pixels)]
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self.process

    def _end(self) -> None:
        if self.process is not None:
            self.process.kill()
            with (
                suppress(OSError),
                self.process,
            ):  # closes its pipes, which may hold what it did not take, and waits
                pass
            self.process = None


def _ask(
    process: subprocess.Popen[bytes], data: bytes, channels: int, bits: int, max_pixels: int
) -> tuple[bytes, bytes]:
    """Raises OSError or EOFError when the process falls, or answers what it should not."""
    assert process.stdin is not None
    process.stdin.write(REQUEST.pack(channels, bits, len(data)))
    process.stdin.write(data)
    process.stdin.flush()
    mark, length = ANSWER.unpack(_exactly(process, ANSWER.size))
    if length > max_pixels * channels * 4 + SLACK:
        raise EOFError("an answer larger than any picture")
    return mark, _exactly(process, length)


def _exactly(process: subprocess.Popen[bytes], count: int) -> bytes:
    assert process.stdout is not None
    read = process.stdout.read(count)
    if len(read) < count:
        raise EOFError("the process ended")
    return read
