"""Tables and SQL for prmkit: the plug-in record and nothing else."""

from __future__ import annotations

from prmkit.plugins import DomainPlugin, Tool
from prmkit_tables.suites import SUITES

_DATA = "prmkit_tables.data"
_VERIFY = "prmkit_tables.verifiers"

plugin = DomainPlugin(
    name="tables",
    summary="Claims about tables, SQL, formulas and programs, checked against the table.",
    package="prmkit_tables",
    datasets={
        "fetaqa_dev": f"{_DATA}.fetaqa:SOURCE",
        "hitab_dev": f"{_DATA}.hitab:SOURCE",
        "sql_create_context_sample": f"{_DATA}.sql_create_context:SOURCE",
        "tabfact_val": f"{_DATA}.tabfact:SOURCE",
        "tabmwp_pot_outputs": f"{_DATA}.tabmwp:SOURCE",
        "wtq_train": f"{_DATA}.wtq:SOURCE",
    },
    segmenters={
        "block": "prmkit_tables.segment:by_block",
        "sentence": "prmkit_tables.segment:by_sentence_block",
        "statement": "prmkit_tables.segment:by_statement",
        "line": "prmkit.segment:by_line",
    },
    verifiers={
        "retrieval": f"{_VERIFY}.retrieval:Retrieval",
        "schema": f"{_VERIFY}.schema:SchemaClaims",
        "sql": f"{_VERIFY}.sql:Sql",
        "computation": f"{_VERIFY}.computation:Computation",
        "sentence": f"{_VERIFY}.sentence:Sentence",
        "formula": f"{_VERIFY}.formula:Formula",
        "literals": f"{_VERIFY}.literals:Literals",
        "program": f"{_VERIFY}.program:RunProgram",
        "question": f"{_VERIFY}.question:Question",
        "running": f"{_VERIFY}.generated:Running",
        "conclusion": f"{_VERIFY}.generated:Conclusion",
        "final_answer": f"{_VERIFY}.final_answer:FinalAnswer",
    },
    mutators={
        "wrong_cell": "prmkit_tables.mutators:wrong_cell",
        "wrong_result": "prmkit_tables.mutators:wrong_result",
        "wrong_name": "prmkit_tables.mutators:wrong_name",
        "wrong_column": "prmkit_tables.mutators:wrong_column",
        "flipped_truth": "prmkit_tables.mutators:flipped_truth",
    },
    tasks="prmkit_tables.tasks:generate",
    parts={
        "task": {
            "read": "prmkit_tables.tasks:read_solution",
            "truth": "prmkit_tables.tasks:truth",
            "kinds": "prmkit_tables.tasks:error_kinds",
        }
    },
    grader="prmkit_tables.grade:grade",
    suites=SUITES,
    examples="prmkit_tables.examples:load",
    tools=(
        Tool("sqlglot", module="sqlglot", install="pip install sqlglot"),
        Tool("duckdb", module="duckdb", install="pip install duckdb"),
    ),
    prm="",
)
