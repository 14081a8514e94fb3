"""What a trainer knows of its rollouts, as problems and trajectories."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from prmkit.answer import extract_answer
from prmkit.errors import RecordError
from prmkit.logs import Exchange, Part, exchanges_to_samples
from prmkit.logs.shapes import parse_messages
from prmkit.types import Json, Problem, Step, Trajectory

Cut = Callable[[str], tuple[Step, ...]]
FIELDS = ("problem", "id", "cluster", "domain", "reference", "context")
"""What columns can say of a problem: ``problem`` is its text, or an object with ``text`` and the others."""


def problem_of(prompt: Json, columns: Mapping[str, Json], *, domain: str = "") -> Problem:
    """The problem behind a prompt.

    Args:
        prompt: A string, or chat messages: the last user turn is the problem's text then.
        columns: What the data set says beside the prompt, by the names of :data:`FIELDS`. None counts as
            absent; ``context`` may be a JSON text, since the columns of a table have one type each.
        domain: Domain of rows that name none.

    Raises:
        RecordError: A prompt without a user turn, or a column of another type.

    Examples:
        >>> turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1 + 1?"}]
        >>> problem_of(turns, {"reference": "2"}).text
        '1 + 1?'
    """
    told = {name: columns[name] for name in FIELDS if columns.get(name) is not None}
    whole = told.pop("problem", None)
    if isinstance(whole, Mapping):
        told = {**{name: value for name, value in whole.items() if value is not None}, **told}
        whole = told.pop("text", None)
    text = whole if isinstance(whole, str) else _question(prompt)
    context = _context(told.get("context", {}))
    id = told.get("id")
    return Problem(
        id=_name(text, context) if id is None else str(id),
        text=text,
        cluster=str(told.get("cluster", "")),
        domain=str(told.get("domain", domain)),
        reference=told.get("reference"),
        context=context,
    )


def trajectory_of(completion: Json, problem: Problem, id: str, cut: Cut) -> Trajectory | None:
    r"""A completion cut into steps; None where it says nothing that could be scored.

    Args:
        completion: A string, or the messages of a reply: tool calls become ``act`` steps, what tools
            answer becomes observations, which are never scored.
        problem: What it solves.
        id: Id of the trajectory.
        cut: Segmenter of the written parts.

    Raises:
        RecordError: A completion is neither text nor messages.

    Examples:
        >>> from prmkit.segment import by_line
        >>> asked = Problem("p", "1 + 1?")
        >>> trajectory_of("1 + 1 = 2\nThe answer is 2.", asked, "t", by_line).final_answer
        '2'
        >>> trajectory_of("  ", asked, "t", by_line) is None
        True
    """
    parts = _parts(completion)
    if not any(part.role != "observe" and part.text.strip() for part in parts):
        return None
    exchange = Exchange(problem.text, tuple(parts), id)
    made = next(exchanges_to_samples([exchange], stem="rollout", cut=cut)).trajectory
    return replace(made, id=id, problem_id=problem.id, final_answer=extract_answer(made.text))


def _parts(completion: Json) -> Sequence[Part]:
    if isinstance(completion, str):
        return (Part(completion),)
    if not isinstance(completion, Sequence):
        raise RecordError(
            f"a completion is a {type(completion).__name__}",
            do="give a string, or a list of messages with role and content",
            field="completions",
        )
    if not any(_says(message) for message in completion):
        return ()
    try:
        return [part for exchange in parse_messages(completion) for part in exchange.parts]
    except RecordError as error:
        if error.field == "messages":  # every turn is empty
            return ()
        raise


def _says(message: Json) -> bool:
    return not isinstance(message, Mapping) or any(value for key, value in message.items() if key != "role")


def _question(prompt: Json) -> str:
    if isinstance(prompt, str):
        return prompt
    turns = prompt if isinstance(prompt, Sequence) else ()
    for turn in reversed(turns):
        if isinstance(turn, Mapping) and turn.get("role") == "user":
            return _text(turn.get("content"))
    raise RecordError(
        "the prompt has no user turn",
        do="give a string or chat messages, or a column 'problem' with the text of the problem",
        field="prompts",
    )


def _text(content: Json) -> str:
    """Text of a message: images among its parts are not read."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, Sequence) else ()
    texts = [part.get("text") for part in parts if isinstance(part, Mapping)]
    return "\n".join(text for text in texts if isinstance(text, str) and text)


def _name(text: str, context: Mapping[str, Any]) -> str:
    told = json.dumps([text, context], sort_keys=True, default=str)
    return f"p-{hashlib.sha256(told.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _context(given: Json) -> Mapping[str, Json]:
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            given = None
    if not isinstance(given, Mapping):
        raise RecordError(
            "the context is no object",
            do="write an object or its JSON, or name its column: columns={'context': ...}, '' for none",
            field="context",
        )
    return given
