r"""Problems of the families as samples: a text with examples, hidden tests, and the reference in q.

One invented problem::

    Write a q function f that takes nums (a list of longs). Return the different numbers of the list in
    descending order.

    f[3 1 3] is 3 1
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from prmkit.errors import ConfigError
from prmkit.registry import nearest
from prmkit.types import Json, Problem, Provenance, Sample, Step, StepLabels, Trajectory
from prmkit_qlang import bridge
from prmkit_qlang.families import FAMILIES
from prmkit_qlang.families.family import Family
from prmkit_qlang.fuzz import ENTRY, made_tests
from prmkit_qlang.reward import apart
from prmkit_qlang.source import CODE

SOURCE = "prmkit_qlang.problems"


def problem(
    family: Family, params: Mapping[str, Json], *, seed: int = 0, shown: int = 2, hidden: int = 20
) -> Problem:
    """The problem of one setting of a family.

    Args:
        family: What is asked.
        params: Setting of its parameters.
        seed: Decides the tests.
        shown: Examples that the text tells; no hidden test has their inputs.
        hidden: Tests of the reference at most.

    Raises:
        ConfigError: The family has no such setting, or too few inputs.
    """
    made = made_tests(family, params, shown + hidden, seed)
    told, kept = apart([(test.given, test.expected) for test in made], shown, seed)
    lines = [f"{ENTRY}[{_written(family, given)}] is {bridge.literal(value)}" for given, value in told]
    setting = ",".join(f"{name}={value}" for name, value in params.items())
    return Problem(
        id=f"{family.name}({setting})/{seed}",
        text="\n".join([family.question(params), "", *lines]),
        cluster=family.name,
        domain="qlang",
        reference={
            "entry_point": ENTRY,
            "cases": [[given, value] for given, value in kept],
            "solution": f"{ENTRY}:{family.answer(params)}",
        },
        context={
            "language": "q",
            "entry_point": ENTRY,
            "family": family.name,
            "variables": {name: shape.kind for name, shape in family.arguments.items()},
        },
        provenance=Provenance(source=SOURCE, seed=seed, detail={"params": dict(params)}),
    )


def _written(family: Family, given: Sequence[Json]) -> str:
    shapes = family.arguments.values()
    return ";".join(bridge.literal(value, shape.kind) for value, shape in zip(given, shapes, strict=True))


def generate(
    seed: int, n: int, *, families: Sequence[str] | None = None, shown: int = 2, hidden: int = 20
) -> Iterator[Sample]:
    """Yield n problems, each with its reference in q as the solution; families and settings take turns.

    Args:
        seed: Decides order and tests.
        n: Number of problems; past the number of settings they come again with other tests.
        families: Families to draw from, all when None.
        shown: Examples that each text tells.
        hidden: Hidden tests of each at most.

    Raises:
        ConfigError: No such family.
    """
    for name in families or ():
        if name not in FAMILIES:
            raise ConfigError(f"no family {name!r}", do=nearest(name, dict(FAMILIES)), field="families")
    turns = [
        (FAMILIES[name], params) for name in families or FAMILIES for params in FAMILIES[name].variants()
    ]
    random.Random(seed).shuffle(turns)
    for at in range(n):
        family, params = turns[at % len(turns)]
        asked = problem(family, params, seed=seed + at // len(turns), shown=shown, hidden=hidden)
        text = asked.reference["solution"]
        solution = Trajectory(
            id=f"{asked.id}/right",
            problem_id=asked.id,
            text=text,
            steps=(Step(0, text, 0, len(text), kind=CODE),),
            final_answer=text,
            outcome=1.0,
            provenance=asked.provenance,
        )
        labels = StepLabels.until_first_error(solution, None, "qlang/reference@1", trajectory_value=1.0)
        yield Sample(asked, solution, labels)
