import pytest

from gan_jax import evaluate
from gan_jax.errors import UserError


def test_flags(tmp_path):
    options = evaluate.parse(
        [f"--workdir={tmp_path}", "--features=inception:legacy", "--lpips=none", "--best"]
    )
    assert options.workdir == tmp_path
    assert (options.features, options.lpips, options.best) == ("inception:legacy", "", True)


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        ([], "expected --workdir=RUN, or --real"),
        (["--real=HERE"], "expected --workdir=RUN, or --real"),
        (["--workdir=HERE", "--real=HERE", "--fake=HERE"], "expected --workdir=RUN, or"),
        (["--workdir=HERE", "--paired"], "are for folders"),
        (["--real=HERE", "--fake=HERE", "--best"], "give --workdir"),
        (["--real=HERE", "--fake=HERE", "--step=3"], "give --workdir"),
        (["--workdir=HERE/none"], "there is no such folder"),
        (["--workdir="], "a path is missing"),
        (["--workdir=HERE", "--seed=-1"], "expected 0 or more"),
        (["--workdir=HERE", "--hidden=-1"], "--hidden=-1: expected 0 or more"),
        (["--workdir=HERE", "--lpips=squeeze"], "invalid choice"),
        (["--workdir=HERE", "--metric=fid"], "--metric"),
    ],
)
def test_wrong_flags_are_answered_with_one_line(tmp_path, flags, why):
    with pytest.raises(UserError, match=why) as found:
        evaluate.parse([flag.replace("HERE", str(tmp_path)) for flag in flags])
    assert "\n" not in str(found.value)


def test_help_tells_the_features_and_the_exit_status(capsys):
    with pytest.raises(SystemExit) as stop:
        evaluate.main(["--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert "inception[:clean|legacy]" in shown
    assert "Exit status" in shown
