"""Questions on small tables in the set forms of school worksheets, answered from the table alone.

Read are: range, mean, median and mode of "the numbers"; rate of change between two rows; shortage or surplus
at a price; linear or not, a function or not; probability in a table of two properties; what two things
cost, which costs more, whether money suffices; the most and the fewest of a column of numbers; counts in
stem-and-leaf plots and frequency tables. Any other question has no answer here.

The forms were written down from questions of the ``dev`` half of TabMWP (see ``data.rows.half``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

from prmkit_tables.cells import amount, plain, written
from prmkit_tables.table import Table
from prmkit_tables.verifiers.aggregates import mean, median, mode, spread
from prmkit_tables.verifiers.stems import stem_and_leaf
from prmkit_tables.verifiers.words import numbers_of

Answer = Fraction | str
Solver = Callable[[Table, "re.Match[str]"], Answer | None]
MAX_QUESTION = 2_000
"""Longer questions are not read, characters."""


def solve(question: str, table: Table) -> Answer | None:
    """The answer to a question of a known form; None for others, and where the table does not settle it.

    Examples:
        >>> pens = Table(("Day", "Pens"), (("Monday", "3"), ("Friday", "7")))
        >>> str(solve("Ann counted her pens. What is the range of the numbers?", pens))
        '4'
        >>> solve("On which day did Ann count the most pens?", pens)
        'Friday'
    """
    if len(question) > MAX_QUESTION or not table.rows:
        return None
    text = " ".join(question.split())
    for pattern, solver in _FORMS:
        found = pattern.search(text)
        if found:
            return solver(table, found)
    return None


def _only_numbers(table: Table) -> list[Fraction] | None:
    """The numbers of a table of two columns, the first of names."""
    if len(table.columns) != 2 or stem_and_leaf(table)[0]:
        return None
    return numbers_of(table, 1)


def _statistic(table: Table, found: re.Match[str]) -> Answer | None:
    values = _only_numbers(table)
    functions: dict[str, Callable[[Sequence[Fraction]], Fraction | None]] = {
        "range": spread,
        "mean": mean,
        "median": median,
        "mode": mode,
    }
    return functions[found["name"].lower()](values) if values else None


def _rate(table: Table, found: re.Match[str]) -> Answer | None:
    one, two = (_row(table, found[name]) for name in ("one", "two"))
    if one is None or two is None or one == two or len(table.columns) != 2:
        return None
    values = [amount(table.rows[at][1]) for at in (one, two)]
    heads = [amount(table.rows[at][0]) for at in (one, two)]
    if values[0] is None or values[1] is None:
        return None
    if heads[0] is None or heads[1] is None:
        return values[1] - values[0] if two == one + 1 else None
    return (values[1] - values[0]) / (heads[1] - heads[0]) if heads[0] != heads[1] else None


def _row(table: Table, name: str) -> int | None:
    wanted = _singular(plain(name))
    found = [at for at, row in enumerate(table.rows) if _singular(plain(written(row[0]))) == wanted]
    return found[0] if len(found) == 1 else None


def _singular(name: str) -> str:
    words = re.sub(r"^(?:a|an|the|some|one) ", "", name).split()
    return " ".join(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)


def _market(table: Table, found: re.Match[str]) -> Answer | None:
    names = [plain(name) for name in table.columns]
    if names != ["price", "quantity demanded", "quantity supplied"]:
        return None
    price = amount(found["price"])
    for row in table.rows:
        demanded, supplied = amount(row[1]), amount(row[2])
        if price is not None and amount(row[0]) == price and demanded is not None and supplied is not None:
            return None if demanded == supplied else "shortage" if demanded > supplied else "surplus"
    return None


def _pairs(table: Table) -> list[tuple[Fraction, Fraction]] | None:
    if len(table.columns) != 2:
        return None
    xs, ys = numbers_of(table, 0), numbers_of(table, 1)
    return list(zip(xs, ys, strict=True)) if xs and ys else None


def _linear(table: Table, found: re.Match[str]) -> Answer | None:
    del found
    pairs = sorted(_pairs(table) or ())
    if len(pairs) < 3 or any(a[0] == b[0] for a, b in pairwise(pairs)):
        return None
    slopes = {(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(pairs)}
    return "linear" if len(slopes) == 1 else "nonlinear"


def _function(table: Table, found: re.Match[str]) -> Answer | None:
    del found
    pairs = _pairs(table)
    if not pairs:
        return None
    return "yes" if len({x for x, _ in pairs}) == len(set(pairs)) else "no"


def _probability(table: Table, found: re.Match[str]) -> Answer | None:
    """A table of two properties: the event names one row and one column by words that no other has."""
    cells = [[amount(cell) for cell in row[1:]] for row in table.rows]
    whole = [cell for row in cells for cell in row if cell is not None]
    if len(whole) != len(table.rows) * (len(table.columns) - 1) or not sum(whole):
        return None
    event = found["event"]
    row = _named(event, [written(r[0]) for r in table.rows])
    column = _named(event, list(table.columns[1:]))
    if row is None or column is None:
        return None
    cell = cells[row][column]
    return None if cell is None else cell / sum(whole)


def _named(text: str, names: Sequence[str]) -> int | None:
    """Which of the names stands in the text, by the words that set it apart from the others."""
    said = _stems(text)
    words = [_stems(name) for name in names]
    shared = set.intersection(*words) if words else set()
    hits = [at for at, own in enumerate(words) if own - shared and own - shared <= said]
    longest = [at for at in hits if not any(words[at] < words[other] for other in hits)]
    return longest[0] if len(longest) == 1 else None


def _stems(text: str) -> set[str]:
    return {_singular(word) for word in plain(text).split()} - {"a", "an", "the", "of", "and"}


def _price(table: Table, name: str) -> Fraction | None:
    if len(table.columns) != 2:
        return None
    at = _row(table, name)
    cell = written(table.rows[at][1]) if at is not None else ""
    return amount(cell) if re.fullmatch(r"\$[\d,]+(?:\.\d+)?", cell.strip()) else None


def _enough(table: Table, found: re.Match[str]) -> Answer | None:
    money = amount(found["money"])
    prices = [_price(table, found[name]) for name in ("one", "two")]
    if money is None or prices[0] is None or prices[1] is None:
        return None
    return "yes" if prices[0] + prices[1] <= money else "no"


def _dearer(table: Table, found: re.Match[str]) -> Answer | None:
    one, two = (_price(table, found[name]) for name in ("one", "two"))
    return None if one is None or two is None else one - two


def _extreme(table: Table, found: re.Match[str]) -> Answer | None:
    values = _only_numbers(table)
    if not values or re.search(r"\bchange", found.string):
        return None
    best = max(values) if found["way"].lower() in ("most", "highest") else min(values)
    rows = [row for row, value in zip(table.rows, values, strict=True) if value == best]
    return written(rows[0][0]) if len(rows) == 1 else None


def _plot_extreme(table: Table, found: re.Match[str]) -> Answer | None:
    values, _ = stem_and_leaf(table)
    if not values:
        return None
    low = found["way"].lower() in ("smallest", "lowest", "youngest", "lightest", "shortest", "fewest")
    return min(values) if low else max(values)


_BOUND = re.compile(
    r"\b(?P<word>exactly|at least|at most|more than|greater than|fewer than|less than)"
    r"\s+(?P<number>\$?\d[\d,]*)",
    re.IGNORECASE,
)


def _how_many(table: Table, found: re.Match[str]) -> Answer | None:
    bounds = [
        (bound["word"].lower(), Fraction(bound["number"].lstrip("$").replace(",", "")))
        for bound in _BOUND.finditer(found["what"])
    ]
    if not bounds or re.search(r"\bnot\b|\bor\b", found["what"]):
        return None
    values, _ = stem_and_leaf(table)
    weights = [Fraction(1)] * len(values)
    if not values and len(table.columns) == 2 and plain(table.columns[1]) == "frequency":
        heads, counts = numbers_of(table, 0), numbers_of(table, 1)
        values, weights = (heads, counts) if heads and counts else ([], [])
    if not values:
        return None
    counted = [w for v, w in zip(values, weights, strict=True) if all(_in(v, *b) for b in bounds)]
    return sum(counted, Fraction(0))


def _in(value: Fraction, word: str, bound: Fraction) -> bool:
    if word == "exactly":
        return value == bound
    if word in ("at least", "at most"):
        return value >= bound if word == "at least" else value <= bound
    return value > bound if word in ("more than", "greater than") else value < bound


def _in_all(table: Table, found: re.Match[str]) -> Answer | None:
    del found
    if len(table.columns) != 2 or plain(table.columns[1]) != "frequency":
        return None
    counts = numbers_of(table, 1)
    return sum(counts, Fraction(0)) if counts else None


_THING = r"(?:an? |the |one )?(?P<{}>[\w' -]{{2,60}}?)"
_FORMS: Sequence[tuple[re.Pattern[str], Solver]] = [
    (re.compile(pattern, re.IGNORECASE), solver)
    for pattern, solver in (
        (r"What is the (?P<name>range|mean|median|mode) of the numbers\?", _statistic),
        (r"what was the rate of change between (?P<one>[\w ]{1,30}) and (?P<two>[\w ]{1,30})\?", _rate),
        (r"At a price of (?P<price>\$[\d,.]+\d), is there a shortage or a surplus\?", _market),
        (r"Is the function linear or nonlinear\?", _linear),
        (r"Is this relation a function\?", _function),
        (r"What is the probability that a randomly selected (?P<event>[^?]{5,300})\?", _probability),
        (
            rf"has (?P<money>\$[\d,]+(?:\.\d+)?)\. Does s?he have enough to buy {_THING.format('one')} and"
            rf" {_THING.format('two')}\?",
            _enough,
        ),
        (
            rf"^How much more does {_THING.format('one')} cost than {_THING.format('two')}\?",
            _dearer,
        ),
        (
            r"(?:On which day|In which month|Who)\b[^?.]{0,120}"
            r"\b(?P<way>most|fewest|least|highest|lowest)\b[^?.]{0,60}\?$",
            _extreme,
        ),
        (r"How many [^?]{0,60}are there in all\?", _in_all),
        (
            r"What is the (?:[\w -]{0,40} of the )?"
            r"(?P<way>largest|smallest|highest|lowest|youngest|oldest|lightest|heaviest|longest|shortest|fewest)\b"
            r"[^?.]{0,80}\?$",
            _plot_extreme,
        ),
        (r"How many (?P<what>[^?.]{3,200})\?$", _how_many),
    )
]
