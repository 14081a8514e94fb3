"""The q language for prmkit: the plug-in record, and ``Session``, the embedded interpreter."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from prmkit.plugins import DomainPlugin
from prmkit_qlang.suites import SUITES

if TYPE_CHECKING:
    from prmkit_qlang.engine.session import Session

__all__ = ["Session", "plugin"]

_DATA = "prmkit_qlang.data"
_VERIFY = "prmkit_qlang.verifiers"

plugin = DomainPlugin(
    name="qlang",
    summary="Programs and claims in q, checked by an embedded interpreter.",
    package="prmkit_qlang",
    datasets={
        "kx_doc_pages": f"{_DATA}.doc_pages:SOURCE",
        "kx_docs_examples": f"{_DATA}.docs_examples:SOURCE",
        "kx_docs_planted": f"{_DATA}.docs_planted:SOURCE",
        "q_humaneval": f"{_DATA}.humaneval:SOURCE",
        "q_humaneval_verdicts": f"{_DATA}.humaneval_verdicts:SOURCE",
    },
    segmenters={
        "statement": "prmkit_qlang.segmenters:by_statement",
        "line": "prmkit_qlang.segmenters:by_code_line",
        "claim": "prmkit_qlang.segmenters:by_claim",
    },
    verifiers={
        "evaluates": f"{_VERIFY}.evaluates:Evaluates",
        "value": f"{_VERIFY}.value:Value",
        "error": f"{_VERIFY}.error:Error",
        "equivalent": f"{_VERIFY}.equivalent:Equivalent",
        "tests": f"{_VERIFY}.tests:Tests",
        "unused": f"{_VERIFY}.unused:Unused",
    },
    mutators={
        "operator": "prmkit_qlang.mutators:operator",
        "constant": "prmkit_qlang.mutators:constant",
        "keyword": "prmkit_qlang.mutators:keyword",
        "dropped": "prmkit_qlang.mutators:dropped",
        "turned": "prmkit_qlang.mutators:turned",
        "iterator": "prmkit_qlang.mutators:iterator",
        "claim": "prmkit_qlang.mutators:claim",
    },
    tasks="prmkit_qlang.tasks:generate",
    parts={
        "task": {
            "read": "prmkit_qlang.tasks:read_solution",
            "truth": "prmkit_qlang.tasks:truth",
            "kinds": "prmkit_qlang.tasks:error_kinds",
            "answer": "prmkit_qlang.tasks:answer_of",
        }
    },
    grader="prmkit_qlang.grade:grade",
    suites=SUITES,
    examples="prmkit_qlang.examples:load",
    prm="",
)


def __getattr__(name: str) -> Any:
    """``Session`` is loaded when it is asked for: listing the domain stays light."""
    if name == "Session":
        return import_module("prmkit_qlang.engine.session").Session
    raise AttributeError(name)
