"""Alpha factors and back-tests, recomputed: panel, expressions, operators, metrics, engine."""
