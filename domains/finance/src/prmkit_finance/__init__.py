"""Financial programs, ratios, statements, trading rules, recomputed. The plug-in record and nothing else."""

from __future__ import annotations

from prmkit.plugins import DomainPlugin
from prmkit_finance.suites import SUITES

_DATA = "prmkit_finance.data"
_VERIFY = "prmkit_finance.verifiers"
_MUTATE = "prmkit_finance.mutators"
_MARKET = "prmkit_finance.market.mutators"

plugin = DomainPlugin(
    name="finance",
    summary="Financial programs, ratios, statements and trading rules, recomputed.",
    package="prmkit_finance",
    datasets={
        "cflue": f"{_DATA}.cflue:SOURCE",
        "convfinqa_dev": f"{_DATA}.convfinqa:SOURCE",
        "djia_daily_prices": f"{_DATA}.daily_prices:SOURCE",
        "tatqa_dev": f"{_DATA}.tatqa:SOURCE",
        "tatqa_model_outputs": f"{_DATA}.tatqa_outputs:SOURCE",
    },
    segmenters={
        "statement": "prmkit_finance.steps:by_statement",
        "auto": "prmkit.segment:by_auto",
        "line": "prmkit.segment:by_line",
        "sentence": "prmkit.segment:by_sentence",
    },
    verifiers={
        "calculation": f"{_VERIFY}.calculation:Calculation",
        "derivation": f"{_VERIFY}.derivation:Derivation",
        "program": f"{_VERIFY}.program:Programs",
        "cells": f"{_VERIFY}.cells:Cells",
        "procedure": f"{_VERIFY}.procedure:Procedure",
        "units": f"{_VERIFY}.units:Units",
        "ratio": f"{_VERIFY}.ratio:Ratio",
        "knowledge": f"{_VERIFY}.knowledge:Facts",
        "factor": f"{_VERIFY}.factor:Factor",
        "backtest": f"{_VERIFY}.backtest:BackTestFigures",
        "books": f"{_VERIFY}.books:Books",
        "closing": f"{_VERIFY}.books:Closing",
        "final_answer": f"{_VERIFY}.final_answer:FinalAnswer",
    },
    mutators={
        "wrong_result": f"{_MUTATE}:wrong_result",
        "wrong_cell": f"{_MUTATE}:wrong_cell",
        "swapped_operands": f"{_MUTATE}:swapped_operands",
        "wrong_operation": f"{_MUTATE}:wrong_operation",
        "wrong_scale": f"{_MUTATE}:wrong_scale",
        "future_shift": f"{_MARKET}:future_shift",
        "wrong_figure": f"{_MARKET}:wrong_figure",
        "other_figure": f"{_MARKET}:other_figure",
    },
    tasks="prmkit_finance.tasks:generate",
    parts={
        "task": {
            "read": "prmkit_finance.tasks:read_solution",
            "truth": "prmkit_finance.tasks:truth",
            "kinds": "prmkit_finance.tasks:error_kinds",
        }
    },
    grader="prmkit_finance.grade:grade",
    suites=SUITES,
    examples="prmkit_finance.examples:load",
)
