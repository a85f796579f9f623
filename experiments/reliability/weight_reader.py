"""What `python -m gan_jax.convert --from_torch` makes of files, up to where networks are built of them."""

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax import command, torch_files, torch_names


def ask(path: str) -> dict[str, Any]:
    """The exit status, what was said, and the bytes of the weights that were read."""
    said, size = io.StringIO(), 0

    def read() -> int:
        nonlocal size
        weights = torch_files.read(Path(path))
        size = sum(array.nbytes for array in weights.values())
        for array in weights.values():
            np.count_nonzero(array)  # every number lies in memory that is there, and none of them warns
        network = torch_names.infer(weights, path)
        torch_names.from_torch(network, weights, path)
        return 0

    with contextlib.redirect_stderr(said):
        status = command.run(read)
    return {"status": status, "said": said.getvalue(), "bytes": size}
