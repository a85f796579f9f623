from gan_jax.page.recent import Recent


def test_what_was_used_longest_ago_is_forgotten():
    kept = Recent(3)
    for name in "abc":
        kept[name] = name.upper()
    assert kept["a"] == "A"  # used
    kept["d"] = "D"
    assert list(kept) == ["c", "a", "d"]
    kept["c"] = "new"
    kept["e"] = "E"
    assert dict(kept) == {"d": "D", "c": "new", "e": "E"}
    assert kept.get("a") is kept.pop("a", None) is None
