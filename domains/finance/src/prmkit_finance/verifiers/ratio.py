"""The verifier ``finance/ratio``: ratios and valuation figures that a text states, recomputed.

A claim is *NAME (of X) in YEAR is AMOUNT* for a name of ``formulas.yaml``. Its inputs are taken from
the table, where their rows are named word by word, and from amounts that the problem or earlier steps
state by name. All of them must be found, each with one value only.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from prmkit.contracts import Finding
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_finance.amounts import Amount, amounts, written
from prmkit_finance.expressions import UnreadableError
from prmkit_finance.formulas import Formula, Input, catalogue, compute, names
from prmkit_finance.lookup import find, only
from prmkit_finance.matching import Match, compare
from prmkit_finance.material import Material, material
from prmkit_finance.tables import years_of
from prmkit_finance.verdicts import MAX_TEXT, conclude, silent

MAX_SOURCE = 40_000
_VERB = (
    r"(?:\s*\([^()]{0,30}\))?[^.;,\n=]{0,40}?\s*(?:\bis\b|\bwas\b|\bof\b|\bequals\b|\bat\b|[:=\u2248])\s*"
    r"(?:about |approximately )?"
)
_NEXT = re.compile(r"(?=[-\u2212(]?\s?(?:[$€£]|[ACS]\$)?\s?[\d.(])")
_GOES_ON = re.compile(
    r"\s*(?:[-+*/\u2212\u00d7\u00f7]\s*[\d($]|(?:divided|times|multiplied|plus|minus|over)\b)"
)


class Ratio:
    """Recompute ratios that are stated by name.

    What it does not check: a ratio whose inputs are not all given by name, and figures whose
    conventions differ (average or closing balances): these are confirmed but never refuted.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> p = Problem("p", "Current assets are $300 million and current liabilities are $120 million.")
        >>> t = Trajectory.of_steps("t", "p", ["The current ratio is 2.5.", "The current ratio is 0.4."])
        >>> [f.verdict.value for f in Ratio().check(p, t)]
        ['HOLDS', 'FAILS']
    """

    name = "finance/ratio"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step."""
        given = material(problem)
        out: list[Finding] = []
        told = [given.passage, given.question]
        for index in trajectory.scored:
            text = trajectory.steps[index].text
            if len(text) > MAX_TEXT:
                out.append(silent(f"longer than {MAX_TEXT} characters", Code.UNSUPPORTED))
                continue
            told.append(text)
            claims = list(_claims(text, given, told)) if _ANY.search(text) else []
            out.append(conclude(claims, "states no ratio by name"))
        return out


@functools.lru_cache(maxsize=1)
def _by_word() -> Mapping[str, Formula]:
    return {word: one for one in catalogue()[1] for word in one.words}


@functools.lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    spelled = sorted(_by_word(), key=len, reverse=True)
    return re.compile(rf"\b(?P<name>{'|'.join(map(re.escape, spelled))})\b{_VERB}", re.IGNORECASE)


_ANY = re.compile(
    r"ratio|margin|return|turnover|yield|multipl|per share|\bvalue|capital|cover|wacc|cagr|eps|"
    r"ro[aei]|ebitda|cash flow|"
    r"profit|debt|days|d[sip]o\b|cycle|growth|interest|alpha|premium|rate|payback|break|\bp/|\bev\b|ev/",
    re.IGNORECASE,
)


def _claims(text: str, given: Material, told: Sequence[str]) -> Iterator[Claim]:
    for found in _pattern().finditer(text):
        if not _NEXT.match(text, found.end()):
            continue
        after = text[found.end() : found.end() + 60]
        stated = next(amounts(after), None)
        if stated is None or stated.start > 1 or stated.year or _GOES_ON.match(after, stated.end):
            continue
        claim = _judge(text, found, stated, given, told)
        if claim is not None:
            yield claim


def _judge(
    text: str, found: re.Match[str], stated: Amount, given: Material, told: Sequence[str]
) -> Claim | None:
    one = _by_word()[found["name"].lower()]
    years = years_of(found.group()) or years_of(given.question)
    year = next(iter(years)) if len(years) == 1 else None
    start, end = found.start(), found.end() + stated.end
    best: tuple[Match, Fraction, str] | None = None
    for reading in one.readings:
        for values in _values(names(reading), year, given, told, one):
            try:
                value = compute(reading, values)
            except UnreadableError:
                continue
            match = _match(one, stated, value)
            if best is None or list(Match).index(match) < list(Match).index(best[0]):
                best = match, value, reading
    if best is None:
        return None
    match, value, reading = best
    shown = f"{written(value * 100, 2)}%" if one.unit == "percent" else written(value)
    said = f"{one.name} = {reading.replace('_', ' ')} = {shown}"
    if match is Match.SAME:
        return Claim(start, end, Verdict.HOLDS, f"{said}, as stated")
    if match is Match.LAST_DIGIT or not one.definite or match.scale:
        return Claim(
            start, end, Verdict.UNKNOWN, f"{said}; conventions or rounding may differ ({match.value})"
        )
    return Claim(
        start, end, Verdict.FAILS, f"{said}, stated {text[found.end() : end].strip()} ({match.value})"
    )


def _match(one: Formula, stated: Amount, value: Fraction) -> Match:
    if one.unit != "percent":
        if one.unit == "times" and stated.percent:
            return compare(stated, value * 100)
        return compare(stated, value)
    if stated.percent:
        return compare(stated, value * 100)
    plain, hundred = compare(stated, value), compare(stated, value * 100)
    return plain if plain is Match.SAME else (Match.PERCENT if hundred is Match.SAME else plain)


def _values(
    wanted: Sequence[str], year: int | None, given: Material, told: Sequence[str], one: Formula
) -> Iterator[Mapping[str, Fraction]]:
    """The inputs of a reading where each has one value; nothing where one is missing or has several."""
    inputs = catalogue()[0]
    found: list[list[Fraction]] = []
    for name in wanted:
        values = list(_given(inputs[name], year, given, told, one))
        if len(set(values)) != 1:
            return
        found.append(values[:1])
    for chosen in itertools.product(*found):
        yield dict(zip(wanted, chosen, strict=True))


def _given(
    wanted: Input, year: int | None, given: Material, told: Sequence[str], one: Formula
) -> Iterator[Fraction]:
    if given.table is not None and (year is not None or len(given.table.years) <= 1):
        for word in wanted.words:
            cell = only(find(given.table, word, year))
            if cell is not None:
                amount = cell.amount
                scale = given.scale if wanted.kind == "money" and not amount.percent else 1
                yield amount.value * scale / (100 if amount.percent else 1)
                return
    if one.name in wanted.words:
        return
    for source in told:
        yield from _told(wanted, year, source[-MAX_SOURCE:])


@functools.lru_cache(maxsize=256)
def _naming(wanted: Input) -> re.Pattern[str]:
    spelled = sorted(wanted.words, key=len, reverse=True)
    when = r"(?:\s*\([^()]{0,30}\))?(?:\s(?:for|in|at|as of)\s[^.;,\n=]{0,30}?)?\s*"
    verb = rf"{when}(?:\bis\b|\bwas\b|\bare\b|\bwere\b|\bof\b|[:=])\s*"
    ahead = r"(?<![\w-])(?<!\bof )(?<!\bon )(?<!\bto )(?<!\bper )(?<!\bnon )"
    ahead += "" if "net" in wanted.words[0] else r"(?<!\bnet )(?<!\btotal )"
    return re.compile(rf"{ahead}(?:{'|'.join(map(re.escape, spelled))}){verb}", re.IGNORECASE)


@functools.lru_cache(maxsize=4096)
def _told_all(wanted: Input, source: str) -> tuple[tuple[frozenset[int], Fraction], ...]:
    out: list[tuple[frozenset[int], Fraction]] = []
    for found in _naming(wanted).finditer(source):
        after = source[found.end() : found.end() + 60]
        stated = next(amounts(after), None)
        if stated is None or stated.start > 1 or stated.year or _GOES_ON.match(after, stated.end):
            continue
        if wanted.kind == "rate" and not stated.percent and abs(stated.value) >= 1:
            continue
        value = stated.value / 100 if stated.percent else stated.value
        out.append((years_of(found.group()) | years_of(after[stated.end : stated.end + 9]), value))
    return tuple(out)


def _told(wanted: Input, year: int | None, source: str) -> Iterator[Fraction]:
    for years, value in _told_all(wanted, source):
        if year is None or not years or year in years:
            yield value
