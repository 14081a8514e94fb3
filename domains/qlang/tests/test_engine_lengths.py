"""Lists of all lengths are computed alike: short ones in Python, others by numpy, long ones by blocks."""

import math

import numpy as np
import pytest

from prmkit_qlang.engine import atomic, compare
from prmkit_qlang.engine.meter import METER, Allowance
from prmkit_qlang.engine.types import BOOL, FLOAT, INF_LONG, LONG, NULL_LONG, REAL
from prmkit_qlang.engine.values import Atom, Vec, array

FLOATS = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 1.5, 5e-324, 1e308, -1e308]
NEAR = [1 + k * 2.0**-52 for k in (-2000, -513, -512, -511, 0, 1, 511, 512, 513, 2000)]
POOL = {BOOL: [0, 1], LONG: [0, 1, -3, NULL_LONG, INF_LONG, -INF_LONG, 2**53 + 1], FLOAT: FLOATS + NEAR}
COMPARISONS = {
    "=": compare.equal, "<>": compare.unequal, "<": compare.less, ">": compare.greater,
    "<=": compare.at_most, ">=": compare.at_least,
}  # fmt: skip
ARITHMETIC = {"+": atomic.add, "-": atomic.subtract, "*": atomic.multiply, "%": atomic.divide}


@pytest.fixture(autouse=True)
def _paid():
    METER.reset(Allowance())


def bits(v):
    """An array (or scalar) bit for bit, all nulls alike."""
    v = np.asarray(v)
    return np.where(np.isnan(v), np.nan, v).tobytes() if v.dtype.kind == "f" else v.tobytes()


def drawn(rng, t, n):
    return array(t, [POOL[t][i] for i in rng.integers(0, len(POOL[t]), n)])


@pytest.mark.parametrize("t", POOL)
@pytest.mark.parametrize("u", POOL)
@pytest.mark.parametrize("name", [*ARITHMETIC, *COMPARISONS])
def test_short_and_long(name, t, u):
    two = {**ARITHMETIC, **COMPARISONS}[name]
    rng = np.random.default_rng(0)
    x, y = drawn(rng, t, 196), drawn(rng, u, 196)
    whole = two(x, y)
    for start in range(0, 196, 49):
        part = two(Vec(t, x.v[start : start + 49]), Vec(u, y.v[start : start + 49]))
        assert part.t == whole.t
        assert bits(part.v) == bits(whole.v[start : start + 49])
    for a in POOL[u]:
        many = two(x, Atom(-u, a))
        assert bits(two(Vec(t, x.v[:20]), Atom(-u, a)).v) == bits(many.v[:20])
        one = two(Atom(-t, x.v[0].item()), Atom(-u, a))
        assert bits(np.array([one.v], many.v.dtype)) == bits(many.v[:1])


def plainly(name, a, b):
    """A comparison of two floats by its definition: a null is less than anything, near ones are equal."""
    if a != a or b != b:
        a, b = float(a == a), float(b == b)
    near = a == b or (math.isfinite(a) and math.isfinite(b) and abs(a - b) <= 2.0**-43 * max(abs(a), abs(b)))
    less = a < b and not near
    return {
        "=": near, "<>": not near, "<": less, ">": not less and not near, "<=": less or near, ">=": not less
    }[name]  # fmt: skip


@pytest.mark.parametrize("t", [FLOAT, REAL])
@pytest.mark.parametrize("name", COMPARISONS)
def test_floats_by_blocks(name, t):
    n = 10_000 + 60  # the end of a block and the beginning of another
    rng = np.random.default_rng(1)
    for special in (False, True):
        x = rng.normal(size=n) * 10.0 ** rng.integers(-3, 4, n)
        y = np.where(
            rng.random(n) < 0.5, x * (1 + rng.integers(-1500, 1500, n) * 2.0**-53), rng.normal(size=n)
        )
        if special:
            x[9_990:], y[9_995:] = rng.choice(FLOATS + NEAR, n - 9_990), rng.choice(FLOATS + NEAR, n - 9_995)
        with np.errstate(over="ignore"):
            x, y = (array(t, one.tolist()).v for one in (x, y))
        said = COMPARISONS[name](Vec(t, x), Vec(t, y)).v
        assert said.tolist() == [plainly(name, a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        for a in (1.0, 0.0, math.inf, math.nan):
            said = COMPARISONS[name](Vec(t, x), Atom(-t, a)).v
            assert said.tolist() == [plainly(name, one, a) for one in x.tolist()]
