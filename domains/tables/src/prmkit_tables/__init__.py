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
    grader="prmkit_tables.grade:grade",
    suites=SUITES,
    tools=(
        Tool("sqlglot", module="sqlglot", install="pip install sqlglot"),
        Tool("duckdb", module="duckdb", install="pip install duckdb"),
    ),
    workflow="",
    policy="",
    prm="",
)
