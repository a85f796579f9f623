import json

from gan_jax.metrics.bootstrap import Interval
from gan_jax.metrics.score import Floor, Group, Score, as_json, shown, table

KID = Score("kid", 0.01234, 12, 20, Interval(0.01, 0.02, 0.005), Floor(0.001, 0.0005, 6, 6), 0.0123)
BARE = Score("psnr", 23.456, 12, 12)
GROUP = Group("a against b", [KID, BARE], "some network", "none", "halves", ["too few"])


def test_a_row_has_value_error_interval_floor_and_p():
    lines = table(GROUP).splitlines()
    assert lines[0] == "a against b"
    assert "some network" in lines[1]
    assert " ".join(lines[3].split()) == "kid lower 0.0123 0.0050 0.0100 to 0.0200 0.0010 (n 6+6) 0.012"
    assert lines[4].split() == ["psnr", "higher", "23.46"]
    assert lines[5] == "  warning: too few"
    assert lines[2].index("value") == lines[3].index("0.0123")


def test_json_gives_each_number_its_circumstances():
    found = json.loads(json.dumps(as_json(GROUP)))
    assert found["scores"][0] == {
        "metric": "kid",
        "best": "lower",
        "value": 0.01234,
        "n_real": 12,
        "n_fake": 20,
        "features": "some network",
        "resizing": "none",
        "interval": {"low": 0.01, "high": 0.02, "error": 0.005},
        "floor": {"value": 0.001, "deviation": 0.0005, "n_real": 6, "n_fake": 6},
        "p_value": 0.0123,
    }
    assert found["scores"][1]["interval"] is None
    assert found["warnings"] == ["too few"]


def test_numbers_for_people():
    assert [shown(x) for x in (-0.00126, 0.5, 1, 23.456, 153.64, 2048.2)] == [
        "-0.0013",
        "0.5000",
        "1.000",
        "23.46",
        "153.6",
        "2048",
    ]
