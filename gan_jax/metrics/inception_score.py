"""The Inception score of a classifier's answers: sure about each picture, and different from picture to picture."""

import numpy as np
from jaxtyping import Array, Float
from scipy.special import log_softmax, logsumexp

Logits = Float[Array | np.ndarray, "n classes"]


def inception_score(logits: Logits) -> float:
    """exp(mean over pictures of KL(p(class | picture) || p(class))), from 1 to the number of classes.

    p(class) is the mean of p(class | picture) over the same pictures. Of n pictures at most n is reached, so
    compare only at equal n. It looks at no real picture, and not within a class; with another classifier
    than Inception it is another number. Source: Salimans et al. 2016, section 4.
    ValueError without pictures.
    """
    if logits.ndim != 2 or not len(logits):
        raise ValueError(f"logits of shape {logits.shape}: pictures x classes expected")
    log_p = log_softmax(np.asarray(logits, np.float64), axis=1)
    log_mean = logsumexp(log_p, axis=0) - np.log(len(log_p))
    return float(np.exp((np.exp(log_p) * (log_p - log_mean)).sum(axis=1).mean()))
