"""Console sessions of the q documentation: lines typed at the prompt and what was printed.

An invented row (one block of a page)::

    {"id": "ref/double#0", "page": "ref/double", "url": "https://example.org/ref/double",
     "section": ["Double"], "block": 0, "line": 12, "lang": "q", "interactions": [
       {"input": "f:{2*x}", "code": "f:{2*x}", "output": "", "output_clean": "", "auto_testable": false},
       {"input": "f 4 5  / twice", "code": "f 4 5", "comment": "/ twice", "output": "8 10",
        "output_clean": "8 10", "auto_testable": true}]}

A block is a trajectory, a line with its print a step. What the page typed before stands in the context, as
``setup``; ``replayable`` in the provenance says for each step whether its print can be expected of a session
that starts empty (no clock, chance, file, unknown name). Nobody judged the steps: some prints are of old
releases, and some were typed by hand.

Source: Kx Systems, *Documentation for kdb+ and q*, CC BY 4.0.
"""

from __future__ import annotations

from collections.abc import Iterable

from prmkit.cards import DatasetCard, FileCard
from prmkit.dataset import Row, Source
from prmkit.types import Json, Sample, Trajectory
from prmkit_qlang.data.rows import Origin, fault, text, texts, value

CARD = DatasetCard(
    name="kx_docs_examples",
    path="qlang/kx_docs_examples",
    files=(
        FileCard(
            "examples.jsonl.gz", 2214, "f372d6148dee98ee14c911b6d4085930f13d2a040ad86185a10ab23e9b013120"
        ),
    ),
    summary="Console sessions of the kdb+ and q documentation, 267 pages, 5,921 lines",
    licence="CC-BY-4.0",
    gold="none",
    cluster="page",
    hub="github:KxSystems/docs",
    use=("evaluate",),
)


class Reader:
    """Remembers what each page typed before."""

    def __init__(self) -> None:
        self._typed: dict[str, list[Json]] = {}

    def __call__(self, row: Row) -> Iterable[Sample]:
        """One sample for a block, none where it holds lines of other prompts only.

        Raises:
            RecordError: A field is missing or of the wrong kind.
        """
        page, name = text(row, "page"), text(row, "id")
        section = texts(row, "section") if value(row, "section") else [page]
        before = self._typed.setdefault(page, [])
        above = row.data.get("preamble")
        if isinstance(above, str) and above.strip():
            before.append(above)
        lines = typed_lines(row)
        if not lines:
            return ()
        origin = Origin(CARD, row)
        problem = origin.problem(
            name,
            "\n".join(section),
            cluster=page,
            context={"setup": list(before)},
            page=page,
        )
        before.extend(str(line["code"]) for line in lines)
        trajectory = Trajectory.of_steps(
            origin.name(name),
            problem.id,
            [{"text": step_text(line), "role": "act", "kind": "q"} for line in lines],
            provenance=origin.provenance(
                "documentation", page=page, replayable=[bool(line["auto_testable"]) for line in lines]
            ),
        )
        return (Sample(problem, trajectory, None),)


def typed_lines(row: Row) -> list[dict[str, Json]]:
    """The lines of a block that were typed at the q prompt.

    Raises:
        RecordError: There is no list of lines, or a line lacks a field.
    """
    found = value(row, "interactions")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise fault(row, "expected a list of lines", "take the row from the published file", "interactions")
    typed = [one for one in found if "other_prompt" not in one]
    for number, one in enumerate(typed):
        for name in ("code", "output_clean"):
            if not isinstance(one.get(name), str):
                raise fault(row, f"line {number} has no text {name!r}", "write a string", "interactions")
        if not isinstance(one.get("auto_testable"), bool):
            raise fault(
                row, f"line {number}: auto_testable is no bool", "write true or false", "interactions"
            )
    return typed


def step_text(line: dict[str, Json]) -> str:
    """A line and its print as a console shows them."""
    shown = str(line["output_clean"])
    return f"q){line['code']}\n{shown}" if shown else f"q){line['code']}"


SOURCE = Source(card=CARD, parse=Reader(), joined=Reader)
