from experiments import toys

FOUND = {"a": {"captured": [8.0, 6.0, 7.0], "near": [0.9, 0.85, 0.987]}, "b": {"captured": [6.0, 8.0, 6.0]}}


def test_the_mark_is_the_median_of_the_modes_and_the_least_share():
    assert toys.passed(FOUND, "a")
    near = {"near": [0.9, 0.84, 0.99]}
    assert not toys.passed({"a": FOUND["a"] | near}, "a")
    assert not toys.passed({"b": FOUND["b"] | {"near": [0.9] * 3}}, "b")


def test_ranges_in_words():
    assert toys.told(FOUND, "a") == "0.85 to 0.987"
    assert toys.told(FOUND, "a", "captured") == "6 to 8"
    assert toys.told({"a": {"near": [0.9523, 0.9521]}}, "a") == "0.952"
