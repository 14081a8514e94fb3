"""The metrics of unit tests: worked examples, and what each one sees."""

import pytest

from prmkit_code.unit_tests import measure, units

GOOD = "def test_sum_of_two():\n    # small numbers\n    assert add(1, 2) == 3\n"


def test_the_worked_examples():
    assert measure(GOOD, "add").vector == (1, 1, 1, 1, 1, 1, 1)
    assert measure(GOOD, "add").reward == 3
    assert measure("def test_sum():\n    add(1, 2)\n", "add").reward == -1
    doubled = "def test_1():\n    assert add(1, 2) == 3\n    assert add(1, 2) == 3\n"
    assert measure(doubled, "add").vector == (1, 1, 1, 0, 0, 0, 1)
    assert measure(doubled, "add").reward == 1


@pytest.mark.parametrize(
    ("text", "metric", "value"),
    [
        ("def test_a(:\n", "syntax", False),
        ("def test_a():\n    self.assertEqual(f(1), 2)\n", "assertion", True),
        ("def test_a():\n    with pytest.raises(ValueError):\n        f(1)\n", "assertion", True),
        ("def test_a():\n    assert g(1)\n", "focal", False),
        ("def test_a():\n    assert obj.f(1)\n", "focal", True),
        ("def test_a():\n    '''Adds.'''\n    assert f(1)\n", "comment", True),
        ("def testAddsTwoNumbers():\n    assert f(1)\n", "descriptive", True),
        ("def test_12():\n    assert f(1)\n", "descriptive", False),
        ("def test_a():\n    if f(1):\n        assert True\n", "no_condition", False),
        (
            "def test_a():\n    try:\n        f(1)\n    except ValueError:\n        assert 0\n",
            "no_condition",
            False,
        ),
        ("def test_a():\n    assert (f(1), 'message')\n", "no_tautology", False),
        ("def test_a():\n    assert f(1) or True\n", "no_tautology", False),
        ("def test_a():\n    self.assertTrue(True)\n", "no_tautology", False),
        ("def test_a():\n    assert f(1) == f(1)\n", "no_tautology", False),
        ("def test_a():\n    assert f(1) != f(1)\n", "no_tautology", True),
        ("def test_a():\n    assert False\n", "no_tautology", True),
    ],
)
def test_each_metric(text, metric, value):
    assert getattr(measure(text, "f"), metric) is value


def test_units_are_functions_or_else_assertions():
    assert [u.name for u in units(GOOD + "\ndef helper():\n    assert 1\n")] == ["test_sum_of_two"]
    assert [u.row for u in units("assert f(1) == 2\n\nassert f(2) == 3\n")] == [1, 3]
    inner = "class T:\n    def test_a_b(self):\n        assert f(1)\n"
    assert measure(units(inner)[0].source, "f").necessary
