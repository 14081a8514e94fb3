"""Generated programming problems with hidden tests, a reference, and exact truth for every line.

Programs have one statement a line. A line is right when it is one that the problem asks for and what it
builds on stands before it; operands of sums and products may change places, comparisons may be turned,
``x = x + e`` may be written short. A program that passes all hidden tests has no wrong line. The tests
try the borders of every comparison, in an interpreter of our own: no sandbox is needed. Problems of
the family ``trace`` ask for values instead, line by line.
"""

from __future__ import annotations

import ast
import functools
import random
from collections.abc import Sequence
from typing import Any

from prmkit.tasks import Solved, TaskSet, content, has_several_orders, in_some_order, split_of
from prmkit.types import Problem, Provenance, Step, Trajectory
from prmkit_code import interpreter
from prmkit_code.program import parsed
from prmkit_code.segmenters import CODE
from prmkit_code.task_families import FAMILIES, LADDER, State, written_lines

ENTRY = "f"
TRACE = "trace"
_ANSWER = "The answer is "


def _solve(rng: random.Random, family: str, rung: int, state: State) -> Solved:
    kin = FAMILIES[family]
    lines, after = kin.lines(state), kin.after(state)
    context: dict[str, Any] = {"family": family, "rung": rung, "several": has_several_orders(after)}
    if family == TRACE:
        reference: dict[str, Any] = {
            "answer": lines[-1].removeprefix(_ANSWER).removesuffix(" ."),
            "state": state,
        }
        context["program"] = "\n".join(written_lines(state))
    else:
        source = "\n".join(lines) + "\n"
        cases = [[given, interpreter.call(source, ENTRY, given)] for given in kin.inputs(state, rng)]
        reference = {
            "cases": cases,
            "tests": [
                f"assert {ENTRY}({', '.join(map(repr, given))}) == {value!r}" for given, value in cases
            ],
            "solution": source,
            "state": state,
        }
        context |= {"language": "python", "entry_point": ENTRY}
    return Solved(in_some_order(rng, lines, after), reference, context)


def read_solution(
    problem: Problem, text: str, *, id: str, provenance: Provenance | None = None
) -> Trajectory:
    """A sampled text as a trajectory: one step a line, answer read, outcome graded.

    The answer of a program is the program in its normal form, so that spellings of one program are one
    answer; that of a trace is the value.

    Args:
        problem: The generated problem it answers.
        text: What a policy wrote.
        id: Id for the trajectory.
        provenance: Where the text comes from.
    """
    trace = problem.context["family"] == TRACE
    steps: list[Step] = []
    at = 0
    for row in text.split("\n"):
        body = row.rstrip()
        start = at + (len(row) - len(row.lstrip()) if trace else 0)
        if body.strip():
            steps.append(
                Step(
                    len(steps),
                    text[start : at + len(body)],
                    start,
                    at + len(body),
                    kind="" if trace else CODE,
                )
            )
        at += len(row) + 1
    lines = [step.text for step in steps]
    answer = _stated(lines) if trace else _written(lines)
    return Trajectory(
        id=id,
        problem_id=problem.id,
        text=text,
        steps=tuple(steps),
        final_answer=answer,
        outcome=grade(problem, answer),
        provenance=provenance or Provenance(),
    )


def _stated(lines: Sequence[str]) -> str | None:
    """The value that the last line of a trace names."""
    last = lines[-1].strip() if lines else ""
    if not (last.startswith(_ANSWER) and last.endswith(" .")):
        return None
    return last.removeprefix(_ANSWER).removesuffix(" .")


def _written(lines: Sequence[str]) -> str | None:
    return "\n".join(canonical(line) for line in lines) or None


def answer_of(text: str) -> str | None:
    r"""The answer of a solution of any family: the value it names, else the program in its normal form.

    Examples:
        >>> answer_of("after line 1 , x == 7 .\nThe answer is 7 .")
        '7'
        >>> answer_of("def f ( a ) :\n return 2 * a")
        'def f(a):\n return a * 2'
    """
    lines = [row.rstrip() for row in text.split("\n") if row.strip()]
    return _stated(lines) or _written(lines)


def grade(problem: Problem, answer: str | None) -> float:
    """1.0 when the answer is right, else 0.0: the value of a trace, or all hidden tests of a program.

    A program that uses other syntax than the task's interpreter knows counts as wrong.
    """
    reference = problem.reference
    if answer is None:
        return 0.0
    if "answer" in reference:
        return float(answer.strip() == reference["answer"])
    try:
        return float(
            all(interpreter.call(answer, ENTRY, given) == value for given, value in reference["cases"])
        )
    except ValueError:
        return 0.0


def error_kinds(problem: Problem, trajectory: Trajectory) -> list[str | None]:
    """What is wrong with the first wrong line; None for every other.

    ``place``: a line of the solution, and what it builds on is missing, or it stands there already;
    ``layout``: right but for its indentation; ``syntax``: no statement; ``content``: any other. In traces:
    ``value``: right but for the number; ``answer``: another answer, or one too early; else ``form``.
    """
    kin = FAMILIES[problem.context["family"]]
    state = problem.reference["state"]
    lines, after = kin.lines(state), kin.after(state)
    kinds: list[str | None] = [None] * len(trajectory.steps)
    trace = problem.context["family"] == TRACE
    if not trace and trajectory.outcome == 1.0:
        return kinds
    keys = lines if trace else [canonical(line) for line in lines]
    done: set[int] = set()
    for step in trajectory.steps:
        key = step.text if trace else canonical(step.text)
        here = next((i for i, k in enumerate(keys) if k == key and i not in done and after[i] <= done), None)
        if here is None:
            kinds[step.index] = _trace_kind(key, keys, done) if trace else _kind(step.text, key, keys)
            break
        done.add(here)
    return kinds


def _kind(text: str, key: str, keys: Sequence[str]) -> str:
    if key in keys:
        return "place"
    if key.strip() in (one.strip() for one in keys):
        return "layout"
    return "content" if _statement(text) is not None else "syntax"


def _trace_kind(text: str, keys: Sequence[str], done: set[int]) -> str:
    if text.startswith(_ANSWER):
        return "answer"
    due = keys[len(done)] if len(done) < len(keys) else ""
    return "value" if text.split("==")[0] == due.split("==")[0] and "==" in text else "form"


TASKS = TaskSet(
    domain="code",
    ladder=LADDER,
    draw=lambda rng, family, size: FAMILIES[family].draw(rng, size),
    prompt=lambda family, state: FAMILIES[family].prompt(state),
    solve=_solve,
    kinds=error_kinds,
    read=read_solution,
)
RUNGS, generate, truth = TASKS.rungs, TASKS.generate, TASKS.truth

__all__ = [
    "FAMILIES",
    "RUNGS",
    "TASKS",
    "answer_of",
    "canonical",
    "content",
    "error_kinds",
    "generate",
    "grade",
    "read_solution",
    "split_of",
    "truth",
]


# ---------------------------------------------------------------- normal form


@functools.lru_cache(maxsize=20_000)
def canonical(line: str) -> str:
    """A line in its normal form, indentation kept; text that is no statement stays as it is.

    Examples:
        >>> canonical(" x += b") == canonical(" x = b + x"), canonical(" if 3 < a :")
        (True, ' if a > 3:')
    """
    node = _statement(line)
    if node is None:
        return line.rstrip()
    indent = line[: len(line) - len(line.lstrip())]
    return indent + ast.unparse(ast.fix_missing_locations(_Normal().visit(node))).split("\n")[0]


def _statement(line: str) -> ast.stmt | None:
    body = line.strip()
    tree = parsed(f"{body}\n pass" if body.endswith(":") else body)
    return tree.body[0] if tree and len(tree.body) == 1 and len(body) < 200 else None


class _Normal(ast.NodeTransformer):
    """Sums and products with their operands in order, comparisons with the name first, short sums long."""

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        if not isinstance(node.target, ast.Name):
            return node
        value = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
        return self.visit(ast.copy_location(ast.Assign([node.target], value), node))  # type: ignore[no-any-return]

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Mult):
            sides = sorted(
                (node.left, node.right), key=lambda n: (isinstance(n, ast.Constant), ast.unparse(n))
            )
            node.left, node.right = sides
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        turned = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq}
        if len(node.ops) == 1 and type(node.ops[0]) in turned:
            left, right = node.left, node.comparators[0]
            first = (isinstance(left, ast.Constant), ast.unparse(left))
            if first > (isinstance(right, ast.Constant), ast.unparse(right)):
                return ast.Compare(right, [turned[type(node.ops[0])]()], [left])
        return node
