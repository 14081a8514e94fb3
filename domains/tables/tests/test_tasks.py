"""Generated problems: exact truth, splits that share nothing, tools that agree with the truth."""

import random
from collections import Counter

import pytest

from prmkit.mutators import TextMutator
from prmkit.types import Trajectory, Verdict
from prmkit_tables import mutators
from prmkit_tables.task_families import FAMILIES
from prmkit_tables.tasks import error_kinds, first_state, generate, read_solution, successors, truth
from prmkit_tables.verifiers.computation import Computation
from prmkit_tables.verifiers.generated import Conclusion, Running
from prmkit_tables.verifiers.retrieval import Retrieval

TOOLS = (Retrieval(), Computation(), Running(), Conclusion())


def changed(problem, steps):
    trajectory = Trajectory.of_steps("t", problem.id, steps)
    return truth(problem, trajectory).values, error_kinds(problem, trajectory)


@pytest.mark.parametrize("family", FAMILIES)
def test_answers_come_from_the_table_alone(family):
    for problem, solution, labels in generate(5, 40, families=[family]):
        answer = FAMILIES[family].answer(first_state(problem))
        assert solution.final_answer == answer == problem.reference["answer"]
        assert set(labels.values) == {1.0}
        again = read_solution(problem, solution.text, id="again")
        assert (again.outcome, again.final_answer) == (1.0, answer)


def test_any_order_of_rows_is_right():
    draw = random.Random(2)
    for problem, _, _ in generate(7, 60):
        state, steps = first_state(problem), []
        while legal := successors(problem.context["family"], state):
            step = draw.choice(sorted(legal))
            steps.append(step)
            state = legal[step]
        values, _ = changed(problem, steps)
        assert set(values) == {1.0}
        assert steps[-1] == f"The answer is {problem.reference['answer']} ."


def test_kinds_of_mistakes():
    (sample,) = generate(1, 1, cells=["total/0"])
    steps = [step.text for step in sample.trajectory.steps]
    state = first_state(sample.problem)
    cell = state.cell(0)
    assert changed(sample.problem, [steps[0].replace(f"is {cell} ", f"is {cell + 1} ")])[1] == ["retrieval"]
    wrong = steps[1].rsplit(" ", 2)[0] + " 99 ."
    assert changed(sample.problem, [steps[0], wrong])[1] == [None, "computation"]
    assert changed(sample.problem, [steps[0], steps[0]])[1] == [None, "state"]
    assert changed(sample.problem, [steps[0], "The answer is 3 ."])[1] == [None, "answer"]
    assert changed(sample.problem, ["Let me see ."])[1] == ["form"]
    values, _ = changed(sample.problem, [steps[0], "The answer is 3 .", steps[1]])
    assert values == (1.0, 0.0, None)


def test_tools_never_contradict_the_truth():
    """Up to the first wrong step, FAILS only where the truth says wrong; at it, some tool says so."""
    found = Counter()
    for problem, solution, _ in generate(11, 150):
        for mutate in vars(mutators).values():
            if not isinstance(mutate, TextMutator):
                continue
            made = mutate(problem, solution, 3)
            if made is None:
                continue
            labels = truth(problem, made.trajectory)
            assert labels.values.index(0.0) == made.step
            findings = [tool.check(problem, made.trajectory) for tool in TOOLS]
            for at in range(made.step):
                assert not any(f[at].verdict is Verdict.FAILS for f in findings)
            assert any(f[made.step].verdict is Verdict.FAILS for f in findings), made.trajectory.text
            found[mutate.name] += 1
    assert set(found) == {"wrong_cell", "wrong_result", "wrong_name", "wrong_column", "flipped_truth"}
