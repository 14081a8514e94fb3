"""The verifier ``finance/knowledge``: what a step states as a fact, against a knowledge base of terms.

The base is the problem's own (``context["knowledge"]``: term → explanation), or the one made of CFLUE's
explanations, without the explanation of the question at hand.

Source:
    Factual accuracy as in Fin-PRM (arXiv 2508.15202), decided here by comparison of skeletons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from prmkit.contracts import Finding
from prmkit.segment import by_sentence
from prmkit.types import Claim, Code, Problem, Scope, Trajectory, Verdict
from prmkit_finance.knowledge import Knowledge, cflue_base, r_cover
from prmkit_finance.verdicts import MAX_TEXT, conclude, silent

_CHINESE = re.compile(r"[\u4e00-\u9fff]{4}")


class Facts:
    """Hold stated facts against known ones.

    What it does not check: the same fact in other words, terms that the base does not know, and
    conclusions drawn from facts.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> known = {"Basis point": "A basis point is 0.01 percentage points of a rate."}
        >>> p = Problem("p", "What is a basis point?", context={"knowledge": known})
        >>> t = Trajectory.of_steps("t", "p", ["A basis point is 0.1 percentage points of a rate."])
        >>> Facts().check(p, t)[0].verdict
        <Verdict.FAILS: 'FAILS'>
    """

    name = "finance/knowledge"
    version = 1
    scope: Scope = "claim"
    needs_reference = False
    tools: tuple[str, ...] = ()

    def check(self, problem: Problem, trajectory: Trajectory) -> Sequence[Finding]:
        """One finding per scored step; coverage of the relevant terms stands in ``detail``."""
        own = problem.context.get("knowledge")
        base: Knowledge | None = None
        if isinstance(own, Mapping):
            base = Knowledge()
            for term, said in own.items():
                base.define(str(term), str(said))
        elif _CHINESE.search(trajectory.text):
            base = cflue_base()
            if base is None:
                reason = "the knowledge base is made of the data set cflue, which PRMKIT_DATA does not hold"
                return [silent(reason, Code.MISSING_TOOL)] * len(trajectory.scored)
        if base is None:
            return [silent("no knowledge base fits")] * len(trajectory.scored)
        return [self._judge(base, trajectory.steps[i].text, problem) for i in trajectory.scored]

    def _judge(self, base: Knowledge, text: str, problem: Problem) -> Finding:
        if len(text) > MAX_TEXT:
            return silent(f"longer than {MAX_TEXT} characters", Code.UNSUPPORTED)
        return conclude(_claims(base, text, problem.cluster), "states nothing that the base knows")


def _claims(base: Knowledge, text: str, without: str) -> Iterator[Claim]:
    for piece in by_sentence(text):
        verdict, reason = base.judge(piece.text.strip(" 。.!！"), without=without)
        if verdict is not Verdict.UNKNOWN:
            yield Claim(piece.start, piece.end, verdict, reason[:300])


def coverage(base: Knowledge, problem: Problem, trajectory: Trajectory) -> float | None:
    """Share of the terms relevant to a question that the unrefuted steps of a solution use.

    Examples:
        >>> from prmkit.types import Trajectory
        >>> base = Knowledge(terms={"久期": ["…"], "凸性": ["…"], "风险价值": ["…"]})
        >>> p = Problem("p", "风险价值与修正久期之比")
        >>> coverage(base, p, Trajectory.of_steps("t", "p", ["风险价值按置信度计算。"]))
        1.0
    """
    terms = base.relevant(problem.text)
    sound = [
        trajectory.steps[i].text
        for i in trajectory.scored
        if not any(
            c.verdict is Verdict.FAILS for c in _claims(base, trajectory.steps[i].text, problem.cluster)
        )
    ]
    return r_cover(terms, [term for term in terms if any(term in text for text in sound)])
