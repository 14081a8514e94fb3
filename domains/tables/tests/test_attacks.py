"""Hostile SQL: every payload is refused or stopped, on both engines, with the gate and without it."""

import time

import pytest

from prmkit.types import Code, Problem, Trajectory, Verdict
from prmkit_tables.sql import duck, sqlite
from prmkit_tables.sql.gate import GateError, admit
from prmkit_tables.sql.resolve import resolve
from prmkit_tables.sql.result import SqlLimits
from prmkit_tables.sql.run import run
from prmkit_tables.sql.schema import columns
from prmkit_tables.table import Table
from prmkit_tables.verifiers.sql import Sql

TABLE = Table(("name", "kg"), tuple((f"n{at}", str(at)) for at in range(60)), "t")
TABLES = {"t": TABLE}
SCHEMA = {"t": columns(TABLE)}
LIMITS = SqlLimits(seconds=0.4, instructions=4_000_000)
SECRET = "q8zx-secret"

FILES = (
    "SELECT * FROM read_csv('{file}')",
    "SELECT * FROM read_csv_auto('{file}', header=false)",
    "SELECT content FROM read_text('{file}')",
    "SELECT * FROM read_blob('{file}')",
    "SELECT * FROM read_json('{file}')",
    "SELECT * FROM read_parquet('{file}')",
    "SELECT * FROM sniff_csv('{file}')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM '{file}'",
    'SELECT * FROM "{file}"',
    "SELECT readfile('{file}')",
    "SELECT load_extension('{file}')",
    "SELECT getenv('HOME')",
    "FROM '{file}'",
)
WRITES = (
    "COPY t TO '{folder}/out.csv'",
    "COPY (SELECT * FROM t) TO '{folder}/out.parquet' (FORMAT parquet)",
    "COPY t FROM '{file}'",
    "EXPORT DATABASE '{folder}/dump'",
    "IMPORT DATABASE '{folder}/dump'",
    "ATTACH '{folder}/new.db' AS x",
    "ATTACH DATABASE 'file:{folder}/new.db?mode=rwc' AS x",
    "VACUUM INTO '{folder}/copy.db'",
    "SELECT writefile('{folder}/out.txt', 'x')",
    "SELECT * FROM t INTO OUTFILE '{folder}/out.txt'",
    ".output {folder}/out.txt",
)
SETTINGS = (
    "INSTALL httpfs",
    "LOAD '{file}'",
    "INSTALL x FROM 'http://127.0.0.1:9/'",
    "SET enable_external_access = true",
    "SET memory_limit = '100GB'",
    "RESET lock_configuration",
    "PRAGMA enable_external_access = true",
    "PRAGMA database_list",
    "PRAGMA writable_schema = 1",
    "CREATE SECRET (TYPE s3)",
)
CHANGES = (
    "DROP TABLE t",
    "DELETE FROM t",
    "UPDATE t SET kg = 0",
    "INSERT INTO t VALUES ('x', 1)",
    "CREATE TABLE u AS SELECT * FROM t",
    "CREATE VIEW v AS SELECT * FROM t",
    "CREATE TEMP TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE v USING fts5(x)",
    "ALTER TABLE t RENAME TO u",
    "REPLACE INTO t VALUES ('x', 1)",
    "SELECT * INTO u FROM t",
    "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
    "BEGIN",
    "CALL pragma_version()",
    "EXPLAIN SELECT 1",
)
SEVERAL = (
    "SELECT 1; DROP TABLE t",
    "SELECT 1; SELECT 2",
    "SELECT kg FROM t; ATTACH '{folder}/new.db' AS x; SELECT 1",
    "SELECT 1 -- \n; DELETE FROM t",
    "SELECT '\\'; DELETE FROM t; --'",
)
INNER = (
    "SELECT * FROM sqlite_master",
    "SELECT sql FROM sqlite_schema",
    "SELECT * FROM pragma_table_info('t')",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT current_setting('memory_limit')",
    "SELECT * FROM main.t",
    "SELECT fts3_tokenizer('simple')",
    "SELECT sqlite_compileoption_get(1)",
    "SELECT ?",
    "SELECT :name",
)
BOMBS = (
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
    "WITH RECURSIVE c(x) AS (SELECT 'ab' UNION ALL SELECT x || x FROM c) SELECT length(x) FROM c",
    "SELECT count(*) FROM t a, t b, t c, t d, t e, t f",
    "SELECT a.kg FROM t a, t b, t c, t d, t e, t f ORDER BY b.kg * c.kg * d.kg * e.kg * f.kg",
    "SELECT group_concat(a.name) FROM t a, t b, t c, t d, t e",
    "SELECT DISTINCT a.kg + b.kg * 61 + c.kg * 3721 + d.kg * 226981 + e.kg * 9 FROM t a, t b, t c, t d, t e",
    "SELECT sum(a.kg) OVER (ORDER BY b.kg) FROM t a, t b, t c, t d, t e",
    "SELECT count(*) FROM t a, t b, t c, t d, t e, t f, t g, t h, t i",
    "SELECT zeroblob(2000000000)",
    "SELECT hex(randomblob(900000000))",
    "SELECT printf('%.*c', 1000000000, 'x')",
    "SELECT repeat('x', 2000000000)",
    "SELECT lpad('x', 2000000000, 'y')",
    "SELECT replace(replace(replace(name, 'n', 'nnnnnnnnnn'), 'n', 'nnnnnnnnnn'), 'n', 'nnnnnnnnnn') FROM t",
    "SELECT * FROM generate_series(1, 100000000000)",
    "SELECT count(*) FROM range(100000000000000)",
    "SELECT unnest(range(1000000000))",
    "SELECT " + "(" * 3000 + "1" + ")" * 3000,
    "SELECT " + " + ".join(["1"] * 30_000),
    "SELECT 1" + " UNION ALL SELECT 1" * 3_000,
    "SELECT " + "- " * 3_000 + "kg FROM t",
    "SELECT " + " + ".join(["kg"] * 700) + " FROM t",
    "SELECT " + "CASE WHEN " * 700 + "kg" + " THEN 1 END" * 700 + " FROM t",
    "SELECT " + "NOT " * 1_900 + "kg FROM t",
    "SELECT kg FROM t WHERE kg IN (" + ",".join(map(str, range(50_000))) + ")",
    "SELECT name FROM t WHERE name LIKE '" + "%a" * 2_000 + "'",
    "SELECT 'x" + "y" * 100_000 + "'",
    "SELECT 1\x00; DROP TABLE t",
)
EVERY = (*FILES, *WRITES, *SETTINGS, *CHANGES, *SEVERAL, *INNER, *BOMBS)
SLOWEST = 6.0
"""Seconds a payload may take on a busy machine; limits are far below."""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "secret.csv").write_text(SECRET)
    yield tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"], "something was written"
    assert (tmp_path / "secret.csv").read_text() == SECRET


def filled(payload, place):
    return payload.replace("{file}", str(place / "secret.csv")).replace("{folder}", str(place))


def test_there_are_enough():
    assert len(set(EVERY)) == len(EVERY) >= 80


@pytest.mark.parametrize("payload", EVERY, ids=lambda payload: payload[:50])
def test_the_gate_and_the_engine_stop_it(payload, place):
    begun = time.monotonic()
    try:
        ran = run(admit(filled(payload, place), SCHEMA), TABLES, LIMITS)
    except GateError:
        status, rows = "refused", ()
    else:
        status, rows = ran.status, ran.rows
    assert status in ("refused", "stopped", "error")
    assert SECRET not in str(rows)
    assert time.monotonic() - begun < SLOWEST


@pytest.mark.parametrize("payload", EVERY, ids=lambda payload: payload[:50])
def test_sqlite_alone_stops_it(payload, place):
    """The lock holds without the gate: payloads go to the engine as they are."""
    begun, before = time.monotonic(), sqlite.resident()
    ran = sqlite.run(filled(payload, place), TABLES, LIMITS)
    harmless = payload in ("EXPLAIN SELECT 1", "SELECT * FROM main.t")
    assert ran.status in ("refused", "stopped", "error") or harmless, ran
    assert SECRET not in str(ran.rows)
    assert time.monotonic() - begun < SLOWEST
    assert sqlite.resident() - before < 2 * LIMITS.memory


@pytest.mark.parametrize(
    "payload", [*FILES, *WRITES, *SETTINGS, *BOMBS[:9], *BOMBS[15:17]], ids=lambda payload: payload[:50]
)
def test_duckdb_alone_stops_it(payload, place):
    """What could leave the process or use it up; changes to its private tables are the gate's to refuse.

    Not here: lists and texts of gigabytes that one function makes at once (``unnest(range(1000000000))``,
    ``repeat``). DuckDB's memory limit does not see them coming; only the gate keeps them out.
    """
    begun = time.monotonic()
    ran = duck.execute(filled(payload, place), TABLES, LIMITS)
    tame = payload in ("PRAGMA database_list",)
    assert ran.status in ("refused", "stopped", "error") or tame, ran
    assert SECRET not in str(ran.rows)
    assert time.monotonic() - begun < SLOWEST


def test_the_next_query_sees_nothing_of_the_last(place):
    for payload in ("DROP TABLE t", "UPDATE t SET kg = 0", *BOMBS[:2]):
        sqlite.run(payload, TABLES, LIMITS)
        duck.execute(payload, TABLES, LIMITS)
        query = admit("SELECT max(kg) FROM t", SCHEMA)
        assert run(query, TABLES).rows == ((59,),)
        assert duck.run(query, TABLES).rows == ((59.0,),)


@pytest.mark.parametrize("payload", EVERY, ids=lambda payload: payload[:50])
def test_the_verifier_says_unknown(payload, place):
    problem = Problem(
        "p", "?", context={"table": {"columns": ["name", "kg"], "rows": [["a", "1"]], "name": "t"}}
    )
    text = f"```sql\n{filled(payload, place)}\n```"
    (finding,) = Sql().check(problem, Trajectory.of_steps("t", "p", [text]))
    if payload in (*BOMBS[:9], "SELECT ?", "SELECT :name"):
        # On a table of one row the small ones end.
        assert finding.verdict is not Verdict.FAILS
    else:
        assert finding.verdict is Verdict.UNKNOWN
        assert finding.code is not Code.CRASH


def test_a_misspelt_quoted_name_is_no_text():
    """SQLite would take it for a text, compare it, and hold."""
    for query in (
        'SELECT "kgs" FROM t',
        'SELECT name FROM t WHERE "kgs" > 3',
        'SELECT name FROM t ORDER BY "kgs"',
    ):
        ran = sqlite.run(admit(query, SCHEMA).sql("sqlite"), TABLES)
        with pytest.raises(GateError, match="kgs"):
            resolve(query, SCHEMA)
        assert ran.status in ("ok", "error")
    held = run(admit('SELECT kg FROM t WHERE name = "n7"', SCHEMA), TABLES)
    assert held.rows == ((7,),)
