"""Arithmetic claims in running text. All texts are invented."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prmkit.types import Code, Problem, Trajectory, Verdict
from prmkit_math.verifiers._lexemes import Lexer
from prmkit_math.verifiers._tokens import TOKENS
from prmkit_math.verifiers.arithmetic import MAX_CLAIMS, MAX_TEXT, Arithmetic, examine, judge
from prmkit_math.verifiers.claims import value_of

HOLDS = [
    "There are 12 * 4 = 48 eggs.",
    "So he has 3 apples * 4 = 12 apples.",
    "5 red apples + 3 green apples = 8 apples in all.",
    r"\[ 8 \text{ pounds} \text{ (maths and art)} + 4 \text{ pounds} = 12 \text{ pounds} \]",
    r"\(2 \text{ books} \times 2 \text{ pounds/book} = 4 \text{ pounds}\)",
    "20% of 50 = 10",
    r"$40\% \times 30 = 12$",
    "100% - 35% = 65%",
    "6/24 = 25%",
    "The price is $50 + 10% = $55.",
    "$1,250.50 + $749.50 = $2,000.00",
    r"$\$20 - \$13.00 = \$7.00$",
    r"$10{,}000 \div 4 = 2{,}500$",
    r"$\frac{1}{2} + \dfrac{1}{3} = \tfrac56$",
    r"$2\frac{1}{2} \times 2 = 5$",
    r"$3\frac{4}{2} = 6$",
    "2 1/2 + 1 = 3.5",
    "x = 5 + 3 = 8",
    "f(2) = 2*2 + 1 = 5",
    "Total: 2^3 + 2**3 + 5² = 41",
    "10^{-3} = 0.001",
    r"$\left(3 + 4\right)^{2} = 49$",
    "7 − 9 = −2 and 3 × 4 = 12 and 9 ÷ 3 = 3",
    "10/3 = 3.33",
    "2/3 ≈ 0.667",
    r"$\sqrt{50} = 5\sqrt{2}$ and $\sqrt[3]{27} = 3$",
    r"$2\pi \cdot 3 = 6\pi \approx 18.85$",
    r"$5! = 120$ and $\binom{5}{2} = 10$",
    r"$6.02 \times 10^{3} = 6020$",
    "1. 5 + 3 = 8",
    "2) 5 + 3 = 8",
    "- 5 + 3 = 8",
    "* 5 + 3 = 8",
    "**5 + 3 = 8**",
    "(since 5 + 3 = 8)",
    "We get 8 (because 5 + 3 = 8).",
    "60 miles / 2 hours = 30 miles/hour",
    "60 miles / 2 hours = 30 miles per hour",
    "\\[\n5 + 3 \\\\\n&= 8\n\\]",
    "5 plus 3 equals 8",
    "12 divided by 4 is equal to 3, that is 12 divided by 4 equals 3",
    "234 miles - 90 miles = <<234-90=144>>144 miles",
    "sqrt(16) + 2 = 6",
    "2 dozen + 1 = 25",
    "$2^{3^2} = 512$",
    "-2^2 = -4",
    "6/2(1+2) = 9",
    "6/2(1+2) = 1",
    "8 * 3 = 24 (8 boxes of 3)",
    "5 + 3 = 8!",
    r"$360^\circ - 90^\circ = 270^{\circ}$",
    r"\boxed{5 + 3 = 8}",
    r"$5 + 3 = \boxed{8}$",
    "Total pens = 5 + 3\nTotal pens = 8",
    "area: 3 m * 4 m = 12 m²",
    r"So $\frac{3}{4} + \frac{1}{4} = 1$ and thus $(2+3)(4) = 20$.",
]

FAILS = {
    "There are 12 * 4 = 46 eggs.": "12 * 4 = 46 is wrong: 12 * 4 = 48",
    "Then 900 + 90 + 180 = 1970 stitches.": "900 + 90 + 180 = 1970 is wrong: 900 + 90 + 180 = 1170",
    r"So $\frac{12 + 3}{5} = 4$.": r"\frac{12 + 3}{5} = 4 is wrong: \frac{12 + 3}{5} = 3",
    "Let's calculate A = (8 - -2) * 3 = 10 * 3 = 31.": "10 * 3 = 31 is wrong: 10 * 3 = 30",
    "She pays $4.20 + $9.45 = $13.66.": "$4.20 + $9.45 = 13.66 is wrong: $4.20 + $9.45 = 13.65",
    "100 (from Ann) + 150 (from Bob) = 260 guests.": None,
    "5 × 7 = 36 marbles": None,
    r"We find \(2^5 = 30\).": None,
    "20% of 50 = 12 pens": None,
    "That is 3 * $16.50 = $49.00.": None,
    r"\[ \sqrt{49} = 6 \]": None,
    "1. 5 + 3 = 9": None,
    "Total pens = 52 + 24\nTotal pens = 77": "52 + 24 = 77 is wrong: 52 + 24 = 76",
    r"\[ S = 150 \times \frac{6}{10} \] \[ S = 9 \times 9 \]": None,
    "Jack paid 12 boys + 12 girls - 7 students = 15 students.": None,
    "3328 = 2^5 * 13, and so on.": None,
}

# Not mistakes, or not to be decided: never FAILS.
DOUBTED = [
    "2x + 3 = 7",
    "3x - 10 = 200",
    "n - 5 = 10",
    "revenue - 5 = 10",
    "a_1 + 5 = 10",
    "$5m + 3 = 9$",
    "5 boxes = 5 * 12 = 60 pens",
    "Total in 8 boxes = 8 * 20 = 160 oranges",
    "2 hours = 2 * 60 = 120 minutes",
    "1/2 inch = 20 miles",
    "50 / 1/2 = 100",
    "7 * 60 = 420 + 23 = 443",
    "We have 600 miles / 50 mph = 12 hours * 60 minutes = 720 minutes",
    "4 feet - 6 inches = 42 inches",
    "$2.50 - $2.24 = 26 cents",
    "Week 1 + Week 2 = 35 + 35",
    "Is 5 + 3 = 9?",
    "If 5 + 3 = 9 then pigs fly.",
    "Suppose that 5 + 3 = 9.",
    "We would need 4 + 3 = 8, which is not possible.",
    r"But $3^2 + 4^2 = 26$ is a contradiction.",
    r"$3 \cdot 5 \equiv 1 \pmod 7$, so 3 * 5 = 1 mod 7",
    "5 + 6 = 12 in base 9",
    r"$24_5 + 13_5 = 42_5$",
    "3:30 + 1:45 = 5:15",
    "A ratio of 3:4 = 6:9",
    "0900 - 0130 = 0730",
    "17 / 5 = 3 remainder 2",
    "17 / 5 = 3 R 2",
    "1 + 2 + ... + 10 = 56",
    r"1/3 = 0.\overline{3}",
    "20/3 = 6.66",
    "10 / 4 = 2",
    "the pair (3, 4) = 5",
    "gcd(12, 8) = 5",
    r"$\log_2 8 = 4$",
    r"$4 \pm 2 = 7$",
    r"$\begin{pmatrix} 6-8 \\ 8-6 \end{pmatrix} = \begin{pmatrix} -2 \\ 3 \end{pmatrix}$",
    "42 / 5 + 42 / 25 = 8 + 1",
    "3 pencils + 1 eraser = 124 cents",
    "He does half of 20 + 5 = 15 laps",
    "Step 5 - 3 + 4 = 7",
    "So $3 + 5 \\ne 9$ and 3 + 5 ≠ 9",
    "600 x 30 = 18 000",
    "16 * 8 = 130 ≈ 128, about right",
    "4.0 x 10-9 * 2 = 8.0 x 10-9",
    "42 * 20/21 daps = 42 baps",
    "so he used 15 * / 3/5 = 25",
    "since .8 + . 84 + .82 = 2.46",
    "because 14, 400 / 80 = 180",
    "They lose 5 thousand dollars a day, so it is 5 * 3 = 15,000.",
    "x = (5+3)/2 or x = (5-3)/2\nx = 4",
    "x = 5 + 3\nx = 5 - 3",
    r"So $f \left( \frac{1}{2} \right) = 2$ and f (2 + 1) = 9.",
]


@pytest.mark.parametrize("text", HOLDS)
def test_true_claims_hold(text):
    finding = judge(text)
    assert finding.verdict is Verdict.HOLDS, finding
    assert all(claim.verdict is Verdict.HOLDS for claim in finding.claims)


@pytest.mark.parametrize("text", FAILS)
def test_false_claims_fail_with_the_right_value(text):
    finding = judge(text)
    assert finding.verdict is Verdict.FAILS, finding
    if FAILS[text]:
        assert finding.reason == FAILS[text]


@pytest.mark.parametrize("text", DOUBTED)
def test_doubtful_constructs_never_fail(text):
    assert judge(text).verdict is not Verdict.FAILS, judge(text)


@pytest.mark.parametrize(
    "text", ["", "No numbers here.", "We have 5 apples and 3 pears.", "x = 5", "= 5", "8 = 8", "\n"]
)
def test_text_without_a_claim_is_not_applicable(text):
    assert judge(text).code is Code.NOT_APPLICABLE


def test_mixed_units_do_not_hold_as_plain_numbers():
    assert judge("That is 2 feet + 3 inches = 5 inches.").verdict is Verdict.UNKNOWN
    assert judge("That is 5 hours * 60 minutes + 20 minutes = 320 minutes.").verdict is Verdict.HOLDS
    assert judge("That is 2 feet + 3 feet = 5 feet.").verdict is Verdict.HOLDS


def test_every_link_of_a_chain_is_a_claim_with_its_span():
    text = "Here A = (2 + 3) * 4 = 5 * 4 = 21."
    claims = examine(text)
    assert [(text[c.start : c.end], c.verdict) for c in claims] == [
        ("(2 + 3) * 4 = 5 * 4", Verdict.HOLDS),
        ("5 * 4 = 21", Verdict.FAILS),
    ]


def test_one_false_claim_outweighs_true_ones():
    finding = judge("First 2 + 2 = 4. Then 3 + 3 = 7. Last 4 + 4 = 8.")
    assert finding.verdict is Verdict.FAILS
    assert [str(c.verdict) for c in finding.claims] == ["HOLDS", "FAILS", "HOLDS"]


def test_the_problem_may_define_other_signs():
    wrong = "So 3 * 4 = 19."
    assert judge(wrong, "How many pens are there?").verdict is Verdict.FAILS
    assert judge(wrong, "The operation * is defined by a * b = a + b^2.").verdict is Verdict.UNKNOWN
    assert judge("So 5 + 6 = 12.", "Compute $5_9 + 6_9$ in base 9.").verdict is Verdict.UNKNOWN
    assert judge("Then 3 * 5 = 1.", "Find the inverse of 3 modulo 7.").verdict is Verdict.UNKNOWN
    assert judge("Then 3 * 5 = 2.", "Find the inverse of 3 modulo 7.").verdict is Verdict.FAILS


def test_check_gives_one_finding_per_scored_step():
    trajectory = Trajectory.of_steps(
        "t", "p", ["1 + 1 = 2", {"text": "3", "role": "observe"}, "2 + 2 = 5", "done"]
    )
    findings = Arithmetic().check(Problem("p", "?"), trajectory)
    assert [str(f.verdict) for f in findings] == ["HOLDS", "FAILS", "UNKNOWN"]
    assert findings == Arithmetic().check(Problem("p", "?"), trajectory)


HOSTILE = [
    "9^9^9^9 = 1",
    "9**9**9**9 = 387420489",
    "(9^9)^(9^9) = 2",
    "10^(10^10) = 10",
    "100000000! = 1",
    "170!^170! = 3",
    "(" * 100_000 + "1" + ")" * 100_000 + " = 1",
    "(" * 15_000 + "1 + 1" + ")" * 15_000 + " = 3",
    "-" * 5_000 + "1 = 2",
    "1 = " + "\\frac{1}{" * 3_000 + "2" + "}" * 3_000,
    "\\sqrt{" * 3_000 + "4" + "}" * 3_000 + " = 2",
    "__import__('os').system('true') = 0",
    "exec(1+1) = 3 and eval('2+2') = 5",
    "٣ + ٤ = ٨",
    "३ * २ = ७ and ３ + ４ = ９",
    "²³ = 1 ⅓ + ½ = 2",
    "1 + 1 = 3" * 200_000,
    "1 = 2 " * 5_000,
    "1+" * 15_000 + "1 = 3",
    "=" * 30_000,
    "1,234," * 5_000 + "5 = 6",
    "\\text{" * 6_000 + " = 1 + 1",
    "<<" * 10_000 + "1+1=3",
    "a " * 15_000 + "= 1 + 1",
    "1/0 = 0 and 0^-1 = 5 and \\sqrt{-1} = 1",
    "1e999 + 1 = 2",
    "9" * 10_000 + " * 2 = 3",
    "0." + "3" * 5_000 + " * 3 = 1",
    "\ud800 1 + 1 = 3 \udfff",
    "\x00 + \x01 = \x02",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_input_ends_without_a_false_verdict_or_an_exception(text):
    finding = judge(text)
    if "1 + 1 = 3" in text and len(text) <= MAX_TEXT:
        assert finding.verdict is Verdict.FAILS
    else:
        assert finding.verdict in (Verdict.UNKNOWN, Verdict.HOLDS, Verdict.FAILS)
    assert len(finding.claims) <= MAX_CLAIMS + 2


@pytest.mark.parametrize(
    "text",
    [
        "9^9^9^9 = 1",
        "100000000! = 1",
        "(" * 100_000 + "1 + 1" + ")" * 100_000 + " = 3",
        "__import__('os').system('true') = 0",
        "٣ + ٤ = ٨",
        "３ + ４ = ９",
        "1 + 1 = 3 " * 100_000,
        "1/0 = 0",
        "9" * 10_000 + " * 2 = 3",
    ],
    ids=range(9),
)
def test_what_is_past_the_limits_is_unknown(text):
    assert judge(text).verdict is Verdict.UNKNOWN


def test_the_limits_bound_the_work():
    assert judge("1 + 1 = 3. " * 3_000).verdict is Verdict.FAILS
    assert len(judge("1 + 1 = 3. " * 3_000).claims) <= MAX_CLAIMS + 2
    assert value_of("2^2000") is not None
    assert value_of("2^5000") is None


number = st.one_of(
    st.integers(0, 10**6).map(str),
    st.decimals(0, 1000, places=2).map(str),
    st.integers(1000, 10**8).map(lambda n: f"{n:,}"),
)


def _tree(rng, depth):
    """A random expression with its exact value."""
    if depth == 0 or rng.random() < 0.3:
        n = rng.randint(0, 40)
        return str(n), Fraction(n)
    (a, x), (b, y) = _tree(rng, depth - 1), _tree(rng, depth - 1)
    op = rng.choice("+-*/")
    if op == "/" and y == 0:
        op = "+"
    value = {"+": x + y, "-": x - y, "*": x * y, "/": x / y if y else x}[op]
    return f"({a} {op} {b})", value


@given(st.integers(0, 2**32), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_random_expressions_come_out_exactly(seed, depth):
    rng = random.Random(seed)
    text, value = _tree(rng, depth)
    found = value_of(text)
    assert found == value
    if "(" in text:
        stated = (
            f"{value.numerator}"
            if value.denominator == 1
            else f"\\frac{{{value.numerator}}}{{{value.denominator}}}"
        )
        assert judge(f"We find {text} = {stated}.").verdict is Verdict.HOLDS
        off = value + 1000
        wrong = (
            f"{off.numerator}" if off.denominator == 1 else f"\\frac{{{off.numerator}}}{{{off.denominator}}}"
        )
        assert judge(f"We find {text} = {wrong}.").verdict is not Verdict.HOLDS


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_tokens_tile_any_text_and_nothing_raises(text):
    assert "".join(TOKENS.findall(text)) == text
    lexer = Lexer(text)
    assert "".join(lexer.tokens) == text
    assert len(lexer.kinds) == len(lexer.values) == len(lexer.index)
    for claim in examine(text):
        assert 0 <= claim.start < claim.end <= len(text)


SIGNS = st.text(alphabet="0123456789+-*/^()=. ,%$\\{}!xab≈\n", max_size=60)


@given(SIGNS)
@settings(max_examples=400, deadline=None)
def test_noise_of_signs_never_raises_and_holds_only_what_is_true(text):
    for claim in examine(text):
        assert claim.verdict in Verdict
        assert 0 <= claim.start < claim.end <= len(text)


@given(st.integers(0, 999), st.integers(0, 999), st.sampled_from("+-*"))
@settings(max_examples=200, deadline=None)
def test_order_of_claims_and_surrounding_prose_do_not_matter(a, b, op):
    value = {"+": a + b, "-": a - b, "*": a * b}[op]
    right, wrong = f"{a} {op} {b} = {value}", f"{a} {op} {b} = {value + 1}"
    assert judge(f"Now we have {right}.").verdict is Verdict.HOLDS
    assert judge(f"Now we have {wrong}.").verdict is Verdict.FAILS
    assert judge(f"Now we have {wrong}. Then {right}.").verdict is Verdict.FAILS
    assert judge(f"Now we have {right}. Then {wrong}.").verdict is Verdict.FAILS
