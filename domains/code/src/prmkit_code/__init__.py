"""Programs for prmkit: the plug-in record and nothing else."""

from __future__ import annotations

from prmkit.plugins import DomainPlugin

_DATA = "prmkit_code.data"
_VERIFY = "prmkit_code.verifiers"

plugin = DomainPlugin(
    name="code",
    summary="Programs, checked by running them in a sandbox.",
    package="prmkit_code",
    datasets={
        "humaneval": f"{_DATA}.humaneval:SOURCE",
        "humaneval_10_runs": f"{_DATA}.humaneval_runs:SOURCE",
        "humaneval_codegen16b_100": f"{_DATA}.codegen:SOURCE",
        "humaneval_generated_tests": f"{_DATA}.generated_tests:SOURCE",
        "humanevalpack_python": f"{_DATA}.humanevalpack:SOURCE",
        "mbpp_test": f"{_DATA}.mbpp:TEST_SOURCE",
        "mbpp_train": f"{_DATA}.mbpp:TRAIN_SOURCE",
        "mbpp_plus": f"{_DATA}.mbpp_plus:SOURCE",
        "mr_ben_coding": f"{_DATA}.mr_ben:SOURCE",
        "quixbugs": f"{_DATA}.quixbugs:SOURCE",
        "reflexion_humaneval": f"{_DATA}.reflexion:HUMANEVAL",
        "reflexion_mbpp": f"{_DATA}.reflexion:MBPP",
    },
    segmenters={
        "statement": "prmkit_code.segmenters:by_statement",
        "line": "prmkit_code.segmenters:by_code_line",
        "program": "prmkit_code.segmenters:by_program",
    },
)
