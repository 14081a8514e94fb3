r"""GPT-4 programs for MBPP on the inputs of MBPP+: more programs are wrong than three asserts show.

Four files are joined. An invented row of the programs, as in ``reflexion_mbpp``; the problems come from
``mbpp`` and ``mbpp_plus``::

    {"name": "mbpp_2000_twice", "entry_point": "twice", "prompt": "def twice(n: int) -> int:\n    ...\n",
     "test": "def check(candidate):\n    assert candidate(3) == 6\n\ncheck(twice)",
     "solution": "def twice(n):\n    return 2 * n", "is_solved": true, "reflections": []}

MBPP+ changes the signature of some problems and writes tuples as lists. Kept are the problems whose
MBPP asserts call the function with exactly the first inputs of MBPP+. The files hold no verdict on these
inputs: ``python -m prmkit_code.verdicts`` ran every program beside the reference, and its verdicts stand in
``mbpp_plus_verdicts.json``. A program without verdict there has no outcome.
"""

from __future__ import annotations

import ast
import functools
import importlib.resources
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from prmkit.cards import DatasetCard
from prmkit.dataset import Row, Source
from prmkit.types import Json, Sample
from prmkit_code.data import mbpp, mbpp_plus, reflexion
from prmkit_code.data.rows import Origin, listed, text
from prmkit_code.program import parsed

CARD = DatasetCard(
    name="mbpp_plus_runs",
    path="code",
    files=(
        replace(mbpp.FILE, name=f"mbpp/{mbpp.FILE.name}"),
        *(replace(file, name=f"mbpp_plus/{file.name}") for file in mbpp_plus.CARD.files),
        *(replace(file, name=f"reflexion_runs/{file.name}") for file in reflexion.MBPP_CARD.files),
    ),
    summary="The programs of reflexion_mbpp on the inputs of MBPP+, with verdicts made here",
    licence="MIT (programs), Apache-2.0 (inputs), CC-BY-4.0 (problems)",
    gold="program",
    cluster="problem",
    hub="evalplus/mbppplus",
    use=("evaluate",),
)


@functools.cache
def verdicts() -> dict[str, dict[int, float]]:
    """System → number of the problem → 1 for a program that agrees on all inputs, 0 for one that does not.

    Examples:
        >>> sorted(verdicts())
        ['gpt4-reflexion', 'gpt4-simple']
    """
    file = importlib.resources.files("prmkit_code.data") / "mbpp_plus_verdicts.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    return {
        system: {n: outcome for word, outcome in (("right", 1.0), ("wrong", 0.0)) for n in said[word]}
        for system, said in found.items()
    }


def arguments(test: str, name: str) -> list[Json] | None:
    """Arguments of the first call of ``name`` in an assert; None where they are not written out.

    Examples:
        >>> arguments("assert twice([1], 2) == 4", "twice")
        [[1], 2]
        >>> arguments("assert twice(x) == 4", "twice")
    """
    tree = parsed(test)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            try:
                return None if node.keywords else [ast.literal_eval(one) for one in node.args]
            except (ValueError, TypeError):
                return None
    return None


@dataclass(slots=True)
class Joined:
    """Parser of one iteration: remembers the problems of both files, then reads programs."""

    _asserts: dict[int, list[str]] = field(default_factory=dict)
    _problems: dict[int, Row] = field(default_factory=dict)

    def __call__(self, row: Row) -> Iterator[Sample]:
        """The sample of a program; none for rows of problems, and for problems that are not kept.

        Raises:
            RecordError: A field is missing or of another type.
        """
        if row.file == mbpp.FILE.name:
            self._asserts[mbpp.number(row)] = [str(one) for one in listed(row, "test_list", str)]
        elif row.file == mbpp_plus.CARD.files[0].name:
            name, base = text(row, "entry_point"), listed(row, "base_input", list)
            number = mbpp.number(row)
            if [arguments(test, name) for test in self._asserts.get(number, [])] == base:
                self._problems[number] = row
        else:
            number = reflexion.number(row)
            known = self._problems.get(number)
            if known and text(known, "entry_point") == text(row, "entry_point"):
                yield self._sample(known, row, number)

    def _sample(self, known: Row, row: Row, number: int) -> Sample:
        origin = Origin(CARD, row)
        prompt = text(row, "prompt")
        problem = origin.problem(
            f"mbpp/{number}",
            prompt,
            entry_point=text(row, "entry_point"),
            prompt=prompt,
            reference={
                "solution": text(known, "canonical_solution"),
                "inputs": [*listed(known, "base_input", list), *listed(known, "plus_input", list)],
                "atol": mbpp_plus.tolerance(known),
            },
            split="test" if number in mbpp.TEST else "other",
            first_inputs=len(listed(known, "base_input", list)),
        )
        problem, trajectory, _ = reflexion.repaired(origin, problem, row)
        said = verdicts().get(trajectory.provenance.system, {}).get(number)
        detail = {
            **trajectory.provenance.detail,
            "judged": "no" if said is None else "yes",
            "solved": trajectory.outcome == 1.0,
        }
        provenance = replace(trajectory.provenance, detail=detail)
        return Sample(problem, replace(trajectory, outcome=said, provenance=provenance))


SOURCE = Source(card=CARD, parse=Joined(), joined=Joined)
