"""Planted mistakes: one token of a program changed, or one value that a sentence claims."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable

from prmkit.mutators import TextMutator
from prmkit.types import Problem, Step
from prmkit_qlang import edits
from prmkit_qlang.claims import read_claims
from prmkit_qlang.source import CODE, CONSOLE, PROMPT, bare

_NUMBER = re.compile(r"(?<![\w.])\d{1,9}(?![\w:]|\.\d)")


def _program(problem: Problem, step: Step) -> bool:
    del problem
    return step.role != "observe" and step.kind in (CODE, CONSOLE)


def _claiming(problem: Problem, step: Step) -> bool:
    del problem
    return step.role != "observe" and bool(read_claims(step.text))


def _of(operator: edits.Operator) -> Callable[[Problem, str, random.Random], Iterable[str]]:
    return _Variants(operator)


class _Variants:
    """Spoilt versions of the program in a step: all of it, or the line behind a prompt."""

    def __init__(self, operator: edits.Operator) -> None:
        self.operator = operator

    def __call__(self, problem: Problem, text: str, draw: random.Random) -> list[str]:
        del problem, draw
        prompt = PROMPT.match(text)
        start = prompt.end() if prompt else 0
        end = len(text) if not prompt else (text.find("\n") if "\n" in text else len(text))
        code = bare(text)[start:end]
        return [text[:start] + _kept(text[start:end], code, one) + text[end:]
                for one in edits.variants(code, self.operator)]  # fmt: skip


def _kept(written: str, code: str, changed: str) -> str:
    """The changed code with the fences that stood around it."""
    same = next((i for i, (a, b) in enumerate(zip(code, changed, strict=False)) if a != b), len(code))
    tail = len(code) - same
    while tail and not (changed.endswith(code[len(code) - tail :]) and len(changed) - tail >= same):
        tail -= 1
    return written[:same] + changed[same : len(changed) - tail] + written[len(written) - tail :]


def _claimed(problem: Problem, text: str, draw: random.Random) -> list[str]:
    """Sentences with a number of a claimed value changed by one."""
    del problem, draw
    made = []
    for claim in read_claims(text):
        for found in _NUMBER.finditer(text, claim.wanted_start, claim.wanted_end):
            number = int(found.group())
            made += [
                text[: found.start()] + str(n) + text[found.end() :]
                for n in (number + 1, number - 1)
                if n >= 0
            ]
    return made


operator = TextMutator("operator", False, _of(edits.operators), _program)
constant = TextMutator("constant", True, _of(edits.constants), _program)
keyword = TextMutator("keyword", False, _of(edits.keywords), _program)
dropped = TextMutator("dropped", False, _of(edits.dropped), _program)
turned = TextMutator("turned", False, _of(edits.turned), _program)
iterator = TextMutator("iterator", False, _of(edits.iterators), _program)
claim = TextMutator("claim", True, _claimed, _claiming)
