"""Programs for prmkit: the plug-in record and nothing else."""

from __future__ import annotations

from prmkit.plugins import DomainPlugin, Tool
from prmkit_code.suites import SUITES

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
        "mbpp_plus_runs": f"{_DATA}.mbpp_plus_runs:SOURCE",
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
    verifiers={
        "compiles": f"{_VERIFY}.compiles:Compiles",
        "tests": f"{_VERIFY}.tests:Tests",
        "examples": f"{_VERIFY}.tests:Examples",
        "values": f"{_VERIFY}.values:Values",
        "covers": f"{_VERIFY}.values:Covers",
        "equivalent": f"{_VERIFY}.equivalent:Equivalent",
        "necessary": f"{_VERIFY}.necessary:Necessary",
        "first_wrong": f"{_VERIFY}.first_wrong:FirstWrong",
        "test_quality": f"{_VERIFY}.quality:TestQuality",
        "asserts": f"{_VERIFY}.quality:Asserts",
    },
    mutators={
        "operator": "prmkit_code.mutators:operator",
        "comparison": "prmkit_code.mutators:comparison",
        "constant": "prmkit_code.mutators:constant",
        "variable": "prmkit_code.mutators:variable",
        "truncation": "prmkit_code.mutators:truncation",
    },
    tasks="prmkit_code.tasks:generate",
    parts={
        "task": {
            "read": "prmkit_code.tasks:read_solution",
            "truth": "prmkit_code.tasks:truth",
            "kinds": "prmkit_code.tasks:error_kinds",
            "answer": "prmkit_code.tasks:answer_of",
        }
    },
    grader="prmkit_code.grade:grade",
    suites=SUITES,
    examples="prmkit_code.examples:load",
    tools=(Tool("bubblewrap", program="bwrap", install="apt-get install bubblewrap"),),
    prm="",
)
