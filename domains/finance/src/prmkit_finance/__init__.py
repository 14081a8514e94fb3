"""Financial programs, ratios, statements, trading rules, recomputed. The plug-in record and nothing else."""

from __future__ import annotations

from prmkit.plugins import DomainPlugin
from prmkit_finance.suites import SUITES

_DATA = "prmkit_finance.data"
_VERIFY = "prmkit_finance.verifiers"

plugin = DomainPlugin(
    name="finance",
    summary="Financial programs, ratios, statements and trading rules, recomputed.",
    package="prmkit_finance",
    datasets={
        "cflue": f"{_DATA}.cflue:SOURCE",
        "convfinqa_dev": f"{_DATA}.convfinqa:SOURCE",
        "tatqa_dev": f"{_DATA}.tatqa:SOURCE",
        "tatqa_model_outputs": f"{_DATA}.tatqa_outputs:SOURCE",
    },
    segmenters={
        "statement": "prmkit_finance.steps:by_statement",
        "auto": "prmkit.segment:by_auto",
        "line": "prmkit.segment:by_line",
        "sentence": "prmkit.segment:by_sentence",
    },
    grader="prmkit_finance.grade:grade",
    suites=SUITES,
    policy="",
    prm="",
)
