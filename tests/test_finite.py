import jax.numpy as jnp
import numpy as np

from gan_jax.finite import bad, named


def test_all_is_well() -> None:
    assert bad({}) == ""
    assert bad({"loss": 1.0, "w": np.zeros((2, 3)), "step": np.int32(3), "flag": np.array([True])}) == ""


def test_the_first_that_is_not_finite_is_named() -> None:
    assert bad({"a": 1.0, "b": np.array([[1.0, -np.inf], [np.nan, 0.0]]), "c": np.nan}) == "b became -inf"
    assert bad({"loss": float("nan")}) == "loss became nan"
    assert bad({"half": jnp.full((2,), jnp.inf, jnp.bfloat16)}) == "half became inf"


def test_leaves_have_the_names_of_their_paths() -> None:
    tree = {"G": {"kernel": 1.0, "moments": (2.0, 3.0)}}
    assert named(params=tree, average={}) == {
        "params['G']['kernel']": 1.0,
        "params['G']['moments'][0]": 2.0,
        "params['G']['moments'][1]": 3.0,
    }
