"""Verifiers on invented problems: what each refutes, confirms and leaves open."""

import pytest

from prmkit.types import Problem, Trajectory, Verdict
from prmkit_finance.knowledge import Knowledge, build, r_cover, trajectory_label
from prmkit_finance.verifiers.calculation import Calculation
from prmkit_finance.verifiers.cells import Cells
from prmkit_finance.verifiers.derivation import Derivation
from prmkit_finance.verifiers.knowledge import Facts, coverage
from prmkit_finance.verifiers.procedure import Procedure
from prmkit_finance.verifiers.program import Programs
from prmkit_finance.verifiers.ratio import Ratio
from prmkit_finance.verifiers.units import Units

TABLE = {
    "columns": ["(in thousands)", "2019", "2018", "2017"],
    "rows": [
        ["Rental income", "6,210", "5,400", "5,000"],
        ["Service fees", "1,480", "1,600", "1,500"],
        ["Net cash used in investing activities", "(700)", "(350)", "(100)"],
        ["Effective rate", "21.5%", "20.0%", "19.0%"],
        ["Other:", "", "", ""],
        ["Deposits", "7", "9", "8"],
    ],
}
H, F, U = Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN


def verdicts(verifier, question, steps, table=TABLE, **context):
    problem = Problem("p", question, context={"table": table, "question": question, **context})
    return [f.verdict for f in verifier.check(problem, Trajectory.of_steps("t", "p", steps))]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The change is 6,210 - 5,400 = 810.", H),
        ("The change is 6,210 - 5,400 = $820.", F),
        ("Growth: (6,210 - 5,400) / 5,400 = 15%", H),
        ("Growth: (6,210 - 5,400) / 5,400 = 0.15", H),
        ("Growth: (6,210 - 5,400) / 5,400 = 16.2%", F),
        ("Growth: (6,210 - 5,400) / 5,400 * 100 = 15%", H),
        ("21.5% - 20.0% = 1.5%", H),
        ("$2 million + $500 thousand = $2.5 million", H),
        ("6,210 - 5,400 = $810 thousand", H),
        ("6,210 - 5,400 = $820 thousand", F),
        ("3 + (13) + 26 = 16", U),
        ("(6,662 + 11,328) / 2 = 9,000", U),
        ("x - 3 = 5", U),
        ("revenue of 5 = 6", U),
        ("In 2018-2019 = a good year", U),
        ("1 / 0 = 1", U),
        ("a = 12 * b", U),
        ("Section 3.2 = 4", U),
    ],
)
def test_equations(text, verdict):
    assert verdicts(Calculation(), "?", [text]) == [verdict]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Rental income in 2019 is $6,210 thousand.", H),
        ("The rental income was $5,400 in 2018 and it rose later.", H),
        ("Rental income in 2019 is $5,400 thousand.", F),
        ("Rental income in 2019 is $6,210 million.", F),
        ("The rental income in 2019 is $6.21 million.", H),
        ("The change in rental income in 2019 is $810 thousand.", U),
        ("Net cash used in investing activities in 2019 was $700 thousand.", U),
        ("Lease income in 2019 is $1 thousand.", U),
        ("The effective rate in 2019 is 21.5%.", H),
        ("The effective rate in 2019 is 19.0%.", F),
        ("rental_income_2019 = 6210", H),
        ("rental_income_2019 = 5400", F),
        ("rental_income = {'2019': 6210, '2018': 5015}", F),
        ("Rental income in 2018 and 2019 is large.", U),
    ],
)
def test_cells(text, verdict):
    assert verdicts(Cells(), "?", [text]) == [verdict]


@pytest.mark.parametrize(
    ("question", "answer", "verdict"),
    [
        ("What was the change in rental income from 2018 to 2019?", "$810 thousand", H),
        ("What was the change in rental income from 2018 to 2019?", "-$810 thousand", F),
        ("What was the change in rental income from 2018 to 2019?", "$810 million", F),
        ("What was the change in rental income from 2018 to 2019?", "$0.81 million", H),
        ("What was the change in rental income from 2018 to 2019?", "15%", U),
        ("What was the percentage change in rental income between 2018 and 2019?", "15%", H),
        ("What was the percentage change in rental income between 2018 and 2019?", "0.15", F),
        ("What was the percentage change in rental income between 2018 and 2019?", "13.04%", F),
        ("What is the average rental income for 2018 and 2019?", "5,805 thousand", H),
        ("What is the average rental income for 2018 and 2019?", "11,610 thousand", F),
        ("What is the average rental income from 2017 to 2019?", "5,536.67", H),
        ("What is the average rental income from 2017 to 2019?", "5,605", H),
        ("What is the average rental income?", "5,536.67 thousand", H),
        ("What was the difference between rental income and service fees in 2019?", "-4,730", H),
        ("What was the change in the effective rate from 2018 to 2019?", "1.5%", H),
        ("What was the change in the effective rate from 2018 to 2019?", "3%", F),
        ("What was the change in lease income from 2018 to 2019?", "3", U),
        ("Why did rental income rise from 2018 to 2019?", "810", U),
        ("What was the change in rental income in the first quarter of 2019?", "3", U),
    ],
)
def test_procedure(question, answer, verdict):
    assert verdicts(Procedure(), question, [f"The answer is {answer}"])[-1] is verdict


def test_results_on_the_way_are_judged_too():
    question = "What was the percentage change in rental income between 2018 and 2019?"
    steps = ["The net change in rental income is $180 thousand.", "The percentage change is 15%.", "15%"]
    assert verdicts(Procedure(), question, steps) == [F, H, H]
    script = ["a_2018 = 5400", "a_2019 = 6210", "ans = (a_2018 - a_2019) / a_2018 * 100", "units = 'percent'"]
    assert verdicts(Procedure(), question, script) == [U, U, F, U]


def test_derivations():
    steps = ["(6,210 - 5,400) / 5,400", "The answer is 15%"]
    assert verdicts(Derivation(), "?", steps) == [U, H]
    assert verdicts(Derivation(), "?", [steps[0], "The answer is 0.15%"]) == [U, F]
    assert verdicts(Derivation(), "?", ["3 + (13) + 26", "The answer is 16"]) == [U, H]
    assert verdicts(Derivation(), "?", ["60 million + 400 thousand", "The answer is 60,400 thousand"]) == [
        U,
        H,
    ]
    assert verdicts(Derivation(), "?", ["We add them up.", "The answer is 16"]) == [U, U]


def test_programs():
    steps = ["subtract(6210, 5400), divide(#0, 5400)", "divide(6210, 0)", "subtract(6210, 777)", "open('x')"]
    assert verdicts(Programs(), "?", steps) == [H, F, U, U]
    script = ["a = 6210", "b = 777", "ans = a - c"]
    assert verdicts(Programs(), "?", script) == [H, U, F]


def test_units():
    assert verdicts(Units(), "What was rental income in 2019?", ["$6,210 thousand"]) == [H]
    assert verdicts(Units(), "What was rental income in 2019?", ["$6,210 million"]) == [F]
    assert verdicts(Units(), "What percentage of income is rental income?", ["$12 million"]) == [F]
    assert verdicts(Units(), "What was the total in 2019?", ["$90,000 million"]) == [F]
    assert verdicts(Units(), "What was rental income in 2019?", ["It rose."]) == [U]


@pytest.mark.parametrize(
    ("told", "said", "verdict"),
    [
        ("Revenue was $200 million and cost of sales was $150 million.", "The gross margin is 25%.", H),
        ("Revenue was $200 million and cost of sales was $150 million.", "The gross margin is 30%.", F),
        ("Revenue was $200 million and cost of sales was $150 million.", "The gross margin is 25.", U),
        ("Share price is $30 and EPS is $2.", "The P/E ratio is 15x.", H),
        ("Share price is $30 and EPS is $2.", "The P/E ratio is 16.", F),
        ("Net income is $10 million. Equity is $50 million.", "ROE is 25%.", U),
        ("Net income is $10 million. Equity is $50 million.", "ROE is 20%.", H),
        (
            "Portfolio return is 12%, the risk-free rate is 2% and volatility is 20%.",
            "The Sharpe ratio is 0.5.",
            H,
        ),
        (
            "Portfolio return is 12%, the risk-free rate is 2% and volatility is 20%.",
            "The Sharpe ratio is 0.6.",
            F,
        ),
        ("The beginning value is $100, the ending value is $121; number of years: 2.", "The CAGR is 10%.", H),
        (
            "The beginning value is $100, the ending value is $121; number of years: 2.",
            "The CAGR is 10.5%.",
            F,
        ),
        (
            "Current assets were $5 in 2018 and current assets were $9 in 2019. Current liabilities were $3.",
            "The current ratio is 7.",
            U,
        ),
    ],
)
def test_ratios(told, said, verdict):
    found = Ratio().check(Problem("p", told), Trajectory.of_steps("t", "p", [said]))
    assert [f.verdict for f in found] == [verdict]


def test_facts_contradict_by_number_by_negation_and_by_membership():
    base = build(
        [
            ("存款准备金率不得低于5%。", "a"),
            ("周转材料包括低值易耗品和包装物。", "b"),
            ("凭证不属于账簿的附件。", "c"),
        ]
    )
    assert base.judge("存款准备金率不得低于5%")[0] is H
    assert base.judge("存款准备金率不得低于8%")[0] is F
    assert base.judge("存款准备金率得低于5%")[0] is F
    assert base.judge("周转材料包括包装物")[0] is H
    assert base.judge("周转材料包括机器设备")[0] is U
    assert base.judge("包装物不属于周转材料")[0] is F
    assert base.judge("凭证属于账簿的附件")[0] is F
    assert base.judge("存款准备金率不得低于8%", without="a")[0] is U
    assert base.judge("上述比率不得低于8%")[0] is U


def test_explanations_that_differ_settle_nothing():
    base = build([("合同有效期限为3年。", "a"), ("合同有效期限为5年。", "b")])
    assert base.judge("合同有效期限为4年")[0] is U


def test_without_a_base_the_data_set_is_named(monkeypatch):
    monkeypatch.setattr("prmkit_finance.verifiers.knowledge.cflue_base", lambda: None)
    (found,) = Facts().check(Problem("p", "?"), Trajectory.of_steps("t", "p", ["存款准备金率不得低于5%。"]))
    assert (found.verdict, found.code.value) == (U, "missing_tool")
    assert "cflue" in found.reason


def test_coverage_counts_terms_of_sound_steps_only():
    base = Knowledge()
    base.add("风险价值是指在一定置信度下的最大损失。久期是指现金流的加权平均期限。风险价值的置信度常为95%。")
    problem = Problem("p", "比较风险价值与久期。", cluster="q")
    good = Trajectory.of_steps("t", "p", ["风险价值的置信度常为95%。", "再看久期。"])
    bad = Trajectory.of_steps("t", "p", ["风险价值的置信度常为90%。"])
    none = Trajectory.of_steps("t", "p", ["两者不同。"])
    assert base.relevant(problem.text) == ["风险价值"]
    assert [coverage(base, problem, t) for t in (good, bad, none)] == [1.0, 0.0, 0.0]


def test_the_rule_of_the_trajectory_label():
    assert r_cover(["VaR", "duration", "beta", "DCF"], ["VaR", "beta", "foo"]) == 0.5
    assert r_cover([], ["VaR"]) is None
    assert [trajectory_label(1.0, c) for c in (0.5, 0.25, None)] == [True, False, False]


@pytest.mark.parametrize(
    "table",
    [
        None,
        7,
        "no table",
        {},
        {"columns": 3, "rows": "x"},
        {"rows": [["Rent", "62"], ["Fees"], None, 5]},
        [["", "2019"], []],
    ],
)
def test_a_malformed_table_is_read_as_far_as_it_goes(table):
    question = "What was the change in rent from 2018 to 2019?"
    for verifier in (Cells(), Procedure(), Units(), Programs(), Ratio()):
        assert F not in verdicts(verifier, question, ["Rent in 2019 is $62.", "The answer is 5"], table)
