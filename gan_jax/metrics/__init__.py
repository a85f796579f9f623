"""Numbers about pictures: each metric is a pure function of arrays, computed in float64 on the host."""
