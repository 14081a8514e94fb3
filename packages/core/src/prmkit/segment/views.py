"""What a step reward model is shown of a solution whose steps are a thought and what it wrote down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar, get_args

from prmkit.errors import AlignmentError, ConfigError

View = Literal["full", "written", "last_written", "next_thought"]
T = TypeVar("T")


def project_context(steps: Sequence[tuple[T, T]], view: View, following: T | None = None) -> list[T]:
    """The parts of a solution that a model of this view reads, in order.

    Args:
        steps: Thought and expression of each step, in any form.
        view: ``full`` shows all; ``written`` the expressions; ``last_written`` the last expression;
            ``next_thought`` all, and the thought of the next step without what it will write.
        following: The next step's thought; read by ``next_thought`` only.

    Raises:
        ConfigError: No such view, or no following thought for ``next_thought``.
        AlignmentError: There is no step.

    Source:
        What Are Step-Level Reward Models Rewarding? (arXiv 2412.15904): full context, math only,
        single-step math only, next thought.

    Examples:
        >>> steps = [("add", "2+3=5"), ("times four", "5*4=20")]
        >>> project_context(steps, "written"), project_context(steps, "last_written")
        (['2+3=5', '5*4=20'], ['5*4=20'])
    """
    if view not in get_args(View):
        raise ConfigError(f"no view is called {view!r}", do=f"use {', '.join(get_args(View))}", field="view")
    if not steps:
        raise AlignmentError("there is no step to show", do="give one step or more", field="steps")
    if view == "last_written":
        return [steps[-1][1]]
    if view == "written":
        return [written for _, written in steps]
    shown = [part for step in steps for part in step]
    if view == "full":
        return shown
    if following is None:
        raise ConfigError(
            "the next step's thought is missing", do="give following, or use another view", field="following"
        )
    return [*shown, following]
