"""What the hold-out sets taught the verifiers, on invented texts, and how those sets are taken."""

import pytest
from click.testing import CliRunner

from prmkit.types import Problem, Sample, StepLabels, Trajectory, Verdict
from prmkit.verify.errata import Erratum, digest_of
from prmkit.verify.quality import figures, judge
from prmkit_math import holdout
from prmkit_math.verifiers import annotation, arithmetic, units
from prmkit_math.verifiers.arithmetic import Arithmetic
from prmkit_math.verifiers.linear import LinearSystems
from prmkit_math.verifiers.symbolic import Symbolic


def verdicts(tool, problem, *steps):
    found = tool.check(Problem(id="p", text=problem), Trajectory.of_steps("t", "p", steps))
    return [one.verdict.value for one in found]


@pytest.mark.parametrize(
    "text",
    [
        r"\[\frac{3 \text{ km}}{1.5 \text{ hours}} = \frac{3000 \text{ meters}}{90 \text{ minutes}}\]",
        r"I get \[k \sqrt{9} \cdot 4 = 10\]",
        r"So $r \pi \cdot 2 = 9$",
        r"\[-17 \div 5 = -3 \text{ remainder } -2\]",
        r"$50^2 + 11^2 = 26\boxed{21}$",
        "0.5 nm * 40 = 2 x 10^-6 cm",
        "2 MHz / 4 = 500 kHz",
        "900 pm / 3 = 3 x 10^-10 m",
        "27 cubic feet / 27 = 46656 cubic inches / 46656 = 27",
    ],
)
def test_mixed_units_and_cut_formulas_are_doubted(text):
    assert arithmetic.judge(text).verdict is not Verdict.FAILS, arithmetic.judge(text)


@pytest.mark.parametrize(
    "text",
    [
        "5 / 3 = 1.6666666666666665",
        "30/100*9 = 2.6999999999999997",
        r"$\pi\cdot 6^2-\pi\cdot 4^2 = 20\pi$",
        r"$\pi \cdot 6^2 - \pi \cdot 4^2 = \pi(36-16)$",
    ],
)
def test_printed_floats_and_products_of_pi_hold(text):
    assert arithmetic.judge(text).verdict is Verdict.HOLDS, arithmetic.judge(text)


@pytest.mark.parametrize(
    "text",
    [
        "30/100*9 = 2.7999999999999997",
        r"$2 \cdot 3 = \boxed{5}$",
        r"$\pi\cdot 6^2-\pi\cdot 4^2 = 19\pi$",
        "It takes 1550 cubic inches / 50 cubic inches/pump = 29 pumps.",
    ],
)
def test_what_is_false_in_any_unit_still_fails(text):
    assert arithmetic.judge(text).verdict is Verdict.FAILS, arithmetic.judge(text)


def test_the_number_after_an_annotation_may_be_rounded():
    assert annotation.judge("<<11/18*162=99.00000000000001>>99 years").verdict is Verdict.HOLDS
    assert annotation.judge("<<450/70=6.428571428571429>>6 hours").verdict is Verdict.UNKNOWN
    assert annotation.judge("<<450/70=6.428571428571429>>8 hours").verdict is Verdict.FAILS


def test_the_problem_may_give_its_own_factor():
    step = "60 mph is 60*1.5=90 feet per second."
    assert units.judge(step, "Take a mile per hour for 1.5 feet per second.").verdict is Verdict.UNKNOWN
    assert units.judge(step, "How fast is that?").verdict is Verdict.FAILS


CONDITIONS = [
    ("If $x^2 - x - 1 = 0$, what is $x^3$?", r"$s = x(x^2) - 2x + 1 = x(x+1) - 2x + 1$"),
    (r"We have $\sin A = 3\cos A$.", r"$\tan A = \frac{\sin A}{\cos A} = \frac{3\cos A}{\cos A}$"),
    (r"Given $\cos t = \frac14$.", r"$\sin{2t}=2\sin{t}\cos{t}=2\sin{t}\left(\frac{1}{4}\right)$"),
    ("Let $r$ be one of the roots of a cubic.", r"$s = r^2 \cdot r + 1 = 3r^2 + 2r + 1$"),
    ("Circles touch.", r"$BC = (x+y+14) \cdot 34 = (x+y+46) \cdot 1 = (x+y) \cdot r$"),
]


@pytest.mark.parametrize(("problem", "step"), CONDITIONS)
def test_letters_that_an_equation_binds_are_not_free(problem, step):
    assert "FAILS" not in verdicts(Symbolic(), problem, step)


def test_conditions_of_earlier_steps_count_and_definitions_do_not():
    chain = "$s = 3a + 1 + a = 5a + 1$"
    assert verdicts(Symbolic(), "Find it.", "Then $a^2 = 4a - 3$.", chain) == ["UNKNOWN", "UNKNOWN"]
    assert verdicts(Symbolic(), "Find it.", "Let $y = 2a + 7$.", chain) == ["UNKNOWN", "FAILS"]
    assert verdicts(Symbolic(), "Find it.", "$y = 2a$, and $y = a^2$.", chain) == ["UNKNOWN", "UNKNOWN"]
    assert verdicts(Symbolic(), "Find it.", "$y = 2(a+b) = 2a+2b$", chain) == ["HOLDS", "FAILS"]


def test_prose_inside_an_equation_is_no_equation():
    steps = ["Let 0.75x = 72 pens.", "So x = 72 pens / 0.75 = 96 pens."]
    assert "FAILS" not in verdicts(LinearSystems(), "How many?", *steps)
    steps = ["We have x = 100.", "She has 200 pens x (20 / 100) = 40 pens."]
    assert "FAILS" not in verdicts(LinearSystems(), "How many?", *steps)


def test_equations_of_a_list_do_not_refute_each_other():
    assert verdicts(LinearSystems(), "Find a.", "We can have $2+a=b$, $2+b=a$, and so on.") == ["UNKNOWN"]
    assert verdicts(LinearSystems(), "Find a.", "We have $2+a=b$.", "So $2+b=a$.") == ["UNKNOWN", "FAILS"]


def sample(*texts, outcome=None, labels=None):
    trajectory = Trajectory.of_steps("t", "p", texts, outcome=outcome)
    gold = StepLabels("t", trajectory.digest, labels) if labels else None
    return Sample(Problem("p", "How many?"), trajectory, gold)


def test_solutions_are_taken_with_the_labels_their_set_implies():
    assert holdout.judged_right(sample("a", "b", outcome=1.0)).labels.values == (1.0, 1.0)
    assert holdout.judged_right(sample("a", outcome=0.0)) is None
    assert holdout.judged_right(sample("a")) is None
    assert holdout.labelled(sample("a")) is None
    assert holdout.worked(sample("2*3 = <<2*3=6>>6 pens", outcome=1.0)).trajectory.text == "2*3 = 6 pens"
    assert holdout.reachable(sample("a", "b", "c", labels=(0.5, 0.0, 0.0))).labels.values == (1.0, 0.0, None)
    assert holdout.reachable(sample("a")) is None


def test_a_proven_slip_is_no_false_alarm_and_an_unproven_one_is_shown():
    taken = holdout.judged_right(sample("So 2 + 2 = 5.", "So 3 + 3 = 7.", outcome=1.0))
    slip = Erratum("t", 0, digest_of("So 2 + 2 = 5."), 1.0, 0.0, {"left": "2+2", "right": "5"}, "Read: 4.")
    rows = figures([judge("row", [taken], [Arithmetic()])], draws=1)
    assert "| row | 1 | 2 | 2 | 0 | 2 (≤ " in holdout.table(rows)
    done = [judge("row", [taken], [Arithmetic()], [slip])]
    assert "| row | 1 | 2 | 2 | 2 | 0 (≤ " in holdout.table(figures(done, draws=1))
    assert list(holdout.unread(done)) == []
    assert len(list(holdout.unread([judge("row", [taken], [Arithmetic()])]))) == 2


def test_the_command_says_what_to_set(monkeypatch):
    monkeypatch.delenv("PRMKIT_DATA", raising=False)
    answer = CliRunner().invoke(holdout.main, ["--part", "DeltaBench"])
    assert answer.exit_code == 1
    assert "PRMKIT_DATA" in answer.output
