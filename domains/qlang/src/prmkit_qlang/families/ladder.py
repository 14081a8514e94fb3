"""Six families of generated tasks: what is asked, and which lines are right next.

One invented problem of each, with its solution::

    n is a list . Start with n . Keep what is above 3 . Reverse it . Return the sum .
        x : n |  x : x where x > 3 |  x : reverse x |  sum x
    s is a text . Start with s . Make it upper case . Drop the first 1 . Return the count .
        x : s |  x : upper x |  x : 1 _ x |  count x
    t is a table of a b . Keep rows where a is above 4 . Let e be a minus b . Return the sum of e .
        t : select from t where a > 4 |  t : update e : a - b from t |  exec sum e from t
    a and b are numbers . d is c times 3 . c is ( a minus b ) times 2 . Return d minus a .
        c : ( a - b ) * 2 |  d : c * 3 |  d - a
    a and b are numbers . c is a minus 1 if a is above b , otherwise b plus 2 . Return c .
        c : $[ a > b ; a - 1 ; b + 2 ] |  c
    Run : x : 2 * 3 + 4 ; y : x - 1 . What is y ?
        after line 1 , x is 14 . | after line 2 , y is 13 . | The answer is 13 .
"""

from __future__ import annotations

from collections.abc import Mapping

from prmkit_qlang.families.rungs import Rung
from prmkit_qlang.families.rungs_lists import CHAIN, SELECT, TEXT
from prmkit_qlang.families.rungs_numbers import CHOOSE, ORDER, TRACE

RUNG_FAMILIES: Mapping[str, Rung] = {
    "chain": CHAIN,
    "text": TEXT,
    "select": SELECT,
    "order": ORDER,
    "choose": CHOOSE,
    "trace": TRACE,
}
"""Name → family."""

LADDER: Mapping[str, tuple[int, ...]] = {
    "chain": (1, 2, 3, 4, 5, 6),
    "text": (2, 3, 4, 5, 6, 7),
    "select": (1, 2, 3, 4, 5, 6),
    "order": (2, 3, 4, 5, 6, 7),
    "choose": (1, 2, 3, 4, 5, 6),
    "trace": (2, 3, 4, 5, 6, 7),
}
"""Family → size per rung: changes of one variable, clauses on a table, definitions to put in order,
choices, lines to run. Another number makes other tasks: every committed weight, table and figure would
have to be made again."""
