"""What a line of q uses: keywords, qSQL, tables, temporal values, namespaces, or the bare language only."""

from __future__ import annotations

import re

_WORDS = """
abs acos aj aj0 ajf ajf0 all and any asc asin asof atan attr avg avgs bin binr by ceiling cols cor
cos count cov cross csv cut delete deltas desc dev differ distinct div do dsave each ej ema enlist
eval except exec exit exp fby fills first fkeys flip floor from get getenv group gtime hclose hcount
hdel hopen hsym iasc idesc if ij ijf in insert inter inv key keys last like lj ljf load log lower
lsq ltime ltrim mavg max maxs mcount md5 mdev med meta min mins mmax mmin mmu mod msum neg next not
null or over parse peach pj prd prds prev prior rand rank ratios raze read0 read1 reciprocal reval
reverse rload rotate rsave rtrim save scan scov sdev select set setenv show signum sin sqrt ss ssr
string sublist sum sums sv svar system tables tan til trim type uj ujf ungroup union update upper
upsert value var view views vs wavg where while within wj wj1 wsum xasc xbar xcol xcols xdesc xexp
xgroup xkey xlog xprev xrank
"""
KEYWORDS = frozenset(_WORDS.split())
"""Reserved words of q 4.1: what may not be a name of a user's."""
TEMPLATES = frozenset({"select", "exec", "update", "delete"})

_TEXT = re.compile(r'"(?:\\.|[^"\\])*"')
_SYMBOL = re.compile(r"`[A-Za-z0-9_.:/]*")
_NAME = re.compile(r"(?<![A-Za-z0-9_.])\.?[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
_TEMPORAL = re.compile(r"\d{4}\.\d\d\.\d\d|\d{4}\.\d\dm\b|\d\d:\d\d|\b\d+D\b|\b0[NWnw][pmdznuvt]\b")


def features(code: str) -> frozenset[str]:
    """Names of what the code uses; ``core`` alone for operators, literals, iterators and lambdas only.

    Names that the user defined count as nothing, whatever they stand for.

    Examples:
        >>> sorted(features("1 2+/:3 4"))
        ['core']
        >>> sorted(features('select max x by y from t where d>2020.01.01, s like "select"'))
        ['keywords', 'qsql', 'temporal']
    """
    bare = _SYMBOL.sub("`", _TEXT.sub('""', code))
    words = set(_NAME.findall(bare))
    found = set()
    if words & TEMPLATES:
        found.add("qsql")
    if words & (KEYWORDS - TEMPLATES - {"by", "from"}):
        found.add("keywords")
    if any(word.startswith(".") for word in words):
        found.add("namespaces")
    if re.search(r"\(\s*\[", bare):
        found.add("tables")
    if _TEMPORAL.search(bare):
        found.add("temporal")
    if code.startswith("\\"):
        found.add("commands")
    return frozenset(found or {"core"})
