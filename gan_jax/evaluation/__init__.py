"""What `gan_jax.evaluate` does: pictures to features, features to scores, scores to a table and a file."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import gan_jax
from gan_jax import reporting, run, trained
from gan_jax.errors import UserError
from gan_jax.evaluate import Options
from gan_jax.evaluation import folders, generated, translated
from gan_jax.evaluation.judge import Judge
from gan_jax.metrics.score import as_json, table
from gan_jax.progress import Display


def evaluate(options: Options) -> int:
    """Prints the table and writes the file; 0, or 1 when some pictures had to be left out.

    Raises:
        UserError: a folder, run, network or package that cannot be used, or a file that cannot be written.
    """
    path = options.output or (options.workdir or Path()) / "evaluation.json"
    _check_place(path)
    with closing(Display()) as display:
        makes_examples = options.workdir is not None and "examples" in trained.config(options.workdir).data
        judge = Judge(options, display, generated.OWN if makes_examples and not options.features else None)
        if options.real and options.fake:
            about, groups = folders.judge(options.real, options.fake, options.paired, judge)
        elif makes_examples:
            about, groups = generated.judge(options.workdir or Path(), options.step, options.best, judge)
        else:
            about, groups = translated.judge(
                options.workdir or Path(), options.step, options.best, judge, path.parent
            )
        report = {"gan_jax": gan_jax.__version__, **about, "seed": options.seed, "left_out": judge.left_out}
        text = json.dumps(report | {"groups": [as_json(group) for group in groups]}, indent=2)
        replaced = path.exists()
        run.write(path, text + "\n")
        for line in judge.left_out:
            display.say(line)
        if options.workdir and path.parent == options.workdir:
            _refresh(options.workdir, display)
    print("\n\n".join(table(group) for group in groups))
    print(f"\n{'replaced' if replaced else 'wrote'} {path}")
    return 1 if judge.left_out else 0


def _refresh(workdir: Path, display: Display) -> None:
    """The evaluation goes on the run's page too; a page that cannot be written takes nothing from it."""
    try:
        reporting.write(workdir)
    except UserError as error:
        display.say(str(error))


def _check_place(path: Path) -> None:
    """Before hours of work, not after. Only a file of our own is replaced."""
    if not path.parent.is_dir():
        raise UserError(f"--output={path}: there is no folder {path.parent}")
    if path.exists() and not _is_ours(path):
        raise UserError(f"--output={path} is there and no evaluation: name another file")


def _is_ours(path: Path) -> bool:
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and {"gan_jax", "groups"} <= found.keys()
