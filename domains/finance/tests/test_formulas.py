"""The catalogue of formulas, held against figures worked by hand."""

from fractions import Fraction

import pytest

from prmkit.errors import ConfigError
from prmkit_finance.expressions import UnreadableError
from prmkit_finance.formulas import catalogue, compute, formula, names

GOLDEN = [
    ("current ratio", {"current_assets": 300, "current_liabilities": 120}, "2.5"),
    ("quick ratio", {"current_assets": 300, "inventory": 90, "current_liabilities": 120}, "1.75"),
    ("debt to equity ratio", {"total_debt": 50, "equity": 200}, "0.25"),
    ("interest coverage", {"operating_income": 90, "interest": 30}, "3"),
    ("gross margin", {"gross_profit": 24, "revenue": 96}, "0.25"),
    ("net margin", {"net_income": 12, "revenue": 96}, "0.125"),
    ("roe", {"net_income": 12, "equity": 60}, "0.2"),
    ("dso", {"receivables": 20, "revenue": 146}, "50"),
    (
        "cash conversion cycle",
        {"inventory": 30, "cost_of_sales": 365, "receivables": 40, "revenue": 365, "payables": 20},
        "50",
    ),
    ("eps", {"net_income": 30, "shares": 12}, "2.5"),
    ("pe ratio", {"price": 30, "eps": 2}, "15"),
    ("dividend payout ratio", {"dividends": 3, "net_income": 12}, "0.25"),
    ("enterprise value", {"market_cap": 100, "total_debt": 40, "cash": 15}, "125"),
    ("sustainable growth rate", {"dividends": 3, "net_income": 12, "equity": 60}, "0.15"),
    ("break-even point", {"fixed_costs": 600, "unit_price": 10, "unit_cost": 4}, "100"),
    ("cagr", {"closing": 121, "opening": 100, "years": 2}, "0.1"),
    ("future value", {"principal": 100, "rate": "0.1", "years": 3}, "133.1"),
    ("annuity present value", {"payment": 110, "rate": "0.1", "years": 1}, "100"),
    ("value of the perpetuity", {"payment": 5, "rate": "0.05"}, "100"),
    ("gordon growth value", {"dps": 2, "growth": "0.05", "rate": "0.1"}, "42"),
    ("capm return", {"risk_free": "0.02", "beta": "1.5", "market_return": "0.08"}, "0.11"),
    ("sharpe ratio", {"portfolio_return": "0.12", "risk_free": "0.02", "volatility": "0.2"}, "0.5"),
    (
        "wacc",
        {
            "equity_weight": "0.6",
            "cost_of_equity": "0.1",
            "debt_weight": "0.4",
            "cost_of_debt": "0.05",
            "tax_rate": "0.2",
        },
        "0.076",
    ),
    ("net interest margin", {"interest_income": 80, "interest": 30, "earning_assets": 1000}, "0.05"),
    ("tier 1 capital ratio", {"tier1": 12, "risk_assets": 100}, "0.12"),
]


@pytest.mark.parametrize(("name", "given", "value"), GOLDEN, ids=[row[0] for row in GOLDEN])
def test_golden(name, given, value):
    numbers = {key: Fraction(str(number)) for key, number in given.items()}
    assert compute(formula(name).readings[0], numbers) == Fraction(value)


def test_the_catalogue_is_whole():
    inputs, formulas = catalogue()
    assert len(formulas) >= 60
    assert len({word for one in formulas for word in one.words}) == sum(len(one.words) for one in formulas)
    for one in formulas:
        assert one.source
        for reading in one.readings:
            value = compute(reading, {name: Fraction(k + 3, 7) for k, name in enumerate(names(reading))})
            assert isinstance(value, Fraction)
    used = {name for one in formulas for reading in one.inputs for name in reading}
    assert used == set(inputs)


@pytest.mark.parametrize(
    "text", ["a +", "(a", "a ** 1000", "b", "a / (a - a)", "a $ a", "(0 - a) ** (1 / 2)"]
)
def test_what_has_no_value(text):
    with pytest.raises(UnreadableError):
        compute(text, {"a": Fraction(2)})


def test_an_unknown_name_is_told():
    with pytest.raises(ConfigError, match="no formula"):
        formula("magic number")
