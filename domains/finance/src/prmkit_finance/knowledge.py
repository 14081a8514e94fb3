"""A knowledge base of terms, made of examination explanations, and claims held against it.

A fact is a sentence whose numbers and negations are taken out of its skeleton: a claim with the skeleton
of a fact and other numbers, or a negation more or less, contradicts it. Two sentences that say the same
in other words are not compared, so silence is the usual answer.

The base is made when it is needed, from the CFLUE set in ``PRMKIT_DATA``; nothing of it is shipped.

Source:
    Fin-PRM (arXiv 2508.15202): terms and explanations drawn from experts' analyses, factual accuracy and
    knowledge coverage. There a language model draws and compares them; here patterns do.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import click

from prmkit.dataset import open_dataset
from prmkit.errors import DataError
from prmkit.records import write_text
from prmkit.segment import by_sentence
from prmkit.types import Verdict
from prmkit_finance.data.cflue import SOURCE

MIN_LENGTH = 8
"""Shorter skeletons say too little by themselves, characters."""
MAX_LENGTH = 400

_NUMBER = re.compile(
    r"\d+(?:,\d{3})*(?:\.\d+)?%?|百分之[一二三四五六七八九十百]+|[一二两三四五六七八九十百千万]+(?=[个年月日天倍次种类项名人元家级周分])"
)
_NEGATION = re.compile(r"不|未|无|没有|非|\bnot\b|\bno\b|\bnever\b|\bcannot\b|n['\u2019]t\b")
_DROP = re.compile(r"[\W_]+")
_TERM = re.compile(
    r"^[“\"【]?(?P<term>[\u4e00-\u9fffA-Za-z0-9（）()·/-]{2,18}?)[”\"】]?[，,]?(?:是指|指的是|是一种|就是|是|指)(?!否|不|以下)"
    r"(?P<body>.{6,})"
)
_ENGLISH_TERM = re.compile(
    r"^(?:An? |The )?(?P<term>[A-Z][A-Za-z -]{2,40}?) (?:is|are|means|refers to) (?P<body>.{8,})"
)
_MEMBERS = re.compile(
    r"^(?P<whole>[^，,。；;]{2,24}?)(?:主要)?(?:包括|包含|分为)[:：]?(?P<members>[^。；;]{2,200})"
)
_BELONGS = re.compile(r"^(?P<member>[^，,。；;]{2,24}?)(?P<no>不)?(?:属于|是)(?P<whole>[^，,。；;]{2,24})$")
_SPLIT = re.compile(r"[、，,和及与]|以及")
_POINTS = re.compile(r"^(?:[（(]?[\dA-Za-z]{1,2}[）).、]|[（(]?[一二三四五六七八九十][）)、]|[①-⑨])\s*")
_NO_TERM = re.compile(
    r"^(?:如果|若|但|而|因|由|其|此|本|同时|[一二三四五]是|选项|第[一二三四]|主要|擅自|到期|故|即)|的$|能$|间$"
)
_ASSERTS_NOTHING = re.compile(
    r"[?？（）()_]{2}|下列|以下|选项|本题|答案|故[选本]|[A-E]{1,4}[项选]|上述|例如|比如|该|此|其|[=＝÷×]"
)


class Fact(NamedTuple):
    """A sentence of an explanation."""

    text: str
    numbers: tuple[str, ...]
    negations: int
    origin: str
    """Cluster of the question it explains."""


@dataclass
class Knowledge:
    """Terms with their explanations, and the facts behind them."""

    terms: dict[str, list[str]] = field(default_factory=dict)
    """Term → explanations."""
    facts: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    """Skeleton → facts."""
    members: dict[tuple[str, str], list[tuple[bool, str, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """(part, whole) → whether it belongs, the sentence, its origin."""

    def add(self, text: str, origin: str = "") -> None:
        """Take in the sentences of an explanation."""
        for sentence in sentences(text):
            found = _TERM.match(sentence) or _ENGLISH_TERM.match(sentence)
            if found and not _NO_TERM.search(found["term"]):
                self.terms.setdefault(found["term"].strip("（）() "), []).append(sentence)
            key = skeleton(sentence)
            if MIN_LENGTH <= len(key) <= MAX_LENGTH and not _ASSERTS_NOTHING.search(sentence):
                self.facts[key].append(
                    Fact(sentence, numbers(sentence), len(_NEGATION.findall(sentence)), origin)
                )
            for part, whole, belongs in memberships(sentence):
                self.members[part, whole].append((belongs, sentence, origin))

    def define(self, term: str, explanation: str) -> None:
        """Take in a term with its explanation."""
        self.terms.setdefault(term, []).append(explanation)
        self.add(explanation)

    def judge(self, sentence: str, *, without: str = "") -> tuple[Verdict, str]:
        """The verdict on one sentence, and the fact it rests on.

        Args:
            sentence: A claim.
            without: Facts of this origin are left out: the explanation of the question at hand.

        Examples:
            >>> base = Knowledge()
            >>> base.add("保证金比例通常为合约价值的5%至15%。")
            >>> base.judge("保证金比例通常为合约价值的5%至20%。")[0]
            <Verdict.FAILS: 'FAILS'>
        """
        if _ASSERTS_NOTHING.search(sentence):
            return Verdict.UNKNOWN, "refers to something else"
        key = skeleton(sentence)
        facts = [fact for fact in self.facts.get(key, ()) if not without or fact.origin != without]
        said = numbers(sentence), len(_NEGATION.findall(sentence))
        if facts and len(key) >= MIN_LENGTH:
            if len({(fact.numbers, fact.negations) for fact in facts}) > 1:
                return Verdict.UNKNOWN, "explanations differ"
            known = facts[0].numbers, facts[0].negations
            if said == known:
                return Verdict.HOLDS, f"known: {facts[0].text}"
            if said[0] != known[0] or abs(said[1] - known[1]) == 1:
                return Verdict.FAILS, f"known is: {facts[0].text}"
        return self._membership(sentence, without)

    def _membership(self, sentence: str, without: str) -> tuple[Verdict, str]:
        """All that a sentence says to belong must be known to; one thing known not to is enough to refute."""
        held: list[str] = []
        stated = list(memberships(sentence))
        for part, whole, belongs in stated:
            known = [
                fact for fact in self.members.get((part, whole), ()) if not without or fact[2] != without
            ]
            if len({fact[0] for fact in known}) != 1:
                continue
            if known[0][0] is not belongs:
                return Verdict.FAILS, f"known is: {known[0][1]}"
            held.append(known[0][1])
        if stated and len(held) == len(stated):
            return Verdict.HOLDS, f"known: {held[0]}"
        return Verdict.UNKNOWN, "nothing is known of it"

    def relevant(self, text: str) -> list[str]:
        """Terms of the base that occur in a text, longest first, none inside another."""
        plain = unicodedata.normalize("NFKC", text)
        found: list[str] = []
        for term in sorted((t for t in self.terms if t in plain), key=len, reverse=True):
            if len(term) > 2 and not any(term in longer for longer in found):
                found.append(term)
        return found


def sentences(text: str) -> Iterator[str]:
    """Sentences of an explanation, without list marks and brackets of emphasis."""
    plain = unicodedata.normalize("NFKC", text[:20_000]).replace("【", "").replace("】", "")
    for step in by_sentence(plain):
        for piece in re.split(r"[;；\n]", step.text):
            piece = _POINTS.sub("", piece.strip(), count=1).strip(" 。.!！")
            if piece:
                yield piece


def numbers(sentence: str) -> tuple[str, ...]:
    """Numbers of a sentence, in order.

    Examples:
        >>> numbers("三年内不超过1,000元，利率为5%")
        ('三', '1000', '5%')
    """
    return tuple(found.replace(",", "") for found in _NUMBER.findall(unicodedata.normalize("NFKC", sentence)))


def skeleton(sentence: str) -> str:
    """What is left of a sentence without numbers, negations, spaces and punctuation.

    Examples:
        >>> skeleton("利率不超过 5%。") == skeleton("利率超过8%")
        True
    """
    plain = unicodedata.normalize("NFKC", sentence).lower()
    return _DROP.sub("", _NEGATION.sub("", _NUMBER.sub("\u3007", plain)).replace("\u3007", "N"))


def memberships(sentence: str) -> Iterator[tuple[str, str, bool]]:
    """(part, whole, belongs) that a sentence states.

    Examples:
        >>> list(memberships("周转材料包括低值易耗品和包装物"))
        [('低值易耗品', '周转材料', True), ('包装物', '周转材料', True)]
        >>> list(memberships("委托加工物资不属于周转材料"))
        [('委托加工物资', '周转材料', False)]
    """
    found = _MEMBERS.match(sentence)
    if (
        found
        and not _NEGATION.search(found["whole"])
        and not re.search(r"不$", sentence[: found.end("whole")])
    ):
        for part in _SPLIT.split(found["members"].removesuffix("等")):
            part = _POINTS.sub("", part.strip(), count=1).removesuffix("等")
            if 2 <= len(part) <= 20:
                yield part, found["whole"], True
        return
    found = _BELONGS.match(sentence)
    if found and "属于" in sentence:
        yield found["member"], found["whole"], not found["no"]


def build(explanations: Iterable[tuple[str, str]]) -> Knowledge:
    """A knowledge base of (explanation, origin) pairs."""
    base = Knowledge()
    for text, origin in explanations:
        base.add(text, origin)
    return base


def explanations() -> Iterator[tuple[str, str]]:
    """Explanations of CFLUE with the cluster of their question.

    Raises:
        DataError: The set is in no folder of ``PRMKIT_DATA``.
    """
    for problem, trajectory, _ in open_dataset(SOURCE, files=["knowledge.jsonl.gz"]):
        if not trajectory.text.startswith("答案"):
            yield trajectory.text, problem.cluster


@functools.lru_cache(maxsize=1)
def cflue_base() -> Knowledge | None:
    """The base made of CFLUE, once a process; None where the set is not at hand."""
    try:
        return build(explanations())
    except DataError:
        return None


def r_cover(terms: Sequence[str], used: Iterable[str]) -> float | None:
    """Share of the relevant terms that a solution uses rightly; None where there are none.

    Args:
        terms: Terms relevant to the question.
        used: Terms that occur in steps that nothing refutes.

    Source:
        Fin-PRM (arXiv 2508.15202), knowledge coverage of the trajectory reward.

    Examples:
        >>> r_cover(["VaR", "duration", "beta", "DCF"], {"VaR", "beta", "foo"})
        0.5
    """
    return len(set(terms) & set(used)) / len(set(terms)) if terms else None


def trajectory_label(outcome: float, cover: float | None, *, threshold: float = 1.25) -> bool:
    """Whether outcome and coverage together make a good trajectory: their sum is above the threshold.

    Source:
        Fin-PRM (arXiv 2508.15202); the threshold is a setting, since its published value was not at hand.

    Examples:
        >>> trajectory_label(1.0, 0.5), trajectory_label(1.0, 0.25)
        (True, False)
    """
    return outcome + (cover or 0.0) > threshold


def as_json(base: Knowledge) -> Mapping[str, list[str]]:
    """The terms of a base with their explanations, for a person to read."""
    return {term: sorted(set(said)) for term, said in sorted(base.terms.items())}


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="JSON file to write.")
def main(out: Path) -> None:
    """Write the terms and explanations that the base holds.

    Raises:
        DataError: The set is in no folder of ``PRMKIT_DATA``.
    """
    base = build(explanations())
    write_text(out, json.dumps(as_json(base), ensure_ascii=False, indent=1) + "\n")
    facts = sum(map(len, base.facts.values()))
    click.echo(f"{len(base.terms)} terms, {facts} facts, {len(base.members)} memberships")


if __name__ == "__main__":
    main()
