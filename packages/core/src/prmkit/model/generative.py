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

from prmkit.budget import Budget
from prmkit.cards import PRMSpec
from prmkit.encode.assemble import assemble, writable
from prmkit.encode.template import through_template
from prmkit.encode.tokenise import special_tokens
from prmkit.errors import ConfigError
from prmkit.label.judge_scaling import look_again
from prmkit.model.folder import load_tokenizer, weights_digest
from prmkit.model.surface import Surface
from prmkit.model.writer import HFWriter, Writer
from prmkit.render import Piece, render
from prmkit.types import Critique, Problem, Step, StepScores, Trajectory, Verdict
from prmkit.verify.sandbox import Limits, Result, shared_pool

_CODE = re.compile(r"```python\s*\n(.*?)```", re.DOTALL)
_BOXED = re.compile(r"\\boxed\{\s*(?:\\text\{)?\s*([A-Za-z]+)\s*\}")
_NAMED = re.compile(
    r"\bstep[ \t]+(?P<step>\d{1,6})\b|\\boxed\{\s*(?:\\text\{)?\s*(?P<word>[A-Za-z]+)\s*\}", re.IGNORECASE
)
_STOP = ("</verify>", "[Code Output]", "<output>")
_SPLIT = "\x1e"
"""Printed between what earlier code prints and what the newest does."""
_SHOWN = 2000
"""Characters of a code's output that the model is shown."""

Solution = tuple[Problem, Trajectory]
Told = tuple[str, list[float | None], float | None]
"""A verification: its text, what it says of each scored step, and of the whole."""


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
    rounds: int = 1
    """Rounds of each verification: further ones begin with a doubt, and the last decision is read."""
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

    def ask(
        self,
        *,
        samples: int = 0,
        rounds: int = 0,
        temperature: float | None = None,
        max_new_tokens: int = 0,
        seed: int | None = None,
    ) -> GenerativePRM:
        """Set how verifications are written; returns self.

        Args:
            samples: Verifications of each solution; 0 leaves their number as it is.
            rounds: Rounds of each; 0 leaves them.
            temperature: None leaves it.
            max_new_tokens: Longest round, in tokens; 0 leaves it to the writer.
            seed: None leaves it.

        Raises:
            ConfigError: A number below 0, rounds where each step has a turn, or several samples of a model
                that never varies.
        """
        self.samples, self.rounds = samples or self.samples, rounds or self.rounds
        self.temperature = self.temperature if temperature is None else temperature
        self.seed = self.seed if seed is None else seed
        if min(self.samples, max_new_tokens + 1) < 1 or self.temperature < 0:
            raise ConfigError(
                f"samples {samples}, temperature {temperature}, max_new_tokens {max_new_tokens}",
                do="give no number below 0",
                field="samples",
            )
        if self.samples > 1 and self.temperature == 0:
            raise ConfigError(
                f"{self.samples} samples at temperature 0 are all the same",
                do="set a temperature above 0, or samples: 1",
                field="temperature",
            )
        self._check_rounds()
        if max_new_tokens:
            self.writer.max_new_tokens = max_new_tokens  # type: ignore[attr-defined]
        return self

    @property
    def parameters(self) -> int:
        """Parameters that every token passes; 0 where the writer does not tell."""
        return int(getattr(self.writer, "parameters", 0))

    @property
    def spent(self) -> Budget:
        """Counts the tokens read and written, where the writer does."""
        told: Budget | None = getattr(self.writer, "spent", None)
        return Budget() if told is None else told

    def block(self, solutions: Sequence[Solution]) -> list[StepScores]:
        """Scores of solutions that are held at once, in order.

        Raises:
            CheckpointError: The tokenizer has no chat template, or the decision's words are not tokens.
            SandboxRefusedError: Code is to be run and there is no safe place for it.
            ConfigError: Further rounds where each step has a turn of its own.
        """
        self._check_rounds()
        if self.spec.template == "chat_turns":
            return self._by_turn(solutions)
        return self._by_prefix(solutions) if self.spec.view == "prefix" else self._whole(solutions)

    def critiques(self, solutions: Sequence[Solution]) -> list[list[Critique]]:
        """The verifications themselves, ``samples`` of each solution, as another model could learn them.

        Raises:
            CheckpointError: As ``block``.
            SandboxRefusedError: As ``block``.
            ConfigError: As ``block``, or verifications of prefixes.
        """
        self._check_rounds()
        if self.spec.view == "prefix":
            raise ConfigError(
                "these verifications are of prefixes", do="ask with view: solution", field="view"
            )
        draw = self._told_by_turn if self.spec.template == "chat_turns" else self._told_at_once
        found: list[list[Critique]] = [[] for _ in solutions]
        for sample in range(self.samples):
            told = draw(solutions, self.seed + sample)
            for mine, (_, one), (text, values, whole) in zip(found, solutions, told, strict=True):
                verdicts = [Verdict.UNKNOWN] * len(one.steps)
                for step, value in zip(one.scored, values, strict=True):
                    verdicts[step] = _verdict(value)
                known = (tuple(verdicts), _verdict(whole), sample, self.digest)
                mine.append(Critique(one.id, one.digest, text, *known))
        return found

    def _told_at_once(self, solutions: Sequence[Solution], seed: int) -> list[Told]:
        yes, no = self.spec.tokens or ("", "")
        found = []
        for (_, one), (parts, chance) in zip(solutions, self._verified(solutions, seed), strict=True):
            end = self.spec.decision + (yes if chance >= 0.5 else no)
            values = parse_rounds(parts, self.spec.verdicts or ("", ""), len(one.scored))
            found.append(("".join(parts).rstrip("\n") + end, values, chance))
        return found

    def _told_by_turn(self, solutions: Sequence[Solution], seed: int) -> list[Told]:
        lanes = self._lanes(solutions, seed)
        return [(lane.written, list(lane.chances), None) for lane in lanes]

    def _check_rounds(self) -> None:
        if self.rounds < 1 or (self.rounds > 1 and self.spec.template == "chat_turns"):
            raise ConfigError(
                f"{self.rounds} rounds with template {self.spec.template!r}",
                do="give one round or more to template 'generative'; raise samples for 'chat_turns'",
                field="rounds",
            )

    # ------------------------------------------------------------ one verification for all steps

    def _verified(self, solutions: Sequence[Solution], seed: int) -> list[tuple[tuple[str, ...], float]]:
        """A verification of each solution by rounds, and the probability of its positive decision."""
        special = special_tokens(self.tokenizer)
        rendered = [render(*one, self.spec, special) for one in solutions]
        prompts = [
            assemble(pieces, self.tokenizer, default_system=self.spec.default_system).text + self.spec.opening
            for pieces in rendered
        ]
        told = [(text,) for text in self._write(prompts, seed)]
        for turn in range(self.rounds - 1):
            told = self._look_again(prompts, told, turn, seed)
        asked = [
            prompt + "".join(parts).rstrip("\n") + self.spec.decision
            for prompt, parts in zip(prompts, told, strict=True)
        ]
        return [(parts, one[0]) for parts, one in zip(told, self._weigh(asked), strict=True)]

    def _look_again(
        self, prompts: Sequence[str], told: Sequence[tuple[str, ...]], turn: int, seed: int
    ) -> list[tuple[str, ...]]:
        """The rounds so far, the last one without what closed it, and one more that begins with a doubt."""
        kept = [(*parts[:-1], look_again(parts[-1], turn)) for parts in told]
        more = self._write([a + "".join(b) for a, b in zip(prompts, kept, strict=True)], seed)
        return [(*parts, text) for parts, text in zip(kept, more, strict=True)]

    def _write(self, prompts: Sequence[str], seed: int) -> list[str]:
        stop = [self.spec.decision.strip()] if self.spec.decision.strip() else []
        return self.writer.write(prompts, seed=seed, temperature=self.temperature, stop=stop)

    def _weigh(self, prompts: Sequence[str]) -> list[list[float]]:
        return self.writer.weigh(prompts, self.spec.tokens or ()) if prompts else []

    def _whole(self, solutions: Sequence[Solution]) -> list[StepScores]:
        drawn = [self._verified(solutions, self.seed + sample) for sample in range(self.samples)]
        found = []
        for position, (_, trajectory) in enumerate(solutions):
            mine = [each[position] for each in drawn]
            votes = [
                parse_rounds(parts, self.spec.verdicts or ("", ""), len(trajectory.scored))
                for parts, _ in mine
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
        for sample in range(self.samples):
            for mine, lane in zip(sums, self._lanes(solutions, self.seed + sample), strict=True):
                mine[:] = [total + chance for total, chance in zip(mine, lane.chances, strict=True)]
        found = []
        for (_, trajectory), mine in zip(solutions, sums, strict=True):
            values: list[float | None] = [None] * len(trajectory.steps)
            for step, total in zip(trajectory.scored, mine, strict=True):
                values[step] = total / self.samples
            found.append(self.told(trajectory, values))
        return found

    def _lanes(self, solutions: Sequence[Solution], seed: int) -> list[_Lane]:
        """A conversation about each solution, led to its end."""
        special = special_tokens(self.tokenizer)
        lanes = [_Lane(render(*one, self.spec, special)) for one in solutions]
        steps = [len(one.scored) for _, one in solutions]
        for place in range(max(steps, default=0)):
            live = [lane for lane, count in zip(lanes, steps, strict=True) if place < count]
            for lane, chance in zip(live, self._turn(live, seed), strict=True):
                lane.chances.append(chance)
        return lanes

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
        self.chances: list[float] = []

    @property
    def written(self) -> str:
        """What was written in all turns."""
        return "\n".join(text for role, text in self.turns if role == "assistant")

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


def parse_rounds(parts: Sequence[str], words: tuple[str, str], steps: int) -> list[float | None]:
    r"""Verdicts of a verification in several rounds, by the newest round that says something of a step.

    A round that names steps (``Step 3``) is about these; one that names none begins with the first step.

    Args:
        parts: Text of each round.
        words: What stands in ``\boxed{}`` for right and for wrong.
        steps: Steps that were shown.

    Source:
        ThinkPRM (arXiv 2504.16828) reads the last decision only, which is on the whole; that later rounds
        count for steps too is ours.

    Examples:
        >>> first = r"Step 1: \boxed{right} Step 2: \boxed{right} Step 3: \boxed{right}"
        >>> parse_rounds([first, r"Did I miss something? Step 2: \boxed{wrong}"], ("right", "wrong"), 3)
        [1.0, 0.0, None]
    """
    told = dict(enumerate(parse_verdicts(parts[0], words, steps)))
    for text in parts[1:]:
        named = _by_name(text, words)
        fresh = parse_verdicts(text, words, steps)
        if named:
            told |= {step: verdict for step, verdict in named.items() if step < steps}
        elif any(one is not None for one in fresh):
            told = dict(enumerate(fresh))
    end = next((step for step in range(steps) if told[step] == 0.0), steps)
    return [told[step] if step <= end else None for step in range(steps)]


def _by_name(text: str, words: tuple[str, str]) -> dict[int, float]:
    """Verdicts behind the names of steps."""
    right, wrong = (word.lower() for word in words)
    found: dict[int, float] = {}
    step = None
    for match in _NAMED.finditer(text):
        if match["step"]:
            step = int(match["step"]) - 1
        elif step is not None and step >= 0 and match["word"].lower() in (right, wrong):
            found[step] = 1.0 if match["word"].lower() == right else 0.0
    return found


def _verdict(value: float | None) -> Verdict:
    if value is None:
        return Verdict.UNKNOWN
    return Verdict.HOLDS if value >= 0.5 else Verdict.FAILS


def _prefix(trajectory: Trajectory, step: int) -> Trajectory:
    kept: tuple[Step, ...] = trajectory.steps[: step + 1]
    rows = [{"text": one.text, "role": one.role, "kind": one.kind} for one in kept]
    return Trajectory.of_steps(f"{trajectory.id}/{step}", trajectory.problem_id, rows)
