"""TensorBoard events beside metrics.jsonl, for those who like to look there: config.tensorboard=True."""

from pathlib import Path

from gan_jax.errors import UserError
from gan_jax.grids import Sheet
from gan_jax.monitors import Event


class Events:
    """The scalars and sample pictures of a run, in <run>/tensorboard."""

    def __init__(self, workdir: Path, step: int | None) -> None:
        """Go on from `step`: TensorBoard hides what an earlier process wrote about later steps.

        Raises:
            UserError: tensorboardX is not installed.
        """
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise UserError(
                "config.tensorboard needs tensorboardX: pip install -e '.[tensorboard]', or set "
                "--config.tensorboard=False"
            ) from error
        purge = 0 if step is None else step + 1
        self._writer = SummaryWriter(str(workdir / "tensorboard"), purge_step=purge)

    def write(self, step: int, values: dict[str, float]) -> None:
        """One point on the curve of each value."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def show(self, step: int, sheet: Sheet) -> None:
        """The sheet of sample pictures."""
        self._writer.add_image("samples", sheet.pixels, step, dataformats="HWC")
        self._writer.flush()

    def tell(self, event: Event) -> None:
        """What a monitor noticed, among the texts."""
        self._writer.add_text(event.finding.monitor, event.line(), event.step)

    def drop(self, step: int) -> None:
        """Points are never taken back: there will be a second one at a step that is played again."""

    def flush(self) -> None:
        """Nothing waits for room."""

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()
