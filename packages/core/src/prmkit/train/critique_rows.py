"""Written verifications as token rows: what is learned, and what is only read.

The tokens are those that a ``GenerativePRM`` reads and writes: a prompt is tokenised by itself, the
decision is one token, and what a sandbox printed is given, not written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import torch

from prmkit.cards import PRMSpec
from prmkit.encode.assemble import assemble, writable
from prmkit.encode.template import through_template
from prmkit.encode.tokenise import special_tokens
from prmkit.errors import ConfigError
from prmkit.label.critiques import Judged, verdict_on_the_whole
from prmkit.model.generative import parse_verdicts
from prmkit.model.public import token_ids
from prmkit.render import render
from prmkit.types import Critique, Trajectory, Verdict

Variant = Literal["gprm", "gorm"]
"""``gprm`` judges the steps; ``gorm`` only the whole solution."""
Reason = Literal["undecided", "too long", "ends inside"]
"""Why a verification makes no row: it has no decision · it does not fit · an end token stands in its text."""

_PRINTED = re.compile(r"\[Code Output\]\s*```.*?```", re.DOTALL)
_ASK_FOR_THE_WHOLE = (
    "\nIs this solution right as a whole? Think it through."
    " Finish with 'Is the solution correct?' and Yes or No."
)


class Part(NamedTuple):
    """A stretch of a conversation."""

    text: str
    learned: bool
    token: int | None = None
    """The one token that the text is; None where the tokenizer decides."""


class Row(NamedTuple):
    """A conversation as tokens."""

    ids: tuple[int, ...]
    learned: tuple[bool, ...]
    """Per token whether its prediction is trained."""


@dataclass(slots=True)
class Rows:
    """Rows, and what made none."""

    rows: list[Row] = field(default_factory=list)
    left_out: list[tuple[Judged, Reason]] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Verifications given and rows made, tokens read and learned, and what was left out by reason."""
        return {
            "given": len(self.rows) + len(self.left_out),
            "rows": len(self.rows),
            "tokens": sum(len(row.ids) for row in self.rows),
            "learned": sum(sum(row.learned) for row in self.rows),
            **Counter(reason for _, reason in self.left_out),
        }


def variant_of(spec: PRMSpec, variant: Variant) -> PRMSpec:
    """The spec of a generative PRM of steps, or the one made of it that judges the whole only.

    Scores of several verifications become one by their mean (Multi-RM, arXiv 2510.00492).

    Raises:
        ConfigError: The spec is not of a generative PRM, or has no single verdict on the whole.

    Examples:
        >>> from prmkit.model.spec import family
        >>> made = variant_of(family("thinkprm").spec, "gorm")
        >>> made.target, made.verdicts
        ('outcome', None)
    """
    if spec.head != "generated" or spec.tokens is None:
        raise ConfigError(
            f"spec {spec.name!r} has the head {spec.head!r}",
            do="take a generative one, such as 'thinkprm' or 'genprm'",
            field="spec",
        )
    if variant == "gprm":
        return replace(spec, aggregate="mean")
    if spec.template != "generative":
        raise ConfigError(
            f"spec {spec.name!r} decides on each step in its own turn, never on the whole",
            do="take one with template 'generative', such as 'thinkprm'",
            field="variant",
        )
    asks = {"name": f"{spec.name}-gorm", "verdicts": None, "target": "outcome", "aggregate": "mean"}
    return replace(spec, **asks, after_solution=_ASK_FOR_THE_WHOLE)


def read_critique(
    trajectory: Trajectory, text: str, spec: PRMSpec, *, sample: int = 0, judge: str = ""
) -> Critique:
    r"""A verification in the words of ``spec``, with the verdicts that it states.

    Examples:
        >>> from prmkit.model.spec import family
        >>> t = Trajectory.of_steps("t", "p", ["2 = 2", "so 3"])
        >>> said = r"\boxed{correct} then \boxed{incorrect} Is the solution correct? No"
        >>> made = read_critique(t, said, family("thinkprm").spec)
        >>> [str(v) for v in made.verdicts], str(made.trajectory_verdict)
        (['HOLDS', 'FAILS'], 'FAILS')
    """
    said: list[Verdict] = []
    whole = Verdict.UNKNOWN
    if spec.template == "chat_turns":
        said = [verdict for _, verdict in _turns(text, spec)]
    else:
        if spec.verdicts is not None:
            words = {1.0: Verdict.HOLDS, 0.0: Verdict.FAILS, None: Verdict.UNKNOWN}
            said = [words[one] for one in parse_verdicts(text, spec.verdicts, len(trajectory.scored))]
        found = (
            re.search(re.escape(spec.decision.strip()) + r"\W*(\w+)", text) if spec.decision.strip() else None
        )
        whole = _verdict(found.group(1), spec) if found else whole
    verdicts = [Verdict.UNKNOWN] * len(trajectory.steps)
    for step, verdict in zip(trajectory.scored, said, strict=False):
        verdicts[step] = verdict
    return Critique(trajectory.id, trajectory.digest, text, tuple(verdicts), whole, sample, judge)


def rows_of(judged: Iterable[Judged], tokenizer: Any, spec: PRMSpec, *, longest: int | None = None) -> Rows:
    """Token rows of verifications; none is shortened, since its decision stands at the end.

    Args:
        judged: Problems, solutions and verifications; the problem's reference is never read.
        tokenizer: Has the chat template.
        spec: Of a generative PRM.
        longest: Longest row in tokens; None takes the spec's.

    Raises:
        AlignmentError: A verification of another solution.
        CheckpointError: No chat template, or the decision's words are no tokens.
        ConfigError: The tokenizer has no end token.
    """
    if tokenizer.eos_token_id is None:
        raise ConfigError("the tokenizer has no end token", do="set its eos_token", field="eos_token")
    words = dict(zip((Verdict.HOLDS, Verdict.FAILS), token_ids(tokenizer, spec.tokens or ()), strict=True))
    made = Rows()
    parts_of = _by_turn if spec.template == "chat_turns" else _whole
    for one in judged:
        parts = parts_of(one, tokenizer, spec, words)
        if parts is None:
            made.left_out.append((one, "undecided"))
            continue
        row = _tokens(parts, tokenizer)
        inside = any(
            learned and id == tokenizer.eos_token_id
            for id, learned in zip(row.ids[:-1], row.learned, strict=False)
        )
        reason: Reason | None = "ends inside" if inside else None
        reason = "too long" if len(row.ids) > (longest or spec.max_tokens) else reason
        if reason is None:
            made.rows.append(row)
        else:
            made.left_out.append((one, reason))
    return made


def _whole(one: Judged, tokenizer: Any, spec: PRMSpec, words: dict[Verdict, int]) -> list[Part] | None:
    problem, trajectory, _ = one.sample
    verdict = verdict_on_the_whole(one.critique, trajectory)
    if verdict is Verdict.UNKNOWN:
        return None
    pieces = render(problem, trajectory, spec, special_tokens(tokenizer))
    asked = assemble(pieces, tokenizer, default_system=spec.default_system)
    body = _bare(one.critique.text, spec)
    stop = spec.decision.strip()
    body = (body.partition(stop)[0] if stop else body).rstrip("\n")
    return [
        Part(asked.text + spec.opening, False),
        Part(body + spec.decision, True),
        Part("", True, words[verdict]),
        Part(spec.closing, True),
        Part("", True, tokenizer.eos_token_id),
    ]


def _by_turn(one: Judged, tokenizer: Any, spec: PRMSpec, words: dict[Verdict, int]) -> list[Part] | None:
    """Parts of a conversation up to the last turn that is decided."""
    problem, trajectory, _ = one.sample
    told = _turns(one.critique.text, spec)[: len(trajectory.scored)]
    if not told or any(verdict is Verdict.UNKNOWN for _, verdict in told):
        return None
    roles: list[str] = []
    contents: list[str] = []
    for piece in render(problem, trajectory, spec, special_tokens(tokenizer)):
        if piece.kind == "turn":
            roles.append(piece.value)
            contents.append("")
        elif piece.kind != "mark":
            contents[-1] += piece.value
    places = [i for i, role in enumerate(roles) if role == "assistant"][: len(told)]
    positive, negative = spec.tokens or ("", "")
    for place, (body, verdict) in zip(places, told, strict=True):
        word = positive if verdict is Verdict.HOLDS else negative
        contents[place] = spec.opening + body + spec.decision + word + spec.closing
    end = places[-1] + 1
    text, spans = through_template(tokenizer, roles[:end], contents[:end], False, spec.default_system)
    parts: list[Part] = []
    at = 0
    for place, (body, verdict) in zip(places, told, strict=True):
        start, stop = spans[place]
        parts.append(Part(text[at:start] + spec.opening, False))
        parts += _written(body + spec.decision)
        parts += [Part("", True, words[verdict]), Part(spec.closing, True)]
        at = stop
    return parts


def _turns(text: str, spec: PRMSpec) -> list[tuple[str, Verdict]]:
    """Bodies and verdicts of a verification that decides on each step by itself."""
    decided = re.escape(spec.decision) + r"\s*(\w+)" + re.escape(spec.closing)
    found: list[tuple[str, Verdict]] = []
    at = 0
    for match in re.finditer(decided, text):
        found.append((_bare(text[at : match.start()], spec), _verdict(match.group(1), spec)))
        at = match.end()
    return found


def _bare(text: str, spec: PRMSpec) -> str:
    """``text`` without the opening that the prompt gives."""
    opening = spec.opening.strip()
    bare = text.lstrip()
    return (
        bare.removeprefix(opening).lstrip("\n") if opening and bare.startswith(opening) else text.lstrip("\n")
    )


def _verdict(word: str, spec: PRMSpec) -> Verdict:
    positive, negative = (one.strip().lower() for one in spec.tokens or ("", ""))
    return {positive: Verdict.HOLDS, negative: Verdict.FAILS}.get(word.lower(), Verdict.UNKNOWN)


def _written(text: str) -> Iterator[Part]:
    """Written text; what code printed is not learned."""
    at = 0
    for match in _PRINTED.finditer(text):
        yield Part(text[at : match.start()], True)
        yield Part(match.group(), False)
        at = match.end()
    yield Part(text[at:], True)


def _tokens(parts: Sequence[Part], tokenizer: Any) -> Row:
    ids: list[int] = []
    learned: list[bool] = []
    for part in parts:
        if part.token is not None:
            mine = [part.token]
        elif part.text:
            mine = tokenizer(writable(part.text), add_special_tokens=False)["input_ids"]
        else:
            continue
        ids += mine
        learned += [part.learned] * len(mine)
    return Row(tuple(ids), (False, *learned[1:]))


# ------------------------------------------------------------ batches


def padded(rows: Sequence[Row], *, pad: int = 0) -> dict[str, torch.Tensor]:
    """Rows beside each other, padded on the right.

    Shapes:
        input_ids (B, S) long · attention_mask (B, S) long · learned (B, S) bool.
    """
    width = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), width), pad, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    learned = torch.zeros(len(rows), width, dtype=torch.bool)
    for i, row in enumerate(rows):
        size = len(row.ids)
        ids[i, :size] = torch.tensor(row.ids)
        learned[i, :size] = torch.tensor(row.learned)
        mask[i, :size] = 1
    return {"input_ids": ids, "attention_mask": mask, "learned": learned}


def packed(rows: Sequence[Row]) -> dict[str, torch.Tensor]:
    """Rows behind each other in one, without pads; positions begin anew, and no row sees another.

    Shapes:
        input_ids (1, S) long · position_ids (1, S) long · learned (1, S) bool.

    Examples:
        >>> made = packed([Row((5, 6), (False, True)), Row((7,), (False,))])
        >>> made["position_ids"].tolist()
        [[0, 1, 0]]
    """
    return {
        "input_ids": torch.tensor([[id for row in rows for id in row.ids]]),
        "position_ids": torch.tensor([[at for row in rows for at in range(len(row.ids))]]),
        "learned": torch.tensor([[one for row in rows for one in row.learned]]),
    }
