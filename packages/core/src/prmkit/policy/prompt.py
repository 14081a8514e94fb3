"""How a problem and the text written so far become a policy's prompt."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prmkit.errors import ConfigError
from prmkit.types import Problem


@dataclass(frozen=True, slots=True)
class Prompt:
    r"""The text around a problem. Equal prompts give equal text for equal problems.

    Examples:
        >>> Prompt(before="Q: ", after="\nA: ").text(Problem(id="p", text="1 + 1?"), "It is")
        'Q: 1 + 1?\nA: It is'
    """

    before: str = ""
    after: str = "\n"
    """Stands between the problem and the solution."""
    system: str | None = None
    """System turn, for chat policies."""
    chat: bool = False
    """True wraps the problem in the tokenizer's or server's chat template."""

    def text(self, problem: Problem, written: str, tokenizer: Any = None) -> str:
        """The prompt as one string; what was written so far stands at its end.

        Raises:
            ConfigError: A chat prompt for a tokenizer without a chat template.
        """
        if not self.chat:
            return f"{self.before}{problem.text}{self.after}{written}"
        if tokenizer is None or not getattr(tokenizer, "chat_template", None):
            raise ConfigError(
                "this policy has no chat template",
                do="set chat to False, or use the folder of a chat model",
                field="prompt.chat",
            )
        wrapped: str = tokenizer.apply_chat_template(
            self.turns(problem), tokenize=False, add_generation_prompt=True
        )
        return wrapped + written

    def turns(self, problem: Problem) -> list[dict[str, str]]:
        """The prompt as chat messages, without what was written so far."""
        user = {"role": "user", "content": f"{self.before}{problem.text}{self.after}".strip()}
        return [user] if self.system is None else [{"role": "system", "content": self.system}, user]


def first_samples(requests: Sequence[tuple[Problem, str]], n: int) -> list[int]:
    """Number of each request's first sample: a request asked again gets the next ``n``, not the same.

    Examples:
        >>> again = (Problem(id="p", text="?"), "")
        >>> first_samples([again, (Problem(id="q", text="?"), ""), again], 4)
        [0, 0, 4]
    """
    seen: dict[tuple[str, str, str], int] = {}
    found = []
    for problem, written in requests:
        same = (problem.id, problem.text, written)
        found.append(seen.get(same, 0))
        seen[same] = found[-1] + n
    return found


def draw_key(seed: int, problem: Problem, written: str, sample: int) -> int:
    """128-bit key of one draw: depends on the request alone, never on what else is drawn with it."""
    text = f"{seed}\x1f{problem.id}\x1f{problem.text}\x1f{written}\x1f{sample}"
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest())
