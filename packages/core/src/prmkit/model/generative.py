r"""Generative PRMs: a model writes a verification, and its decision is read from two tokens.

Two protocols, by the spec's template. ``generative``: one verification of the whole solution, which puts
a verdict on each step into ``\boxed{}`` and ends in a decision. ``chat_turns``: a verification and a
decision for each step in its own turn, where written code may be run (in the sandbox, never here).

Source: ThinkPRM (arXiv 2504.16828); GenPRM (arXiv 2504.00891).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from prmkit.cards import PRMSpec
from prmkit.encode.assemble import assemble, writable
from prmkit.encode.template import through_template
from prmkit.encode.tokenise import special_tokens
from prmkit.model.folder import load_tokenizer, weights_digest
from prmkit.model.surface import Surface
from prmkit.model.writer import HFWriter, Writer
from prmkit.render import Piece, render
from prmkit.types import Problem, Step, StepScores, Trajectory
from prmkit.verify.sandbox import Limits, Result, shared_pool

_CODE = re.compile(r"```python\s*\n(.*?)```", re.DOTALL)
_BOXED = re.compile(r"\\boxed\{\s*(?:\\text\{)?\s*([A-Za-z]+)\s*\}")
_STOP = ("</verify>", "[Code Output]", "<output>")
_SPLIT = "\x1e"
"""Printed between what earlier code prints and what the newest does."""
_SHOWN = 2000
"""Characters of a code's output that the model is shown."""

Solution = tuple[Problem, Trajectory]


class Pool(Protocol):
    """Runs code of strangers; see ``prmkit.verify.sandbox.SandboxPool``."""

    def run(self, code: str, inputs: Any = None, limits: Limits | None = None) -> Result:
        """What came of the code."""
        ...


@dataclass(eq=False)
class GenerativePRM(Surface):
    """A writer, and the spec that says how it is asked and read."""

    spec: PRMSpec
    tokenizer: Any
    """Has the chat template."""
    writer: Writer
    digest: str = ""
    samples: int = 1
    """Verifications of each solution; scores are their means."""
    temperature: float = 0.0
    """0 takes the best token; more than one sample needs a positive one."""
    seed: int = 0
    pool: Pool | None = None
    """Where code runs; None takes the shared sandbox with ``modules``."""
    modules: tuple[str, ...] = ("sympy",)
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def open(
        cls, folder: Path, spec: PRMSpec, *, dtype: str = "float32", device: str = "cpu"
    ) -> GenerativePRM:
        """Read a folder.

        Raises:
            CheckpointError: It cannot be read as a causal model.
        """
        tokenizer = load_tokenizer(folder)
        writer = HFWriter.open(folder, tokenizer, dtype=dtype, device=device)
        return cls(spec, tokenizer, writer, weights_digest(folder))

    def block(self, solutions: Sequence[Solution]) -> list[StepScores]:
        """Scores of solutions that are held at once, in order.

        Raises:
            CheckpointError: The tokenizer has no chat template, or the decision's words are not tokens.
            SandboxRefusedError: Code is to be run and there is no safe place for it.
        """
        if self.spec.template == "chat_turns":
            return self._by_turn(solutions)
        return self._by_prefix(solutions) if self.spec.view == "prefix" else self._whole(solutions)

    # ------------------------------------------------------------ one verification for all steps

    def _verified(self, solutions: Sequence[Solution], seed: int) -> list[tuple[str, float]]:
        """A verification of each solution, and the probability of its positive decision."""
        special = special_tokens(self.tokenizer)
        rendered = [render(*one, self.spec, special) for one in solutions]
        prompts = [
            assemble(pieces, self.tokenizer, default_system=self.spec.default_system).text + self.spec.opening
            for pieces in rendered
        ]
        stop = [self.spec.decision.strip()] if self.spec.decision.strip() else []
        told = self.writer.write(prompts, seed=seed, temperature=self.temperature, stop=stop)
        asked = [a + b.rstrip("\n") + self.spec.decision for a, b in zip(prompts, told, strict=True)]
        return [(text, one[0]) for text, one in zip(told, self._weigh(asked), strict=True)]

    def _weigh(self, prompts: Sequence[str]) -> list[list[float]]:
        return self.writer.weigh(prompts, self.spec.tokens or ()) if prompts else []

    def _whole(self, solutions: Sequence[Solution]) -> list[StepScores]:
        drawn = [self._verified(solutions, self.seed + sample) for sample in range(self.samples)]
        found = []
        for position, (_, trajectory) in enumerate(solutions):
            mine = [each[position] for each in drawn]
            votes = [
                parse_verdicts(text, self.spec.verdicts or ("", ""), len(trajectory.scored))
                for text, _ in mine
            ]
            values: list[float | None] = [None] * len(trajectory.steps)
            for place, step in enumerate(trajectory.scored):
                told = [vote[place] for vote in votes if vote[place] is not None]
                values[step] = sum(told) / len(told) if told else None
            chance = sum(one for _, one in mine) / len(mine)
            found.append(self.told(trajectory, values, trajectory_value=chance))
        return found

    def _by_prefix(self, solutions: Sequence[Solution]) -> list[StepScores]:
        """A verification of each prefix; its decision is the score of the prefix's last step."""
        cuts = [(row, step) for row, (_, one) in enumerate(solutions) for step in one.scored]
        parts = [(solutions[row][0], _prefix(solutions[row][1], step)) for row, step in cuts]
        values: list[list[float | None]] = [[None] * len(one.steps) for _, one in solutions]
        sums = dict.fromkeys(cuts, 0.0)
        for sample in range(self.samples if parts else 0):
            for cut, (_, chance) in zip(cuts, self._verified(parts, self.seed + sample), strict=True):
                sums[cut] += chance
        for (row, step), total in sums.items():
            values[row][step] = total / self.samples
        return [self.told(one, mine) for (_, one), mine in zip(solutions, values, strict=True)]

    # ------------------------------------------------------------ one verification for each step

    def _by_turn(self, solutions: Sequence[Solution]) -> list[StepScores]:
        sums = [[0.0] * len(one.scored) for _, one in solutions]
        special = special_tokens(self.tokenizer)
        for sample in range(self.samples):
            lanes = [_Lane(render(*one, self.spec, special)) for one in solutions]
            for place in range(max(map(len, sums), default=0)):
                live = [i for i, mine in enumerate(sums) if place < len(mine)]
                chances = self._turn([lanes[i] for i in live], self.seed + sample)
                for i, chance in zip(live, chances, strict=True):
                    sums[i][place] += chance
        found = []
        for (_, trajectory), mine in zip(solutions, sums, strict=True):
            values: list[float | None] = [None] * len(trajectory.steps)
            for step, total in zip(trajectory.scored, mine, strict=True):
                values[step] = total / self.samples
            found.append(self.told(trajectory, values))
        return found

    def _turn(self, lanes: Sequence[_Lane], seed: int) -> list[float]:
        """Verify one more step in each lane; the probability that it is right."""
        prompts = [self._prompt(lane) for lane in lanes]
        told = self.writer.write(prompts, seed=seed, temperature=self.temperature, stop=_STOP)
        written = [
            self.spec.opening + self._with_output(text, lane) for text, lane in zip(told, lanes, strict=True)
        ]
        bare = [prompt.removesuffix(self.spec.opening) for prompt in prompts]
        asked = [a + b + self.spec.decision for a, b in zip(bare, written, strict=True)]
        chances = [one[0] for one in self._weigh(asked)]
        yes, no = self.spec.tokens or ("", "")
        for lane, text, chance in zip(lanes, written, chances, strict=True):
            lane.answer(text + self.spec.decision + (yes if chance >= 0.5 else no) + self.spec.closing)
        return chances

    def _prompt(self, lane: _Lane) -> str:
        roles, contents = lane.so_far()
        text, _ = through_template(self.tokenizer, roles, contents, True, self.spec.default_system)
        return text + self.spec.opening

    def _with_output(self, text: str, lane: _Lane) -> str:
        """The text with what its code prints, if it has code that is to be run."""
        text = text.rstrip() + "\n"
        codes = _CODE.findall(text) if self.spec.runs_code else []
        if not codes:
            return text
        pool = self.pool or shared_pool(self.modules)
        code = "\n".join(codes)
        result = pool.run("\n".join([*lane.code, f"print({_SPLIT!r})", code]), limits=self.limits)
        if result.status == "ok":
            lane.code.append(code)
        printed = result.stdout.rpartition(_SPLIT)[2].strip()
        shown = "\n".join(one for one in (printed, result.exception or "") if one)[:_SHOWN]
        return f"{text}[Code Output]\n\n```\n{shown}\n```\n</verify>\n"


class _Lane:
    """A conversation about one solution; its assistant turns are filled in one after the other."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.turns: list[list[str]] = []
        for piece in pieces:
            if piece.kind == "turn":
                self.turns.append([piece.value, ""])
            elif piece.kind != "mark":
                self.turns[-1][1] += writable(piece.value)
        self.next = next((i for i, (role, _) in enumerate(self.turns) if role == "assistant"), 0)
        self.code: list[str] = []

    def so_far(self) -> tuple[list[str], list[str]]:
        """Roles and contents up to the turn that is to be written."""
        part = self.turns[: self.next + 1]
        return [role for role, _ in part], [text for _, text in part]

    def answer(self, text: str) -> None:
        """Fill in the turn and go on to the next."""
        self.turns[self.next][1] = text
        later = range(self.next + 1, len(self.turns))
        self.next = next((i for i in later if self.turns[i][0] == "assistant"), self.next)


def parse_verdicts(text: str, words: tuple[str, str], steps: int) -> list[float | None]:
    r"""Verdicts on the first ``steps`` steps; None behind the first wrong one, and where none was written.

    Args:
        text: A verification.
        words: What stands in ``\boxed{}`` for right and for wrong.
        steps: Steps that were shown.

    Examples:
        >>> parse_verdicts(r"\boxed{right} \boxed{\text{wrong}} \boxed{right}", ("right", "wrong"), 4)
        [1.0, 0.0, None, None]
    """
    right, wrong = (word.lower() for word in words)
    found: list[float | None] = []
    for word in _BOXED.findall(text):
        if word.lower() in (right, wrong) and len(found) < steps:
            found.append(1.0 if word.lower() == right else 0.0)
            if found[-1] == 0.0:
                break
    return found + [None] * (steps - len(found))


def _prefix(trajectory: Trajectory, step: int) -> Trajectory:
    kept: tuple[Step, ...] = trajectory.steps[: step + 1]
    rows = [{"text": one.text, "role": one.role, "kind": one.kind} for one in kept]
    return Trajectory.of_steps(f"{trajectory.id}/{step}", trajectory.problem_id, rows)
