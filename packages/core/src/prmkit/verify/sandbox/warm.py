"""What libraries put off until first use, done once in the server instead of in every job."""

from __future__ import annotations

from collections.abc import Iterable

WARM_UPS = {
    "numpy": "import numpy as n, numpy.random as r\na = n.eye(3); a @ a; n.linalg.inv(a); n.linalg.eigh(a)",
    "pandas": """
import pandas as p
d = p.DataFrame({"k": ["a", "b", "a"], "x": [1.0, 2.0, 3.0], "t": p.to_datetime(["2020-01-01"] * 3)})
d.groupby("k")["x"].agg(["mean", "sum"]); d.groupby("k").size(); d.merge(d, on="k")
d.sort_values("x"); d.pivot_table(index="k", values="x"); d.describe(); d.query("x > 1"); d["k"].str.upper()
str(d); d["t"].dt.year; d.to_dict("records"); d.iloc[0]; d.loc[d["x"] > 1]; p.concat([d, d])
d["k"].value_counts()
""",
    "sympy": """
import sympy as s
x, y = s.symbols("x y")
s.simplify((x + 1) ** 2 - x**2 - 2 * x - 1); s.simplify(s.sin(x) ** 2 + s.cos(x) ** 2)
s.solve(x**2 - 4, x); s.solve([x + y - 3, x - y - 1], [x, y]); s.expand((x + y) ** 3); s.factor(x**2 - 1)
s.diff(s.sin(x), x); s.integrate(x**2, x); s.N(s.pi); str(s.sqrt(8)); s.sympify("x + 1"); s.Rational(1, 3)
""",
}
"""Code by module."""


def warm_ups(imports: Iterable[str]) -> list[str]:
    """The warm-ups of an import set.

    Examples:
        >>> warm_ups(["json"])
        []
    """
    return [WARM_UPS[name] for name in imports if name in WARM_UPS]
