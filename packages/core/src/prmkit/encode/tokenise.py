"""Solutions to token ids, with the token at which every step is read.

Training and scoring call the same function, so they see the same tokens.
"""

from __future__ import annotations

import hashlib
import itertools
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from prmkit.cards import PRMSpec
from prmkit.encode.assemble import Assembled, assemble, writable
from prmkit.errors import CheckpointError, RecordError
from prmkit.render import Piece, render
from prmkit.types import Problem, Trajectory


@dataclass(frozen=True, slots=True)
class Encoded:
    """One solution as token ids."""

    ids: tuple[int, ...]
    marks: tuple[int | None, ...]
    """Per step of the trajectory: the token whose output is read; None for observations and for
    steps that were cut off."""
    solution: int
    """First token that belongs to a step."""
    cut: int = 0
    """Scored steps that did not fit."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """A tokenizer and the spec that says how text reaches it.

    Raises:
        CheckpointError: The tokenizer cannot write the spec's marker.
    """

    tokenizer: Any
    spec: PRMSpec
    max_tokens: int | None = None
    """Longest text; None takes the spec's."""

    def __post_init__(self) -> None:
        check_marker(self.tokenizer, self.spec.marker)

    @property
    def limit(self) -> int:
        """Longest text in tokens."""
        return self.max_tokens or self.spec.max_tokens

    def __call__(self, solutions: Sequence[tuple[Problem, Trajectory]]) -> list[Encoded]:
        """Encode each solution, in the order given; depends on that solution alone.

        Raises:
            RecordError: A solution is too long and the spec refuses to cut.
            CheckpointError: The spec cannot be followed with this tokenizer.
        """
        return [
            self._fit(whole, trajectory)
            for whole, (_, trajectory) in zip(self._whole(solutions), solutions, strict=True)
        ]

    def prefixes(
        self,
        solutions: Sequence[tuple[Problem, Trajectory]],
        steps: Sequence[Collection[int]] | None = None,
    ) -> list[list[Encoded]]:
        """Per solution, per scored step: the tokens that end with its mark, the only mark that is kept.

        Args:
            solutions: Problems and solutions.
            steps: Per solution the steps that are wanted; all scored ones when None.

        Raises:
            RecordError: A prefix is too long and the spec refuses to cut.
            CheckpointError: The spec cannot be followed with this tokenizer.
        """
        wanted = steps or [trajectory.scored for _, trajectory in solutions]
        return [
            [
                self._prefix(whole, trajectory, place)
                for place, (step, _, _) in enumerate(whole.marks)
                if step in mine
            ]
            for whole, (_, trajectory), mine in zip(self._whole(solutions), solutions, wanted, strict=True)
        ]

    def _whole(self, solutions: Sequence[tuple[Problem, Trajectory]]) -> list[_Tokens]:
        special = special_tokens(self.tokenizer)
        rendered = [render(problem, trajectory, self.spec, special) for problem, trajectory in solutions]
        return (_jointly if self.spec.joint else _by_piece)(self.tokenizer, rendered, self.spec)

    def _prefix(self, whole: _Tokens, trajectory: Trajectory, place: int) -> Encoded:
        step, _, last = whole.marks[place]
        read = _Tokens(whole.ids[: last + 1], whole.marks[: place + 1], whole.solution)
        fitted = self._fit(read, trajectory)
        marks = tuple(mark if i == step else None for i, mark in enumerate(fitted.marks))
        return replace(fitted, marks=marks, cut=int(marks[step] is None))

    def _fit(self, tokens: _Tokens, trajectory: Trajectory) -> Encoded:
        marks = {step: (read, last) for step, read, last in tokens.marks}
        kept = dict(marks)
        ids = tokens.ids
        if len(ids) > self.limit:
            if self.spec.truncate == "refuse":
                raise RecordError(
                    f"{trajectory.id!r} has {len(ids)} tokens, {len(ids) - self.limit} too many",
                    do="raise max_tokens, or let the spec cut whole steps (truncate: right or left)",
                    field="max_tokens",
                )
            cut = cut_right if self.spec.truncate == "right" else cut_left
            ids, kept = cut(ids, marks, tokens.solution, self.limit)
        places = tuple(kept[step.index][0] if step.index in kept else None for step in trajectory.steps)
        return Encoded(ids, places, min(tokens.solution, len(ids)), len(marks) - len(kept))


@dataclass(frozen=True, slots=True)
class _Tokens:
    """A whole solution before it is cut to length."""

    ids: tuple[int, ...]
    marks: tuple[tuple[int, int, int], ...]
    """(step, token that is read, last token of the marker)."""
    solution: int


Marks = dict[int, tuple[int, int]]
"""Per step: the token that is read and the last token of its marker."""


def cut_right(ids: tuple[int, ...], marks: Marks, solution: int, limit: int) -> tuple[tuple[int, ...], Marks]:
    """Drop whole steps from the end until ``limit`` tokens are left.

    Examples:
        >>> cut_right((9, 9, 1, 7, 2, 7), {0: (3, 3), 1: (5, 5)}, 2, 5)
        ((9, 9, 1, 7), {0: (3, 3)})
    """
    kept = {step: place for step, place in marks.items() if place[1] < limit}
    end = max((last + 1 for _, last in kept.values()), default=min(solution, limit))
    return ids[:end], kept


def cut_left(ids: tuple[int, ...], marks: Marks, solution: int, limit: int) -> tuple[tuple[int, ...], Marks]:
    """Keep the problem and drop whole steps from the beginning of the solution.

    Examples:
        >>> cut_left((9, 9, 1, 7, 2, 7), {0: (3, 3), 1: (5, 5)}, 2, 5)
        ((9, 9, 2, 7), {1: (3, 3)})
    """
    excess = len(ids) - limit
    ends = sorted(last + 1 for _, last in marks.values())
    start = next((end for end in ends if end - solution >= excess), len(ids))
    gone = start - solution
    kept = {step: (read - gone, last - gone) for step, (read, last) in marks.items() if last >= start}
    return (ids[:solution] + ids[start:])[:limit], kept


def check_marker(tokenizer: Any, marker: str) -> None:
    """Refuse a tokenizer that cannot write ``marker``.

    A marker that looks like a special token must be one token, so that no text can merge with it.

    Raises:
        CheckpointError: The marker is unknown to the vocabulary or falls into pieces.
    """
    if not marker:
        return
    ids = tokenizer(marker, add_special_tokens=False)["input_ids"]
    whole = marker[0] in "<[" and marker[-1] in ">]" and " " not in marker
    unknown = tokenizer.unk_token_id is not None and tokenizer.unk_token_id in ids
    if not ids or unknown or (whole and len(ids) != 1):
        raise CheckpointError(
            f"the tokenizer cannot write the marker {marker!r}"
            + (f" as one token (got {len(ids)})" if ids else ""),
            do="create the PRM with PRM.create, which adds its marker, or name the right spec",
            field="marker",
        )


def special_tokens(tokenizer: Any) -> tuple[str, ...]:
    """The special tokens that a text could spell out: ends of turns, begin and end tokens, markers."""
    return tuple(one.content for one in tokenizer.added_tokens_decoder.values() if one.special)


def fingerprint(tokenizer: Any, spec: PRMSpec) -> str:
    """16 hex digits that change whenever the same text would reach the model as other tokens.

    Covers the renderer's code, the spec and the tokenizer, by the tokens of two invented solutions.
    """
    problem = Problem(id="probe", text="Add 12 and 30,\nthen halve it. ½ of x²?")
    steps = ["12 + 30 = 42", {"text": "out: 42", "role": "observe"}, "So x = 21.\n\nDone (é, 漢)."]
    solutions = [Trajectory.of_steps("probe", "probe", some) for some in (steps, steps[2:])]
    encoded = Encoder(tokenizer, spec, max_tokens=1 << 20)([(problem, one) for one in solutions])
    told = repr([(one.ids, one.marks, one.solution) for one in encoded])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def begin_ids(tokenizer: Any, spec: PRMSpec) -> tuple[int, ...]:
    """What stands before every text, such as a begin token; a chat template writes its own."""
    if spec.template != "raw" or spec.bos == "never":
        return ()
    if spec.bos == "always":
        return () if tokenizer.bos_token_id is None else (tokenizer.bos_token_id,)
    bare = tokenizer("1", add_special_tokens=False)["input_ids"]
    full = tokenizer("1")["input_ids"]
    return tuple(full[: len(full) - len(bare)]) if full[-len(bare) :] == bare else tuple(full[:1])


def _jointly(tokenizer: Any, rendered: list[list[Piece]], spec: PRMSpec) -> list[_Tokens]:
    """The tokens of each whole text; marks are found by their place in it."""
    texts = [assemble(pieces, tokenizer, default_system=spec.default_system) for pieces in rendered]
    if not texts:
        return []
    opening = begin_ids(tokenizer, spec)
    cut = _by_segment(tokenizer, texts, spec) if stands_alone(tokenizer, spec.marker) else [None] * len(texts)
    rest = [one for one, found in zip(texts, cut, strict=True) if found is None]
    whole = iter(_at_once(tokenizer, rest, spec) if rest else ())
    return [_behind(opening, next(whole) if found is None else found) for found in cut]


def _behind(opening: tuple[int, ...], found: _Tokens) -> _Tokens:
    """The tokens with what the tokenizer puts before every text."""
    if not opening:
        return found
    shift = len(opening)
    marks = tuple((step, shift + read, shift + last) for step, read, last in found.marks)
    return _Tokens(opening + found.ids, marks, shift + found.solution)


def _at_once(tokenizer: Any, texts: Sequence[Assembled], spec: PRMSpec) -> list[_Tokens]:
    """One tokenisation of each text."""
    rows = tokenizer([one.text for one in texts], add_special_tokens=False, return_offsets_mapping=True)
    found = []
    for one, ids, spans in zip(texts, rows["input_ids"], rows["offset_mapping"], strict=True):
        starts = [start for start, _ in spans]
        marks = []
        for step, start, end in one.marks:
            last = bisect_left(starts, end) - 1
            # The first token that holds any of the marker; an empty marker reads what stands before it.
            first = bisect_left(starts, start) if end > start else last + 1
            read = last if spec.read_offset == 0 else first - 1
            marks.append((step, max(read, 0), max(last, 0)))
        found.append(_Tokens(tuple(ids), tuple(marks), bisect_left(starts, one.solution)))
    return found


def stands_alone(tokenizer: Any, marker: str) -> bool:
    """Whether ``marker`` is a token of its own that ends the text before it and begins the text after it."""
    known = tokenizer.added_tokens_decoder.get(tokenizer.convert_tokens_to_ids(marker)) if marker else None
    if known is None or known.content != marker:
        return False
    return not (known.normalized or known.lstrip or known.rstrip or known.single_word)


def _by_segment(tokenizer: Any, texts: Sequence[Assembled], spec: PRMSpec) -> list[_Tokens | None]:
    """Tokens of texts cut behind each marker, every different segment tokenised once.

    A marker that stands alone cuts the text for the tokenizer too, so this gives the tokens of the whole
    text; solutions that share problem and steps share the work. Segments keep the marker before them, so
    that a tokenizer that treats the beginning of a text apart sees none. None where some marker of a text
    was read as part of another token.
    """
    marker = tokenizer.convert_tokens_to_ids(spec.marker)
    cuts = [_segments(one, spec.marker) for one in texts]
    heads = list(dict.fromkeys(parts[0] for parts in cuts))
    bodies = list(dict.fromkeys(part for parts in cuts for part in parts[1:]))
    first = tokenizer(heads, add_special_tokens=False, return_offsets_mapping=True)
    opened = dict(zip(heads, zip(first["input_ids"], first["offset_mapping"], strict=True), strict=True))
    read = tokenizer(bodies, add_special_tokens=False)["input_ids"] if bodies else []
    known = {text: ids[1:] if ids[:1] == [marker] else None for text, ids in zip(bodies, read, strict=True)}
    found: list[_Tokens | None] = []
    for one, (head, *parts) in zip(texts, cuts, strict=True):
        ids, spans = opened[head]
        solution = bisect_left(spans, one.solution, key=lambda span: span[0])
        found.append(_joined(one, [ids, *(known[part] for part in parts)], marker, solution, spec))
    return found


def _segments(one: Assembled, marker: str) -> list[str]:
    ends = [mark.end for mark in one.marks]
    parts = [one.text[: ends[0]] if ends else one.text]
    parts += [marker + one.text[start:end] for start, end in itertools.pairwise(ends)]
    if ends and ends[-1] < len(one.text):
        parts.append(marker + one.text[ends[-1] :])
    return parts


def _joined(
    one: Assembled, parts: Sequence[Sequence[int] | None], marker: int, solution: int, spec: PRMSpec
) -> _Tokens | None:
    ids: list[int] = []
    marks = []
    for part, mark in itertools.zip_longest(parts, one.marks):
        if part is None or (mark is not None and part[-1:] != [marker]):
            return None
        ids += part
        if mark is not None:
            last = len(ids) - 1
            marks.append((mark.step, last if spec.read_offset == 0 else max(last - 1, 0), last))
    return _Tokens(tuple(ids), tuple(marks), solution)


def _by_piece(tokenizer: Any, rendered: list[list[Piece]], spec: PRMSpec) -> list[_Tokens]:
    """Every piece tokenised by itself, so that text never merges with a marker."""
    distinct = list({writable(piece.value): None for pieces in rendered for piece in pieces})
    known = dict(
        zip(distinct, tokenizer(distinct, add_special_tokens=False)["input_ids"], strict=True)
        if distinct
        else ()
    )
    opening = begin_ids(tokenizer, spec)
    found = []
    for pieces in rendered:
        assemble(pieces)  # refuses images and turns: a chat template needs the whole text
        ids: list[int] = list(opening)
        marks, solution = [], None
        for piece in pieces:
            if piece.step is not None and solution is None:
                solution = len(ids)
            first = len(ids)
            ids += known[writable(piece.value)]
            if piece.kind == "mark" and piece.step is not None:
                read = len(ids) - 1 if spec.read_offset == 0 else first - 1
                marks.append((piece.step, max(read, 0), max(len(ids) - 1, 0)))
        found.append(_Tokens(tuple(ids), tuple(marks), len(ids) if solution is None else solution))
    return found
