"""Shapes of logged JSON objects: conversations, harness rows, plain prompt and response.

Every shape becomes :class:`Exchange` objects: one question and what was written in reply,
in order, with tool calls and tool replies kept apart. Text is never interpreted here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from prmkit.errors import RecordError
from prmkit.types import Json, Role

USER = frozenset({"user", "human", "prompter", "question"})
MODEL = frozenset({"assistant", "ai", "gpt", "model", "bot", "chatgpt", "answer"})
TOOL = frozenset({"tool", "function", "observation", "ipython", "environment"})
SILENT = frozenset({"system", "developer", "summary", "info"})

PROMPTS = ("prompt", "question", "problem", "instruction", "query", "input", "task")
REPLIES = (
    "response",
    "responses",
    "completion",
    "completions",
    "output",
    "outputs",
    "generation",
    "generations",
    "model_output",
    "prediction",
    "solution",
    "reply",
    "text",
    "answer",
)
IDS = ("id", "sample_id", "custom_id", "doc_id", "question_id", "request_id", "conversation_id", "uuid")


class Part(NamedTuple):
    """One piece of a reply."""

    text: str
    role: Role = "think"
    call: Mapping[str, Json] | None = None
    whole: bool = False
    """True when it is one step already and must not be cut."""


class Exchange(NamedTuple):
    """One question and one reply."""

    question: str
    parts: tuple[Part, ...]
    id: str = ""
    """Empty when the log names none."""
    domain: str = ""
    conversation: str = ""
    """Same for exchanges that share earlier turns; they are not independent."""


def _text_of(content: Json) -> str:
    """Visible text of message content: a string, or a list of typed parts; other kinds give none."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return _text_of(content.get("text", content.get("content", "")))
    if isinstance(content, Sequence):
        return "\n".join(filter(None, map(_text_of, content)))
    return ""


def _call(name: Json, arguments: Json) -> Part:
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            arguments = {"text": arguments}
    shown = json.dumps(arguments, ensure_ascii=False) if arguments is not None else ""
    return Part(f"{name}({shown})", "act", {"name": str(name), "arguments": arguments}, whole=True)


def _reply_parts(message: Mapping[str, Json]) -> Iterator[Part]:
    """Parts of an assistant message: thinking, text, calls, in the order they stand."""
    hidden = message.get("reasoning_content") or message.get("reasoning") or message.get("thinking")
    if isinstance(hidden, str) and hidden:
        yield Part(hidden)
    content = message.get("content", message.get("value", message.get("text")))
    for piece in content if isinstance(content, list) else [content]:
        kind = piece.get("type") if isinstance(piece, Mapping) else "text"
        if kind in ("tool_use", "function_call"):
            yield _call(piece.get("name"), piece.get("input", piece.get("arguments")))
        elif kind == "thinking":
            yield Part(str(piece.get("thinking", "")))
        elif kind in ("tool_result", "function_call_output"):
            yield Part(_text_of(piece.get("content", piece.get("output"))), "observe", whole=True)
        else:
            yield Part(_text_of(piece))
    for call in message.get("tool_calls") or ():
        function = call.get("function") or call
        yield _call(function.get("name", function.get("function")), function.get("arguments"))


def _role(message: Mapping[str, Json], position: int) -> str:
    role = str(message.get("role") or message.get("from") or message.get("author") or "").lower()
    for known, members in (("user", USER), ("model", MODEL), ("tool", TOOL), ("silent", SILENT)):
        if role in members:
            return known
    raise RecordError(
        f"a message speaks as {role!r}",
        do="use the roles user, assistant, tool, system",
        field=f"messages[{position}].role",
    )


def _user_parts(message: Mapping[str, Json]) -> tuple[str, list[Part]]:
    """Question text of a user message, and tool results that some APIs send in the user's name."""
    content = message.get("content", message.get("value", message.get("text")))
    if not isinstance(content, list):
        return _text_of(content), []
    results = [p for p in content if isinstance(p, Mapping) and p.get("type") == "tool_result"]
    said = [p for p in content if not (isinstance(p, Mapping) and p.get("type") == "tool_result")]
    return _text_of(said), [Part(_text_of(r.get("content")), "observe", whole=True) for r in results]


def parse_messages(
    messages: Sequence[Json], *, id: str = "", domain: str = "", reply: Sequence[Part] = ()
) -> list[Exchange]:
    """Cut a conversation into exchanges: each run of replies with the user turns before it.

    Args:
        messages: Turns with ``role`` and ``content`` (or ``from`` and ``value``).
        id: Name of the conversation.
        domain: Domain of the conversation, if the log says one.
        reply: A last reply that the log keeps outside the list.

    Raises:
        RecordError: A turn is no object, speaks in an unknown role, or nobody replies.

    Examples:
        >>> parse_messages([{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}])
        [Exchange(question='1+1?', parts=(Part(text='2', ...),), id='', domain='', conversation='')]
    """
    found: list[Exchange] = []
    question: list[str] = []
    parts: list[Part] = []

    def close() -> None:
        kept = tuple(p for p in parts if p.text.strip())
        if any(p.role != "observe" for p in kept):
            found.append(Exchange("\n\n".join(filter(None, question)), kept, "", domain, id))
            question.clear()
        parts.clear()

    for position, message in enumerate(messages):
        if not isinstance(message, Mapping):
            raise RecordError(
                f"a message is a {type(message).__name__}, not an object",
                do='write {"role": "user", "content": "..."}',
                field=f"messages[{position}]",
            )
        role = _role(message, position)
        if role == "model":
            parts.extend(_reply_parts(message))
        elif role == "tool":
            parts.append(Part(_text_of(message.get("content", message.get("value"))), "observe", whole=True))
        elif role == "user":
            said, results = _user_parts(message)
            parts.extend(results)
            if said:
                close()
                question.append(said)
    parts.extend(reply)
    close()
    if not found:
        raise RecordError(
            "nobody replies in this conversation",
            do="give a log with at least one assistant turn that holds text",
            field="messages",
        )
    many = len(found) > 1
    return [x._replace(id=f"{id}/{i + 1}" if many and id else id) for i, x in enumerate(found)]


def _replies(value: Json) -> list[tuple[Part, ...]]:
    """Each alternative reply found in a field: strings, messages, choices, nested lists."""
    if isinstance(value, str):
        return [(Part(value),)]
    if isinstance(value, Mapping):
        if "choices" in value:
            return [r for choice in value["choices"] for r in _replies(choice)]
        if isinstance(value.get("message"), Mapping):
            return [tuple(_reply_parts(value["message"]))]
        if "body" in value:
            return _replies(value["body"])
        return [tuple(_reply_parts(value))]
    if isinstance(value, Sequence):
        if value and all(isinstance(v, Mapping) and "type" in v for v in value):
            return [tuple(_reply_parts({"content": value}))]
        return [r for v in value for r in _replies(v)]
    return []


def _first(row: Mapping[str, Json], names: Sequence[str]) -> Json:
    return next((row[n] for n in names if row.get(n) not in (None, "", [])), None)


def _harness(row: Mapping[str, Json]) -> tuple[str, list[tuple[Part, ...]]] | None:
    """Prompt and replies of an evaluation-harness row (``arguments`` and ``resps``), or None."""
    if "resps" not in row or "arguments" not in row:
        return None
    arguments = row["arguments"]
    while isinstance(arguments, (Mapping, list)) and arguments:
        arguments = next(iter(arguments.values())) if isinstance(arguments, Mapping) else arguments[0]
    return str(arguments or ""), _replies(row["resps"])


def _steps(row: Mapping[str, Json]) -> tuple[Part, ...] | None:
    """Replies that the log has cut into steps already: ``steps``, or ``completions`` with ``labels``."""
    steps = row.get("steps")
    if steps is None and "labels" in row:
        steps = row.get("completions")
    if isinstance(steps, list) and steps and all(isinstance(s, str) for s in steps):
        return tuple(Part(s, whole=True) for s in steps)
    return None


def parse_object(row: Mapping[str, Json]) -> list[Exchange]:
    """Exchanges of one logged object, whatever its shape.

    Known shapes: ``messages`` or ``conversations`` (strings or typed parts, tool calls, tool
    results, thinking), an API request with its response, evaluation-harness rows, lists of
    ``samples``, and any prompt field beside any response field.

    Raises:
        RecordError: No known shape; the message lists the fields found.

    Examples:
        >>> [x.question for x in parse_object({"prompt": "1+1?", "completions": ["2", "3"]})]
        ['1+1?', '1+1?']
    """
    if isinstance(row.get("samples"), list):
        return [x for sample in row["samples"] for x in parse_object(sample)]
    named = _first(row, IDS)
    id = "" if named is None else str(named)
    domain = str(row.get("domain") or "")
    request = row.get("request") if isinstance(row.get("request"), Mapping) else None
    if request is not None:
        row = {**(request.get("body") or request), **row}
    messages = _first(row, ("messages", "conversations", "conversation", "turns"))
    if isinstance(messages, list):
        answers = _replies(_first(row, ("response", "choices", "completion")))
        return parse_messages(messages, id=id, domain=domain, reply=answers[0] if answers else ())
    harness = _harness(row)
    prompt = harness[0] if harness else _first(row, PROMPTS)
    if isinstance(prompt, Mapping) or (isinstance(prompt, list) and prompt):
        turns = [prompt] if isinstance(prompt, Mapping) else prompt
        prompt = "\n\n".join(filter(None, (_text_of(t) for t in turns if _is_question(t))))
    cut = _steps(row)
    answers = harness[1] if harness else [cut] if cut else _replies(_first(row, REPLIES))
    if not answers and "choices" in row:
        answers = _replies({"choices": row["choices"]})
    if not answers:
        raise RecordError(
            f"no reply found among the fields {', '.join(sorted(map(str, row))[:12])}",
            do="give messages, or a prompt field beside a response field (prompt/response, problem/steps)",
        )
    question = str(prompt or "")
    many = len(answers) > 1
    return [
        Exchange(question, parts, f"{id}#{i + 1}" if many and id else id, domain, id if many else "")
        for i, parts in enumerate(answers)
    ]


def _is_question(turn: Json) -> bool:
    return not isinstance(turn, Mapping) or str(turn.get("role", "user")).lower() in USER
