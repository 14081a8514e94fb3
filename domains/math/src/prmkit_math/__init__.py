"""Mathematics for prmkit: the plug-in record and nothing else."""

from __future__ import annotations

from prmkit.plugins import DomainPlugin, Tool
from prmkit_math.suites import SUITES

_DATA = "prmkit_math.data"
_VERIFY = "prmkit_math.verifiers"

plugin = DomainPlugin(
    name="math",
    summary="Arithmetic, algebra, units and logic, checked by exact tools.",
    package="prmkit_math",
    datasets={
        "big_bench_mistake": f"{_DATA}.big_bench_mistake:SOURCE",
        "deltabench_examples": f"{_DATA}.deltabench:SOURCE",
        "game24_gpt4": f"{_DATA}.game24:SOURCE",
        "gsm8k": f"{_DATA}.gsm8k:SOURCE",
        "gsm8k_test": f"{_DATA}.gsm8k:TEST",
        "gsm8k_model_solutions": f"{_DATA}.gsm8k_solutions:SOURCE",
        "math500_aime": f"{_DATA}.math_problems:SOURCE",
        "math_bo8_rm_scored": f"{_DATA}.math_bo8:SOURCE",
        "mr_ben": f"{_DATA}.mr_ben:SOURCE",
        "mr_gsm8k_subset": f"{_DATA}.mr_gsm8k:SOURCE",
        "mr_math": f"{_DATA}.mr_math:SOURCE",
        "mr_math_redundant": f"{_DATA}.mr_math:REDUNDANT",
        "mr_math_perturbed": f"{_DATA}.mr_math:PERTURBED",
        "prm800k_phase1": f"{_DATA}.prm800k:SOURCE",
        "prm800k_phase1_test": f"{_DATA}.prm800k:TEST",
        "prmbench": f"{_DATA}.prmbench:SOURCE",
        "processbench_half": f"{_DATA}.processbench:SOURCE",
        "prontoqa": f"{_DATA}.prontoqa:SOURCE",
        "roscoe_chain_labels": f"{_DATA}.roscoe:SOURCE",
        "scan_base_sample": f"{_DATA}.scan:SOURCE",
        "thoughtsource_general": f"{_DATA}.thoughtsource:SOURCE",
    },
    segmenters={
        "auto": "prmkit.segment:by_auto",
        "line": "prmkit.segment:by_line",
        "blank_line": "prmkit.segment:by_blank_line",
        "number": "prmkit.segment:by_number",
        "sentence": "prmkit.segment:by_sentence",
        "thought": "prmkit.segment:by_thought",
    },
    verifiers={
        "arithmetic": f"{_VERIFY}.arithmetic:Arithmetic",
        "annotation": f"{_VERIFY}.annotation:Annotation",
        "expression_chain": f"{_VERIFY}.expression_chain:ExpressionChain",
        "units": f"{_VERIFY}.units:Units",
        "symbolic": f"{_VERIFY}.symbolic:Symbolic",
        "linear": f"{_VERIFY}.linear:LinearSystems",
        "logic": f"{_VERIFY}.logic:Logic",
        "ordering": f"{_VERIFY}.ordering:Ordering",
        "swaps": f"{_VERIFY}.swaps:Swaps",
        "brackets": f"{_VERIFY}.brackets:Brackets",
        "structure": f"{_VERIFY}.structure:Structure",
        "statements": f"{_VERIFY}.structure:Statements",
        "final_answer": f"{_VERIFY}.final_answer:FinalAnswer",
    },
    mutators={
        "wrong_result": "prmkit_math.mutators:wrong_result",
        "wrong_operator": "prmkit_math.mutators:wrong_operator",
        "swapped_operands": "prmkit_math.mutators:swapped_operands",
        "flipped_negation": "prmkit_math.mutators:flipped_negation",
    },
    tasks="prmkit_math.tasks:generate",
    parts={
        "task": {
            "read": "prmkit_math.tasks:read_solution",
            "truth": "prmkit_math.tasks:truth",
            "kinds": "prmkit_math.tasks:error_kinds",
        }
    },
    grader="prmkit_math.grade:grade",
    suites=SUITES,
    examples="prmkit_math.examples:load",
    tools=(
        Tool("math-verify", module="math_verify", install="pip install math-verify"),
        Tool("pint", module="pint", install="pip install pint"),
        Tool("sympy", module="sympy", install="pip install sympy"),
        Tool("z3", module="z3", install="pip install z3-solver"),
    ),
)
