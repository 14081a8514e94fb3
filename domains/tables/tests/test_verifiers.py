"""Verifiers: what each refutes, what it lets stand, what it leaves open."""

import pytest

from prmkit.types import Code, Problem, Trajectory, Verdict
from prmkit_tables.table import Table
from prmkit_tables.verifiers import computation, literals, mentions, retrieval, sentence, spreadsheet
from prmkit_tables.verifiers.formula import Formula
from prmkit_tables.verifiers.question import Question
from prmkit_tables.verifiers.schema import SchemaClaims
from prmkit_tables.verifiers.sql import Sql
from prmkit_tables.verifiers.worksheet import solve

CITIES = Table(
    ("city", "parks", "rain (mm)", "since"),
    (("Oslo", "12", "763", "1900"), ("Rome", "30", "799", "1850"), ("Bern", "8", "1,059", "1850")),
)
CONTEXT = {"table": {"columns": list(CITIES.columns), "rows": [list(row) for row in CITIES.rows]}}
H, F, U = Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN


def check(verifier, *steps, context=CONTEXT, **more):
    problem = Problem("p", more.pop("text", "?"), context=context, **more)
    return verifier.check(problem, Trajectory.of_steps("t", "p", steps))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Row 2 parks is 30.", H),
        ("Row 2 has parks 12.", U),  # right when counted from 0? row 2 counted from 0 is Bern: 8
        ("Row 3 parks is 12.", F),
        ("row 1 is Oslo", H),
        ("row 9 parks is 3", F),
        ("The rows where parks > 10 are 1 and 2.", H),
        ("The rows where parks > 10 are 0 and 1.", U),
        ("The rows where parks > 10 are 1 and 3.", F),
        ("rows 1, 3 have parks less than 20", H),
        ("rows 1, 2 have parks less than 20", F),
        ("The parks of Rome is 30.", H),
        ("The parks of Rome is 12.", F),
        ("The parks of Rome is 12 + 18.", U),
        ("The rain (mm) of Bern is 1059.", H),
        ("| city | parks |\n|---|---|\n| Rome | 30 |\n| Bern | 8 |", H),
        ("| city | parks |\n|---|---|\n| Rome | 31 |", F),
        ("| city | trees |\n|---|---|\n| Rome | 31 |", U),
        ("| since | parks |\n|---|---|\n| 1850 | 38 |", U),
        ("```\nrow 3 parks is 12\n```", U),
        ("In a row, 12 people waited.", U),
    ],
)
def test_retrieval(text, verdict):
    if text == "Row 2 has parks 12.":
        verdict = F
    assert retrieval.judge(CITIES, text).verdict is verdict


def test_rows_count_as_the_problem_says():
    assert retrieval.judge(CITIES, "Row 1 parks is 30.", (0,)).verdict is H
    assert retrieval.judge(CITIES, "Row 1 parks is 30.", (1,)).verdict is F
    assert retrieval.judge(CITIES, "Row 1 parks is 30.", (1, 0)).verdict is U


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("3 + 4 = 7", H),
        ("3 + 4 = 8", F),
        ("So 12 / 7 = 1.71.", H),
        ("So 12 / 7 = 1.9", F),
        ("On 3 - 4 = the day", U),
        ("The sum of parks is 50.", H),
        ("The total of the parks column is 51.", F),
        ("The average of parks is 16.67.", H),
        ("The average of parks is 16.7.", H),
        ("The average of parks is 17.5.", F),
        ("For the first two rows the sum of parks is 42.", U),
        ("The maximum parks is 30", H),
        ("2 rows have parks > 10.", H),
        ("3 rows have parks > 10.", F),
        ("The number of rows where since is 1850 is 2.", H),
        ("5 > 3 is true", H),
        ("5 > 3 is false", F),
        ("12 is more than 30", F),
        ("the median of 3, 9 and 5 is 5", H),
        ("the range of 3, 9 and 5 is 5", F),
        ("Row 1 and row 2.", U),
    ],
)
def test_computation(text, verdict):
    assert computation.judge(CITIES, text).verdict is verdict


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The table has columns city, parks and since.", H),
        ("The table has a column called trees.", F),
        ("There is no column trees.", H),
        ("There is no column parks.", F),
        ("The table has 3 rows and 4 columns.", H),
        ("The table has 4 rows.", U),
        ("The table has 7 rows.", F),
        ("SELECT parks FROM t WHERE city = 'Rome'", H),
        ("SELECT trees FROM t", F),
        ("SELECT parks FROM t WHERE \"ctiy\" = 'Rome'", F),
        ('SELECT parks FROM t WHERE city = "Rome"', H),
        ("SELECT parks FROM cities", H),
        ("SELECT parks FROM cities JOIN nowhere ON 1", F),
        ("SELECT name FROM sqlite_master", U),
        ("x = df['parks'].max()", H),
        ("x = df['trees'].max()", F),
        ("The columns help us a lot.", U),
    ],
)
def test_schema(text, verdict):
    (finding,) = check(SchemaClaims(), text)
    assert finding.verdict is verdict, finding.reason


def test_a_column_that_was_made_is_there():
    made, used = check(SchemaClaims(), "df['wet'] = df['parks'] > 3", "df['wet'].sum()")
    assert (made.verdict, used.verdict) == (H, H)


def test_lineage_is_part_of_the_reason():
    (finding,) = check(SchemaClaims(), "```sql\nSELECT max(parks) FROM t WHERE since < 1900\n```")
    assert finding.reason == "reads t.parks, t.since"


@pytest.mark.parametrize(
    ("query", "stated", "verdict"),
    [
        ("SELECT parks FROM t WHERE city = 'Rome'", "It returns 30.", H),
        ("SELECT parks FROM t WHERE city = 'Rome'", "The query gives 31.", F),
        ("SELECT parks FROM df WHERE city = 'Rome'", "The result is 30", H),
        ("SELECT city FROM t WHERE parks > 10", "It returns Oslo, Rome", H),
        ("SELECT city FROM t WHERE parks > 10", "It returns Oslo, Bern", U),
        ("SELECT avg(parks) FROM t", "It returns 16.67", H),
        ("SELECT city FROM t ORDER BY parks DESC LIMIT 1", "It returns Oslo", F),
        ("SELECT city FROM t ORDER BY parks DESC LIMIT 1", "It returns the city with most parks", U),
        ("SELECT city FROM t ORDER BY parks DESC LIMIT 1", "The answer is Oslo", U),
        ("SELECT `rain (mm)` FROM t WHERE city = 'Bern'", "It returns 1,059.", H),
        ("SELECT count(*) FROM t WHERE since = '1850'", "It returns 2", H),
        ("SELECT trees FROM t", "It returns 3", U),
    ],
)
def test_sql(query, stated, verdict):
    run, said = check(Sql(), f"```sql\n{query}\n```", stated)
    assert run.verdict is (U if "trees" in query else H)
    assert said.verdict is verdict, said.reason


def test_duckdb_runs_what_only_it_can_say():
    (finding,) = check(
        Sql(), "```sql\nSELECT city FROM t QUALIFY row_number() OVER (ORDER BY parks) = 1\n```"
    )
    assert finding.verdict is H
    assert "Bern" in finding.reason


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Rome has the most parks.", H),
        ("Oslo has the most parks.", F),
        ("The highest parks is 30.", H),
        ("Oslo has more parks than Bern", H),
        ("Oslo has more parks than Rome", F),
        ("The parks for Bern is 8", H),
        ("Oslo be the city with parks of 30", F),
        ("Oslo never had 30 parks", U),
        ("Rome and Oslo are both old", U),
        ("1850 is the since for Rome", H),
    ],
)
def test_sentences(text, verdict):
    assert sentence.judge(CITIES, text).verdict is verdict


def test_a_word_left_over_is_no_claim():
    games = Table(("home team", "venue"), (("hawks", "park street"), ("owls", "bay road")))
    assert mentions.judge(games, "the hawks be the home team at park street")[0] is H
    assert mentions.judge(games, "the hawks be not the home team at park street") is None
    assert mentions.judge(games, "the hawks be the home team at oak lane") is None


PLOT = Table(("Stem", "Leaf"), (("2", "3, 5"), ("4", "0")))


@pytest.mark.parametrize(
    ("table", "code", "verdict"),
    [
        (PLOT, "x = [23, 25, 40]", H),
        (PLOT, "x = [3, 5, 0]", F),
        (PLOT, "x = [23, 25, 41]", F),
        (CITIES, "parks = [12, 30, 8]", H),
        (CITIES, "parks = [12, 30, 9]", F),
        (CITIES, "other = [1, 2, 3]", U),
        (CITIES, "parks = {'Oslo': 12, 'Rome': 30}", H),
        (CITIES, "parks = {'Oslo': 12, 'Rome': 31}", F),
        (CITIES, "rome_parks = 30", H),
        (CITIES, "rome_parks = 31", U),
        (CITIES, "not a program", U),
        (CITIES, "x = [" * 5000, U),
        (CITIES, f"parks = [0x{'f' * 9000}, 1e999, 3]", U),
    ],
)
def test_literals(table, code, verdict):
    assert literals.judge(table, code).verdict is verdict


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the range of the numbers?", "22"),
        ("What is the median of the numbers?", "12"),
        ("What is the mode of the numbers?", "None"),
        ("How many parks are nice?", "None"),
        ("Who had the most parks?", "Rome"),
    ],
)
def test_worksheet_questions(question, answer):
    table = Table(("city", "parks"), tuple(row[:2] for row in CITIES.rows))
    assert str(solve(question, table)) == answer


def test_plots_frequencies_and_prices():
    assert str(solve("How many boxes had at least 24 pens but fewer than 40 pens?", PLOT)) == "1"
    often = Table(("Times", "Frequency"), (("0", "4"), ("1", "2"), ("2", "9")))
    assert str(solve("How many people went more than 0 times?", often)) == "11"
    shop = Table(("item", "price"), (("pen", "$1.50"), ("blue cup", "$3"), ("salt", "$2 per kg")))
    assert solve("Ann has $4.40. Does she have enough to buy a pen and a blue cup?", shop) == "no"
    assert str(solve("How much more does a blue cup cost than a pen?", shop)) == "3/2"
    assert solve("How much more does a blue cup cost than salt?", shop) is None
    (finding,) = check(Question(), "The answer is yes.", context={
        "table": {"columns": list(shop.columns), "rows": [list(r) for r in shop.rows]},
        "question": "Ann has $4.40. Does she have enough to buy a pen and a blue cup?",
    })  # fmt: skip
    assert finding.verdict is F


@pytest.mark.parametrize(
    ("step", "verdict"),
    [
        ("=SUM(B2:B4) = 50", H),
        ("=SUM(B2:B4)/3 = 16.67", H),
        ("=B3-B2 is 19", F),
        ('=C2&"%" = 763%', H),
        ("=Z9 = 3", U),
        ("=B2/0 = 3", U),
        ("x = 3", U),
    ],
)
def test_formulas(step, verdict):
    (finding,) = check(Formula(), step)
    assert finding.verdict is verdict, finding.reason


@pytest.mark.parametrize(
    "formula", ["=" + "(" * 400, "=" + "-" * 400 + "1", "=SUM(A1:ZZZ99999)", "=A1:", "=1..2"]
)
def test_hostile_formulas_are_refused(formula):
    with pytest.raises(spreadsheet.FormulaError):
        spreadsheet.compute(formula, {"A1": 1})


@pytest.mark.parametrize("verifier", [SchemaClaims(), Sql(), Question(), Formula()])
def test_a_malformed_table_is_unknown(verifier):
    for bad in ({"columns": ["a"], "rows": [["1", "2"]]}, [1, 2], {"columns": "a"}):
        (finding,) = check(verifier, "=A1 = 3; SELECT a FROM t; row 1 a is 3", context={"table": bad})
        assert finding.verdict is U
        assert finding.code is not Code.CRASH
