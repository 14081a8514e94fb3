"""Chat templates: turns to one text, with the place of every turn's content in it.

A template is rendered twice, once with stand-ins: so contents are found by their turn, never by searching
for their text, and what the template itself says is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jinja2 import TemplateError

from prmkit.errors import CheckpointError

Written = Callable[..., str]
"""Roles, contents and whether an answer is asked for, to the text of a chat."""


def through_template(
    tokenizer: Any, roles: Sequence[str], contents: Sequence[str], ask: bool, default_system: bool
) -> tuple[str, list[tuple[int, int]]]:
    """The chat as one string, and where each turn's content begins and ends in it.

    Some templates strip contents; a begin then lies where the unstripped content would have begun.

    Args:
        tokenizer: Has the chat template.
        roles: One per turn.
        contents: One per turn.
        ask: The last turn is the assistant's, has no content and stays open; it gets no place.
        default_system: Keep a system turn that the template puts in by itself.

    Raises:
        CheckpointError: There is no template, it refuses these turns, or it rewrites contents.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise CheckpointError(
            "the spec speaks in turns and the tokenizer has no chat template",
            do="use a chat model's tokenizer, or a spec with template 'raw'",
            field="chat_template",
        )
    if ask:
        roles, contents = roles[:-1], contents[:-1]

    def written(roles: Sequence[str], contents: Sequence[str], ask: bool = False) -> str:
        turns = [{"role": role, "content": content} for role, content in zip(roles, contents, strict=True)]
        text: str = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=ask)
        return text

    try:
        between = _between(written, roles, ask)
        text = written(roles, contents, ask)
    except TemplateError as error:
        raise CheckpointError(
            f"the chat template refuses these turns: {error}",
            do="use the tokenizer that belongs to the checkpoint",
            field="chat_template",
        ) from error
    stripped = [content.strip() for content in contents]
    kept = next((each for each in (contents, stripped) if _put(between, each) == text), None)
    if kept is None:
        raise CheckpointError(
            "the chat template rewrites turns, so their steps cannot be found again",
            do="use a template that writes contents unchanged, or a spec with template 'raw'",
            field="chat_template",
        )
    if roles[0] == "user" and not default_system:
        between[0] = _without_default(tokenizer, written, between[0])
    spans, at = [], 0
    for before, content, shown in zip(between, contents, kept, strict=False):
        at += len(before)
        spans.append(
            (at - (len(content) - len(content.lstrip()) if shown != content else 0), at + len(shown))
        )
        at += len(shown)
    return _put(between, kept), spans


def _between(written: Written, roles: Sequence[str], ask: bool = False) -> list[str]:
    """What the template says before, between and behind the contents."""
    stubs = [f"\ue000{turn}\ue001" for turn in range(len(roles))]
    rest, parts = written(roles, stubs, ask), []
    for stub in stubs:
        before, found, rest = rest.partition(stub)
        if not found:
            raise CheckpointError(
                "the chat template rewrites turns or leaves some out",
                do="use a template that writes every turn, or a spec with template 'raw'",
                field="chat_template",
            )
        parts.append(before)
    return [*parts, rest]


def _put(between: Sequence[str], contents: Sequence[str]) -> str:
    pairs = zip(between, [*contents, ""], strict=True)
    return "".join(before + content for before, content in pairs)


def _without_default(tokenizer: Any, written: Written, opening: str) -> str:
    """``opening``, which stands before a first user turn, without a system turn of the template's own."""
    try:
        head, turn, _ = _between(written, ["system", "user"])
    except (TemplateError, CheckpointError):
        return opening  # a template without system turns puts none in
    bos = tokenizer.bos_token or ""
    bos = bos if opening.startswith(bos) else ""
    if turn.endswith(opening.removeprefix(bos)) or opening == head or not opening.startswith(head):
        return opening
    # ``turn`` is a system turn's end and a user turn's begin; the end is that of a user turn too.
    _, end = _between(written, ["user"])
    if not turn.startswith(end):
        raise CheckpointError(
            "the chat template puts in a system turn of its own that cannot be told apart",
            do="set system, or default_system: true to keep it",
            field="default_system",
        )
    return bos + turn.removeprefix(end)
