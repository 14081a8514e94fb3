"""Which written verifications a generative PRM learns from: rules, and what each of them dropped.

A rule of one row says what is wrong with it, or None. A rule of many parts the rows it keeps from those
it drops. Nothing is lost: ``sift`` gives back every row, kept or with its reason.

Source: ThinkPRM (arXiv 2504.16828, section 4.2): every verdict up to the first error agrees with the
labels, one verdict a step, a longest text. GenPRM (arXiv 2504.00891): every verdict agrees, else the whole
solution is dropped; problems need right and wrong solutions. Multi-RM (arXiv 2510.00492): no duplicates,
no unclosed thoughts, no other script; the whole is judged against the outcome.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from prmkit.errors import ConfigError
from prmkit.types import Critique, Sample, StepLabels, Trajectory, Verdict

Rule = Literal[
    "cut",
    "format",
    "length",
    "undecided",
    "unlabelled",
    "disagrees",
    "duplicate",
    "one-sided",
    "surplus",
    "balance",
]
"""Why a row was dropped: made for another cut of the solution · badly formed · too long · a verdict is
missing · there is nothing to compare with · a verdict is wrong · written twice · its problem has right
solutions only, or wrong ones · more than enough of this solution · more of this outcome than of the other."""
RIGHT = 0.5
"""Labels and outcomes of this or more count as right."""

_FOREIGN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_HEADING = re.compile(r"^[ \t#*>]*step[ \t]+(\d{1,6})[ \t*]*[:.]", re.IGNORECASE | re.MULTILINE)
_BLANK = re.compile(r"\s+")


class Judged(NamedTuple):
    """A solution with what is known of it, and one verification."""

    sample: Sample
    critique: Critique


class Dropped(NamedTuple):
    """A row that is not learned from."""

    row: Judged
    rule: Rule
    reason: str
    """One sentence for a person."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a verification must be like."""

    agree: Literal["steps", "all_steps", "outcome", "nothing"] = "steps"
    """With what its verdicts agree: the labels up to the first error, all labels, the outcome."""
    needs: tuple[str, ...] = ()
    """Texts it must hold, such as the end of a thought."""
    foreign: bool = True
    """Whether it may use Chinese, Japanese or Korean script where problem and solution have none."""
    longest: int = 0
    """Longest text, as ``sift`` measures it; 0 sets no limit."""
    mixed: bool = False
    """Whether its problem must have right and wrong solutions among the rows."""
    each: int = 0
    """Most verifications of one solution; 0 sets no limit."""
    balance: bool = False
    """Keep as many verifications of wrong solutions as of right ones."""
    seed: int = 0
    """Decides which rows are surplus."""


THINKPRM = Rules(agree="steps", longest=4096)
GENPRM = Rules(agree="all_steps", mixed=True)
MULTI_GPRM = Rules(agree="steps", needs=("</think>",), foreign=False)
MULTI_GORM = Rules(agree="outcome", needs=("</think>",), foreign=False)
"""Published rules. Lengths are in tokens: give ``sift`` the tokenizer's count as ``measure``."""


@dataclass(frozen=True, slots=True)
class Sifted:
    """What the rules kept and dropped: together the rows that were given."""

    kept: list[Judged]
    dropped: list[Dropped]

    @property
    def counts(self) -> dict[str, int]:
        """Rows given and kept, and dropped by each rule that dropped any."""
        by_rule: Counter[str] = Counter(one.rule for one in self.dropped)
        return {"given": len(self.kept) + len(self.dropped), "kept": len(self.kept), **by_rule}


def sift(rows: Iterable[Judged], rules: Rules, *, measure: Callable[[str], int] = len) -> Sifted:
    """Sort rows by ``rules``; the first rule that a row breaks is its reason.

    Args:
        rows: Verifications with their solutions and labels.
        rules: See :class:`Rules`.
        measure: Length of a text; characters, unless a tokenizer's count is given.

    Source:
        See the head of the file. Rules of one row come before those of many.

    Examples:
        >>> from prmkit.types import Problem, StepLabels
        >>> t = Trajectory.of_steps("t", "p", ["2 = 2", "so 3"])
        >>> sample = Sample(Problem("p", "?"), t, StepLabels.until_first_error(t, 1, "human@1"))
        >>> said = [(Verdict.HOLDS, Verdict.FAILS), (Verdict.FAILS, Verdict.FAILS)]
        >>> made = [Judged(sample, Critique("t", t.digest, f"text {i}", v)) for i, v in enumerate(said)]
        >>> sift(made, THINKPRM).counts
        {'given': 2, 'kept': 1, 'disagrees': 1}
    """
    kept: list[Judged] = []
    dropped: list[Dropped] = []
    for row in rows:
        fault = _fault(row, rules, measure)
        if fault is None:
            kept.append(row)
        else:
            dropped.append(Dropped(row, *fault))
    parts: list[tuple[bool, Rule, str, Callable[[Sequence[Judged]], set[int]]]] = [
        (True, "duplicate", "the same text was kept before", distinct),
        (rules.mixed, "one-sided", "the problem has no solutions of the other outcome", mixed),
        (
            rules.each > 0,
            "surplus",
            "enough of this solution are kept",
            lambda held: at_most(held, rules.each, rules.seed),
        ),
        (
            rules.balance,
            "balance",
            "enough of this outcome are kept",
            lambda held: balanced(held, rules.seed),
        ),
    ]
    for on, rule, told, part in parts:
        if on:
            chosen = part(kept)
            dropped += [Dropped(row, rule, told) for i, row in enumerate(kept) if i not in chosen]
            kept = [row for i, row in enumerate(kept) if i in chosen]
    return Sifted(kept, dropped)


def _fault(row: Judged, rules: Rules, measure: Callable[[str], int]) -> tuple[Rule, str] | None:
    if not belongs(row):
        return "cut", "the verification is of another solution, or of another cut of it"
    wrong_form = malformed(row, needs=rules.needs, foreign=rules.foreign)
    if wrong_form is not None:
        return "format", wrong_form
    if rules.longest and (length := measure(row.critique.text)) > rules.longest:
        return "length", f"it is {length} long, of {rules.longest}"
    if rules.agree == "nothing":
        return None
    if rules.agree == "outcome":
        return by_outcome(row)
    return by_steps(row, after_error=rules.agree == "all_steps")


def shortened(row: Judged) -> Judged:
    """The same row with the solution cut behind the first step that the verification says FAILS.

    Text and verdicts of the verification stay; one that finds no error is given back as it is.

    Source:
        Multi-RM trains generative PRMs on solutions that end at their first error; ThinkPRM on prefixes.
    """
    problem, whole, labels = row.sample
    first = next((i for i in whole.scored if row.critique.verdicts[i] is Verdict.FAILS), None)
    if first is None or first == len(whole.steps) - 1:
        return row
    kept = whole.steps[: first + 1]
    part = replace(
        whole,
        id=f"{whole.id}/{first}",
        text=whole.text[: kept[-1].end],
        steps=kept,
        final_answer=None,
        outcome=None,
        parent=whole.id,
    )
    told = None
    if labels is not None:
        told = StepLabels(
            part.id,
            part.digest,
            labels.check(whole).values[: first + 1],
            labels.kind,
            labels.convention,
            labels.labeler,
        )
    critique = replace(
        row.critique,
        trajectory_id=part.id,
        steps_digest=part.digest,
        verdicts=row.critique.verdicts[: first + 1],
        trajectory_verdict=Verdict.FAILS,
    )
    return Judged(Sample(problem, part, told), critique)


# ------------------------------------------------------------ rules of one row


def belongs(row: Judged) -> bool:
    """Whether verification and labels are of this very cut of this solution.

    Source:
        Every record of prmkit is tied to one cut of one trajectory.
    """
    trajectory, critique, labels = row.sample.trajectory, row.critique, row.sample.labels
    own = (trajectory.id, trajectory.digest)
    same = (critique.trajectory_id, critique.steps_digest) == own
    told = labels is None or (labels.trajectory_id, labels.steps_digest) == own
    return same and told and len(critique.verdicts) == len(trajectory.steps)


def malformed(row: Judged, *, needs: Sequence[str] = (), foreign: bool = True) -> str | None:
    """What is wrong with the form of a verification; None when nothing is.

    Source:
        Multi-RM drops unclosed thoughts and other scripts; ThinkPRM stops where a step is verified that
        the solution does not have.
    """
    sample, text = row.sample, row.critique.text
    if not text.strip():
        return "it is empty"
    absent = next((need for need in needs if need not in text), None)
    if absent is not None:
        return f"it has no {absent!r}"
    asked = sample.problem.text + sample.trajectory.text
    if not foreign and _FOREIGN.search(text) and not _FOREIGN.search(asked):
        return "it is partly in another script"
    beyond = max(map(int, _HEADING.findall(text)), default=0)
    if beyond > len(sample.trajectory.steps):
        return f"it verifies step {beyond} of {len(sample.trajectory.steps)}"
    return None


def by_steps(row: Judged, *, after_error: bool = False) -> tuple[Rule, str] | None:
    """What keeps the verdicts from agreeing with the step labels; a verdict on the whole must agree too.

    Args:
        row: Labels are hard, or count as hard by :data:`RIGHT`.
        after_error: Compare behind the first error too. Steps without a label are not compared, yet a
            verdict is asked of each up to the last one compared.

    Source:
        ThinkPRM: all verdicts up to the first error; GenPRM: all.
    """
    trajectory, verdicts = row.sample.trajectory, row.critique.verdicts
    wanted = _wanted(row.sample)
    if wanted is None:
        return "unlabelled", "the solution has no labels of the kind 'correct'"
    labelled = [i for i in trajectory.scored if wanted[i] is not None]
    first = next((i for i in labelled if wanted[i] is False), None)
    last = labelled[-1] if after_error else trajectory.scored[-1] if first is None else first
    for step in trajectory.scored:
        if step > last:
            break
        said = verdicts[step]
        if said is Verdict.UNKNOWN:
            return "undecided", f"it has no verdict on step {step}"
        if wanted[step] is not None and (said is Verdict.HOLDS) is not wanted[step]:
            return "disagrees", f"it says {said} of step {step}, the label says otherwise"
        if wanted[step] is None and said is Verdict.FAILS and not after_error:
            return "unlabelled", f"it ends at step {step}, which has no label"
    whole = row.critique.trajectory_verdict
    right = False if first is not None else None if len(labelled) < len(trajectory.scored) else True
    if whole is not Verdict.UNKNOWN and right is not None and (whole is Verdict.HOLDS) is not right:
        return "disagrees", f"it says {whole} of the whole, the labels of its steps say otherwise"
    return None


def by_outcome(row: Judged) -> tuple[Rule, str] | None:
    """What keeps the verdict on the whole from agreeing with the outcome.

    Source:
        Multi-RM: the answer decides; a solution without an outcome is wrong if any step is.
    """
    right = right_as_a_whole(row.sample)
    if right is None:
        return "unlabelled", "the solution has no outcome, and its labels do not say"
    said = verdict_on_the_whole(row.critique, row.sample.trajectory)
    if said is Verdict.UNKNOWN:
        return "undecided", "it has no verdict on the whole"
    if (said is Verdict.HOLDS) is not right:
        return "disagrees", f"it says {said} of the whole, the outcome says otherwise"
    return None


def right_as_a_whole(sample: Sample) -> bool | None:
    """The outcome; without one, whether all steps are right. None when neither is known.

    Source:
        Multi-RM's labels of outcome models.
    """
    if sample.trajectory.outcome is not None:
        return sample.trajectory.outcome >= RIGHT
    wanted = _wanted(sample)
    told = [] if wanted is None else [wanted[i] for i in sample.trajectory.scored]
    if False in told:
        return False
    return True if told and None not in told else None


def verdict_on_the_whole(critique: Critique, trajectory: Trajectory) -> Verdict:
    """The verdict on the solution: its own, else FAILS with any step, HOLDS with all.

    Source:
        A solution is right when all its steps are (ProcessBench's reading of first errors).
    """
    if critique.trajectory_verdict is not Verdict.UNKNOWN:
        return critique.trajectory_verdict
    told = {critique.verdicts[i] for i in trajectory.scored}
    if Verdict.FAILS in told:
        return Verdict.FAILS
    return Verdict.HOLDS if told == {Verdict.HOLDS} else Verdict.UNKNOWN


# ------------------------------------------------------------ rules of many rows: positions that stay


def distinct(rows: Sequence[Judged]) -> set[int]:
    """The first of every text about a solution; blanks do not make a difference.

    Source:
        Multi-RM drops duplicates.
    """
    seen: dict[Hashable, int] = {}
    for position, row in enumerate(rows):
        text = _BLANK.sub(" ", row.critique.text).strip()
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        seen.setdefault((*_solution(row), digest), position)
    return set(seen.values())


def mixed(rows: Sequence[Judged]) -> set[int]:
    """Rows of problems that have right and wrong solutions among the rows.

    Source:
        GenPRM samples until a problem has both, and drops it otherwise.
    """
    kinds: dict[str, set[bool | None]] = {}
    for row in rows:
        kinds.setdefault(row.sample.problem.id, set()).add(right_as_a_whole(row.sample))
    return {i for i, row in enumerate(rows) if {True, False} <= kinds[row.sample.problem.id]}


def at_most(rows: Sequence[Judged], each: int, seed: int) -> set[int]:
    """No more than ``each`` rows of a solution, chosen by a hash: the order of rows does not matter.

    Raises:
        ConfigError: ``each`` is not positive.

    Source:
        A cap keeps easy solutions, whose verifications agree more often, from filling the set.
    """
    if each < 1:
        raise ConfigError(f"at most {each} of a solution", do="set each to 1 or more", field="each")
    groups: dict[Hashable, list[int]] = {}
    for position, row in enumerate(rows):
        groups.setdefault(_solution(row), []).append(position)
    return {i for group in groups.values() for i in sorted(group, key=lambda i: _draw(rows[i], seed))[:each]}


def balanced(rows: Sequence[Judged], seed: int) -> set[int]:
    """As many rows of wrong solutions as of right ones; rows of unknown outcome stay.

    Source:
        ThinkPRM and GenPRM train on right and wrong solutions alike.
    """
    kinds: Mapping[bool | None, list[int]] = {True: [], False: [], None: []}
    for position, row in enumerate(rows):
        kinds[right_as_a_whole(row.sample)].append(position)
    size = min(len(kinds[True]), len(kinds[False]))
    chosen = [sorted(kinds[one], key=lambda i: _draw(rows[i], seed))[:size] for one in (True, False)]
    return {*chosen[0], *chosen[1], *kinds[None]}


def _solution(row: Judged) -> tuple[str, str, str]:
    return row.sample.problem.id, row.critique.trajectory_id, row.critique.steps_digest


def _draw(row: Judged, seed: int) -> bytes:
    told = f"{seed}\x1f{row.critique.trajectory_id}\x1f{row.critique.sample}\x1f{row.critique.text}"
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()


def _wanted(sample: Sample) -> list[bool | None] | None:
    """Labels as right or wrong; None without labels of the kind ``correct``."""
    labels = sample.labels
    if labels is None or labels.kind != "correct" or not any(v is not None for v in labels.values):
        return None
    return [None if value is None else value >= RIGHT for value in labels.check(sample.trajectory).values]
