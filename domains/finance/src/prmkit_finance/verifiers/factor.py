"""The verifier ``finance/factor``: factor expressions and what is said of them, recomputed on the prices.

Reads from the problem's context ``prices`` (see :class:`~prmkit_finance.market.panel.Panel`) and
``factor``: ``{"horizon": 5, "delay": 0, "window": "full", "ic": "pearson", "grammar": "prmkit/alpha"}``,
all optional. What is not given there or in the text is tried in every usual way.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from prmkit.contracts import Finding
from prmkit.errors import PrmkitError, RecordError
from prmkit.types import Claim, Code, Problem, Scope, Step, Trajectory, Verdict
from prmkit_finance.market.expression import Node, fields_of, parse, reach
from prmkit_finance.market.factor import Leak, evaluate, look_ahead
from prmkit_finance.market.ic import Summary, coefficients, forward_returns, summary
from prmkit_finance.market.panel import FIELDS, Floats, Panel
from prmkit_finance.market.stated import MAX_TEXT, Reading, Stated, conclude, figures, judge
from prmkit_finance.verifiers.factor_text import Written, admits, expressions, says_causal, says_leaks

_IC = r"(?:mean |average )?(?:ic|information coefficient)"
VOCABULARY: Mapping[str, str] = {
    "rank_icir": r"(?:rank|spearman)[ _-]?(?:ic[ _-]?ir|ic information ratio)",
    "rank_ic": r"(?:mean |average )?(?:rank|spearman)[ _-]?(?:ic|information coefficient)(?: mean)?",
    "icir": r"ic[ _-]?ir|information coefficient ir",
    "ic": rf"{_IC}(?: mean)?(?![ _-]?(?:ir|std|t-stat|decay|deviation|volatility))",
}
_DAYS = r"\d{1,3}|one|two|five|ten|twenty"
_HORIZON = re.compile(
    rf"\b(?P<days>{_DAYS})[- ]?(?:trading[- ])?days?(?:[- ]ahead)?[- ](?:forward|future|ahead|next)"
    rf"|(?:forward|future|next|horizon of|horizon =?)\s?(?P<after>{_DAYS})[- ]?(?:trading[- ])?days?",
    re.IGNORECASE,
)
_WORDS = {"one": 1, "two": 2, "five": 5, "ten": 10, "twenty": 20}
_ANNUAL = re.compile(r"annuali[sz]ed|per year|yearly|√\s?252|sqrt\(252\)", re.IGNORECASE)
_NOTHING = "no factor expression and no figure of one"


@dataclass(frozen=True, slots=True)
class _Setting:
    """How the problem wants factors judged; None where it does not say."""

    panel: Panel | None
    horizon: int | None
    delay: int | None
    full: bool | None
    pearson: bool
    grammar: bool
    expression: Node | None


def _setting(problem: Problem) -> _Setting:
    given = problem.context.get("factor")
    given = given if isinstance(given, Mapping) else {}
    panel = Panel.of_context(problem.context["prices"]) if "prices" in problem.context else None
    window = given.get("window")
    named = given.get("expression")
    return _Setting(
        panel=panel,
        horizon=_whole(given.get("horizon"), 1),
        delay=_whole(given.get("delay"), 0),
        full=None if window not in ("full", "partial") else window == "full",
        pearson=given.get("ic") == "pearson",
        grammar=str(given.get("grammar", "")).startswith("prmkit/alpha"),
        expression=parse(named) if isinstance(named, str) else None,
    )


def _whole(value: Any, least: int) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and least <= value <= 500
    return value if good else None


@functools.cache
def probe() -> Panel:
    """Invented prices on which expressions are tried when the problem has none."""
    random = np.random.default_rng(7)
    days, names = 320, 6
    close = 50 * np.exp(np.cumsum(random.normal(0, 0.02, (days, names)), axis=0))
    spread = 1 + random.uniform(0.001, 0.02, (days, names))
    volume = random.lognormal(12, 0.5, (days, names))
    fields = {"open": close * random.uniform(0.99, 1.01, (days, names)), "high": close * spread,
              "low": close / spread, "close": close, "volume": volume, "vwap": close * 1.0005,
              "amount": volume * close}  # fmt: skip
    dates = np.arange("2001-01-01", days, dtype="datetime64[D]")
    return Panel(tuple(str(d) for d in dates), tuple("ABCDEF"), {name: fields[name] for name in FIELDS})


class Factor:
    """Checks expressions, look-ahead and information coefficients of factor-design steps.

    What it does not check: whether a factor makes economic sense, whether its text describes it,
    whether an IC is significant or survives out of sample.
    """

    name = "finance/factor"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> list[Finding]:
        """One finding per scored step."""
        try:
            setting = _setting(problem)
        except PrmkitError as error:
            return [Finding(Verdict.UNKNOWN, str(error), Code.UNSUPPORTED)] * len(trajectory.scored)
        reader = _Reader(setting)
        findings = {step.index: reader.judge(step) for step in trajectory.steps if step.role != "observe"}
        return [findings[index] for index in trajectory.scored]


class _Reader:
    """Goes through the steps of one trajectory; remembers which factor is spoken of."""

    def __init__(self, setting: _Setting) -> None:
        self.setting = setting
        self.current: Node | None = setting.expression
        self.horizon = setting.horizon
        self.ics: dict[tuple[Node, int, int, bool, bool], Floats] = {}

    def judge(self, step: Step) -> Finding:
        """Verdict on one step, in the light of those before it."""
        if len(step.text) > MAX_TEXT:
            return Finding(Verdict.UNKNOWN, f"longer than {MAX_TEXT} characters", Code.UNSUPPORTED)
        text = step.text
        written = expressions(step)
        factors = {w.node for w in written if w.node is not None and not w.target}
        if len(factors) == 1:
            self.current = next(iter(factors))
        elif factors or any(w.node is None for w in written):
            self.current = None  # several, or one that cannot be read: which is meant is not known
        self._read_horizon(text)
        claims = [self._expression(w, text) for w in written if not w.target]
        claims += self._assertions(text, bool(factors))
        claims += [self._figure(stated) for stated in figures(text, VOCABULARY)]
        return conclude(claims, _NOTHING)

    def _read_horizon(self, text: str) -> None:
        named = {m["days"] or m["after"] for m in _HORIZON.finditer(text)}
        if len(named) == 1:
            word = named.pop().lower()
            self.horizon = _WORDS.get(word) or int(word) or None
        elif named:
            self.horizon = None

    # -------------------------------------------------------- expressions

    def _expression(self, written: Written, text: str) -> Claim:
        span = written.start, written.end
        if written.node is None:
            verdict = Verdict.FAILS if self.setting.grammar else Verdict.UNKNOWN
            return Claim(*span, verdict, f"{written.text[:60]!r} is no factor expression: {written.fault}")
        panel = self.setting.panel
        missing = sorted(fields_of(written.node) - set(panel.fields)) if panel else []
        if missing:
            verdict = Verdict.FAILS if self.setting.grammar else Verdict.UNKNOWN
            return Claim(*span, verdict, f"the prices have no field {missing[0]!r}")
        if reach(written.node) <= 0:
            return Claim(*span, Verdict.HOLDS, "the expression is read, and no value depends on later days")
        leak = self._leak(written.node)
        if leak is None:
            return Claim(*span, Verdict.UNKNOWN, "may look ahead, though no value tried does")
        if admits(text) and not says_causal(text):
            return Claim(*span, Verdict.UNKNOWN, "looks ahead, and the step speaks of that")
        return Claim(*span, Verdict.FAILS, _leaking(leak))

    def _leak(self, node: Node) -> Leak | None:
        panels = [p for p in (self.setting.panel, probe()) if p and fields_of(node) <= set(p.fields)]
        for panel in panels:
            try:
                leak = look_ahead(node, panel) if panel.shape[0] > 1 else None
            except PrmkitError:
                continue
            if leak is not None:
                return leak
        return None

    def _assertions(self, text: str, here: bool) -> list[Claim]:
        said, leaks = says_causal(text), says_leaks(text)
        if self.current is None or not (said or leaks) or (said and leaks):
            return []
        leak = self._leak(self.current) if reach(self.current) > 0 else None
        if said:
            if reach(self.current) <= 0:
                return [Claim(*said.span(), Verdict.HOLDS, "no value depends on later days")]
            if leak is not None and not here:  # where the expression stands it was judged already
                return [Claim(*said.span(), Verdict.FAILS, _leaking(leak))]
        elif leaks and leak is not None:
            return [Claim(*leaks.span(), Verdict.HOLDS, _leaking(leak))]
        return []

    # -------------------------------------------------------- figures

    def _figure(self, stated: Stated) -> Claim:
        span = stated.start, stated.end
        why = self._why_not(stated)
        if why:
            return Claim(*span, Verdict.UNKNOWN, why)
        try:
            main, other = self._readings(stated)
        except PrmkitError as error:
            return Claim(*span, Verdict.UNKNOWN, error.message)
        verdict, reason = judge(stated, main, other)
        return Claim(*span, verdict, reason)

    def _why_not(self, stated: Stated) -> str:
        panel = self.setting.panel
        if panel is None or "close" not in panel.fields:
            return "the problem gives no prices to recompute it on"
        if self.current is None:
            return "which factor is meant is not clear"
        if self.horizon is None:
            return "the horizon of the forward return is not stated"
        return "stated of something else, or as a wish or condition" if stated.doubtful else ""

    def _readings(self, stated: Stated) -> tuple[list[Reading], list[Reading]]:
        ranked = stated.name.startswith("rank")
        main, other = self._ways(stated, ranked), []
        if not ranked and not self.setting.pearson:
            other += self._ways(stated, True)
        if self.setting.delay != 0 and (self.horizon or 0) > 1:
            # qlib's label Ref($close, -5) / Ref($close, -1) - 1: a day later, yet up to the same day.
            other += self._ways(stated, ranked, shorter=1)
        if stated.name.endswith("ir"):
            scale = math.sqrt(252)
            scaled = [
                Reading(r.value * s, f"{r.way}, annualised")
                for r in main
                for s in (scale, scale / math.sqrt(self.horizon or 1))
            ]
            annual = bool(_ANNUAL.search(stated.words + stated.note))
            main, other = (scaled, other + main) if annual else (main, other + scaled)
        return main, other

    def _ways(self, stated: Stated, ranked: bool, *, shorter: int = 0) -> list[Reading]:
        setting, found = self.setting, []
        horizon = (self.horizon or 0) - shorter
        delays = (0, 1) if setting.delay is None else (setting.delay,)
        windows = (True, False) if setting.full is None else (setting.full,)
        for delay, full in itertools.product(delays, windows):
            one = self._summary(horizon, delay, full, ranked)
            way = f"{'rank ' if ranked else ''}IC over {one.days} days, returns {horizon} days ahead"
            way += f" from {delay} day later" if delay else ""
            if not stated.name.endswith("ir"):
                found.append(Reading(one.mean, way))
                continue
            found.append(Reading(one.ratio, way))
            if one.days > 1:
                found.append(Reading(one.ratio * math.sqrt(one.days / (one.days - 1)), f"{way}, by n"))
        return found

    def _summary(self, horizon: int, delay: int, full: bool, ranked: bool) -> Summary:
        panel, node = self.setting.panel, self.current
        if panel is None or node is None:
            raise RecordError("nothing to compute it on", do="give prices and an expression")
        key = node, horizon, delay, full, ranked
        if key not in self.ics:
            values = evaluate(node, panel, full=full)
            target = forward_returns(panel.fields["close"], horizon, delay=delay)
            self.ics[key] = coefficients(values, target, method="rank" if ranked else "pearson")
        return summary(self.ics[key])


def _leaking(leak: Leak) -> str:
    return (
        f"looks ahead: the value of {leak.ticker} on {leak.date} is {leak.then:.6g} from prices up to"
        f" {leak.known_until} and {leak.later:.6g} from all of them"
    )
