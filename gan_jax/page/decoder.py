"""The process that opens strangers' files: it decodes, and may neither take much memory nor write a file.

It reads requests from standard input, `REQUEST` and then the file's bytes, and answers on standard output with `ANSWER`
and then pixels as npy, or the reason why there are none. `gan_jax.page.reader` starts it, and ends it when it is slow.
"""

import io
import signal
import struct
import sys
from typing import BinaryIO

import numpy as np
from PIL import Image

from gan_jax.decoding import Unreadable, decode

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

REQUEST = struct.Struct("<IIQ")  # channels, bits, bytes
ANSWER = struct.Struct("<cQ")  # PIXELS or REASON, bytes
PIXELS, REASON = b"+", b"-"
MEMORY = 2 * 2**30  # bytes of address space


def main() -> None:
    """Answers until standard input is closed. The one argument: the pixels that a picture may have."""
    Image.MAX_IMAGE_PIXELS = int(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which then closes our input
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """One answer for each request, until there is no further one."""
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        channels, bits, length = REQUEST.unpack(head)
        mark, body = answer(requests.read(length), channels, bits)
        answers.write(ANSWER.pack(mark, len(body)))
        answers.write(body)
        answers.flush()


def answer(data: bytes, channels: int, bits: int) -> tuple[bytes, bytes | memoryview]:
    """PIXELS and an npy file of what the bytes of a picture file hold, or REASON and a few words."""
    try:
        stream = io.BytesIO()
        np.save(stream, decode(data, channels, bits))
        return PIXELS, stream.getbuffer()
    except Unreadable as error:
        return REASON, str(error).encode()
    except MemoryError:
        return REASON, b"too large for the memory"


if __name__ == "__main__":
    main()
