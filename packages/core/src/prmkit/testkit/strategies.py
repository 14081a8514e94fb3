"""Hypothesis strategies for every record: what they draw is valid, and as odd as validity allows."""
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import math
from typing import Any, get_args

from hypothesis import strategies as st

from prmkit.types import (
    LABEL_RANGE,
    Claim,
    Code,
    Convention,
    Critique,
    Evidence,
    LabelKind,
    Node,
    Preference,
    Problem,
    Provenance,
    Role,
    Sample,
    ScoreKind,
    SearchResult,
    Status,
    StepLabels,
    StepScores,
    Threshold,
    Trajectory,
    Tree,
    Verdict,
)

texts = st.text(max_size=40)
"""Any text without lone surrogates."""
ids = st.text(min_size=1, max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)
units = st.floats(0.0, 1.0)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
details = st.dictionaries(texts, json, max_size=2)
provenances = st.builds(
    Provenance,
    source=texts,
    row=st.none() | st.integers(1, 10**6),
    system=texts,
    licence=texts,
    seed=st.none() | st.integers(0, 2**31),
    detail=details,
)
problems = st.builds(
    Problem,
    id=ids,
    text=texts,
    cluster=texts,
    domain=texts,
    reference=json,
    context=details,
    provenance=provenances,
)


@st.composite
def trajectories(draw: st.DrawFn, max_steps: int = 5, problem_id: str | None = None) -> Trajectory:
    """Trajectories with any roles, kinds and separators."""
    steps = draw(
        st.lists(
            st.fixed_dictionaries(
                {"text": texts},
                optional={
                    "role": st.sampled_from(get_args(Role)),
                    "kind": texts,
                    "call": st.none() | details,
                    "images": st.lists(texts, max_size=2),
                    "status": st.sampled_from(get_args(Status)),
                },
            ),
            max_size=max_steps,
        )
    )
    return Trajectory.of_steps(
        draw(ids),
        draw(ids) if problem_id is None else problem_id,
        steps,
        joiner=draw(st.sampled_from(["\n", "\n\n", " ", ""])),
        final_answer=draw(st.none() | texts),
        outcome=draw(st.none() | units),
        provenance=draw(provenances),
    )


def per_step(trajectory: Trajectory, value: st.SearchStrategy[float]) -> st.SearchStrategy[tuple[Any, ...]]:
    """One value or None per step, None for observations."""
    return st.tuples(*(st.none() if s.role == "observe" else st.none() | value for s in trajectory.steps))


@st.composite
def labels(draw: st.DrawFn, trajectory: Trajectory) -> StepLabels:
    """Labels of any kind for ``trajectory``."""
    kind: LabelKind = draw(st.sampled_from(get_args(LabelKind)))
    low, high = LABEL_RANGE[kind]
    value = st.floats(low, high) if math.isfinite(low) else numbers
    count = len(trajectory.steps)
    return StepLabels(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        values=draw(per_step(trajectory, value)),
        kind=kind,
        convention=draw(st.sampled_from(get_args(Convention))),
        labeler=draw(texts),
        weight=draw(st.just(()) | st.tuples(*(st.floats(0, 10) for _ in range(count)))),
        n=draw(st.just(()) | st.tuples(*(st.integers(0, 64) for _ in range(count)))),
        channels={name: draw(per_step(trajectory, numbers)) for name in draw(st.sets(texts, max_size=2))},
        trajectory_value=draw(st.none() | value),
        evidence_digest=draw(texts),
        detail=draw(details),
    )


@st.composite
def scores(draw: st.DrawFn, trajectory: Trajectory) -> StepScores:
    """Scores of any kind for ``trajectory``."""
    low, high = draw(st.sampled_from([(0.0, 1.0), (-1.0, 1.0), (-50.0, 50.0)]))
    return StepScores(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        values=draw(per_step(trajectory, st.floats(low, high))),
        kind=draw(st.sampled_from(get_args(ScoreKind))),
        range=(low, high),
        cumulative=draw(st.booleans()),
        channels={name: draw(per_step(trajectory, numbers)) for name in draw(st.sets(texts, max_size=2))},
        trajectory_value=draw(st.none() | numbers),
        threshold=draw(st.none() | st.builds(Threshold, value=numbers, chosen_on=texts)),
        calibrated_on=draw(st.none() | texts),
        model=draw(texts),
        renderer=draw(texts),
    )


@st.composite
def evidence(draw: st.DrawFn, trajectory: Trajectory, verifier: str = "fake/word@1") -> list[Evidence]:
    """One piece of evidence per scored step, from one verifier."""
    found = []
    for index in trajectory.scored:
        verdict = draw(st.sampled_from(Verdict))
        codes = [code for code in Code if (code is Code.NONE) != (verdict is Verdict.UNKNOWN)]
        found.append(
            Evidence(
                trajectory_id=trajectory.id,
                steps_digest=trajectory.digest,
                step=index,
                verdict=verdict,
                verifier=verifier,
                code=draw(st.sampled_from(codes)),
                scope=draw(st.sampled_from(["claim", "step"])),
                claims=tuple(draw(st.lists(_claims(trajectory.steps[index].text), max_size=2))),
                needs_reference=draw(st.booleans()),
                reason=draw(texts),
                detail=draw(details),
                confidence=draw(units),
                seconds=draw(st.floats(0, 10)),
            )
        )
    return found


@st.composite
def _claims(draw: st.DrawFn, text: str) -> Claim:
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, len(text)))
    return Claim(start, end, draw(st.sampled_from(Verdict)), draw(texts))


@st.composite
def samples(draw: st.DrawFn, max_steps: int = 5) -> Sample:
    """A problem with one of its trajectories, labelled or not."""
    problem = draw(problems)
    trajectory = draw(trajectories(max_steps=max_steps, problem_id=problem.id))
    return Sample(problem, trajectory, draw(st.none() | labels(trajectory)))


@st.composite
def trees(draw: st.DrawFn, max_nodes: int = 8) -> Tree:
    """Trees of any shape."""
    nodes = [Node(parent=-1, step="")]
    for position in range(1, draw(st.integers(1, max_nodes))):
        terminal = draw(st.booleans())
        nodes.append(
            Node(
                parent=draw(st.integers(0, position - 1)),
                step=draw(texts),
                visits=draw(st.integers(0, 100)),
                value=draw(st.none() | numbers),
                terminal=terminal,
                outcome=draw(st.none() | units) if terminal else None,
                channels=draw(st.dictionaries(texts, numbers, max_size=2)),
            )
        )
    return Tree(draw(ids), tuple(nodes), draw(provenances))


preferences = st.builds(
    Preference,
    problem_id=ids,
    chosen=ids,
    rejected=ids,
    shared_steps=st.integers(0, 9),
    margin=st.none() | numbers,
    origin=texts,
    weight=st.floats(0, 10),
)


@st.composite
def critiques(draw: st.DrawFn, trajectory: Trajectory) -> Critique:
    """A written verification with one verdict per step of ``trajectory``."""
    return Critique(
        trajectory_id=trajectory.id,
        steps_digest=trajectory.digest,
        text=draw(texts),
        verdicts=tuple(draw(st.sampled_from(Verdict)) for _ in trajectory.steps),
        trajectory_verdict=draw(st.sampled_from(Verdict)),
        sample=draw(st.integers(0, 9)),
        judge=draw(texts),
    )


@st.composite
def search_results(draw: st.DrawFn) -> SearchResult:
    """Results with falling scores."""
    candidates = draw(st.lists(ids, max_size=4, unique=True))
    values = sorted((draw(numbers) for _ in candidates), reverse=True)
    return SearchResult(
        problem_id=draw(ids),
        candidates=tuple(candidates),
        scores=tuple(values),
        answer=draw(st.none() | texts),
        strategy=draw(texts),
        cost=draw(st.dictionaries(texts, st.floats(0, 1e6), max_size=2)),
        tree=draw(st.none() | trees()),
    )
