"""Random expressions never end in a fault of the interpreter: a value, or an error of q."""

import random

import numpy as np
import pytest

from prmkit_qlang import Session
from prmkit_qlang.engine.keywords import DYADS, KEYWORDS
from prmkit_qlang.engine.meter import Allowance
from prmkit_qlang.engine.values import Fn

LITERALS = [
    "0", "1", "-3", "7", "0N", "0W", "-0W", "1b", "0b", "0x0a", "3h", "0Nh", "4i", "0Ni", "0Wi", "2.5",
    "0n", "0w", "-0w", "1e", "0Ne", "`", "`a", "`abc`b", "`a`b`c", "101b", "0x0102", "()", "(::)", "+",
    "{x}", "{x+y}", "{x,y,z}", "{[a;b]a*b}", "(+)", "neg", "sum", "(1+)", "{y}[;2]", "{'x}", "t", "kt", "d",
    "e", "e[1]", "::", "`sum", "0Nd", "0Np", "0Nt", "0Ng", "2020.01.01", "2020.01m", "12:30", "12:30:01",
    "12:30:01.123", "0D01:00:00", "2020.01.01D12:00:00.000000001", "2020.01.01T12:00:00.000", '"a"', '" "',
    '"abc"', '""', '"a b,c"', '"%"', '"2+3"', 'enlist"abc"', '("ab";"cde")', "1 2 3", "3 1 2", "1 0N 3",
    "0N 0W 1", "1 2 3f", "1.5 0n 2", "1 2h", "1 2i", '(1;`a;"x")', "(1 2;3 4)", "(1 2;`a`b)", "(1;2 3)",
    "enlist 1", "`long$()", "`symbol$()", "0#0n", "2020.01.01 2020.02.03", "12:30 13:45", "`a`b!1 2",
    "`a`b`c!(1;2 3;`x)", "(1 2!3 4)", "()!()", "([]a:1 2 3;b:`x`y`z)", "([]a:();b:())", "([k:1 2]v:3 4)",
    "([k:`a`b;j:1 2]v:3 4f)", "`s#1 2 3", "`u#`a`b", "`g#1 1 2", "`p#1 1 2", "til 5", "til 0", "10?10",
    "3#`a", "(+;1;2)", "(`a`b;1 2)", "flip`a`b!(1 2;3 4)", "00000000-0000-0000-0000-000000000001",
]  # fmt: skip
INFIX = sorted(k for k, v in KEYWORDS.items() if getattr(v, "infix", False)) + 2 * [
    k for k in DYADS if k != ":"
]
PREFIX = sorted(k for k, v in KEYWORDS.items() if isinstance(v, Fn) and not getattr(v, "infix", False))
ITERATORS = ["'", "/", "\\", "/:", "\\:", "':"]
COLUMNS, GROUPS = ["", "a", "v", "x:a+1", "sum a", "a,b", "i", "first b"], ["", "by b", "by a", "by k:b"]
SMALL = Allowance(steps=5_000, elements=200_000, largest=100_000)


class Grammar:
    """Expressions over keywords and literals."""

    def __init__(self, seed):
        self.r = random.Random(seed)

    def some(self, depth):
        r = self.r
        make = r.choices(
            [self.literal, self.infix, self.prefix, self.iterated, self.amended, self.indexed, self.listed,
             self.query, self.called, self.assigned],
            [22, 23, 20, 15, 5, 4, 4, 3, 2, 2],
        )[0]  # fmt: skip
        return self.literal(depth) if depth <= 0 else make(depth - 1)

    def several(self, depth, low, high):
        return ";".join(self.some(depth) for _ in range(self.r.randint(low, high)))

    def literal(self, depth):
        return self.r.choice(LITERALS)

    def infix(self, depth):
        return f"({self.some(depth)}) {self.r.choice(INFIX)} {self.some(depth)}"

    def prefix(self, depth):
        return f"{self.r.choice(PREFIX)} {self.some(depth)}"

    def iterated(self, depth):
        f = f"({self.r.choice(INFIX + PREFIX)}{self.r.choice(ITERATORS)})"
        return f"{f}[{self.several(depth, 1, 2)}]"

    def amended(self, depth):
        return f"{self.r.choice('@.?!')}[{self.several(depth, 2, 4)}]"

    def indexed(self, depth):
        return f"({self.some(depth)})[{self.several(depth, 1, 2)}]"

    def listed(self, depth):
        return f"({self.several(depth, 2, 3)})"

    def query(self, depth):
        what = (
            f"{self.r.choice(['select', 'exec', 'update'])} {self.r.choice(COLUMNS)} {self.r.choice(GROUPS)}"
        )
        return f"{what} from {self.r.choice(['t', 'kt'])}{self.r.choice(['', ' where a>1', ' where b=`x'])}"

    def called(self, depth):
        return f"{self.r.choice(['aj', 'ej', 'ssr', 'wj', '$', '{x+y*z}'])}[{self.several(depth, 3, 3)}]"

    def assigned(self, depth):
        return (
            f"w:{self.some(depth)};w[{self.some(depth)}]{self.r.choice(['', '+', ','])}:{self.some(depth)};w"
        )


def ready():
    session = Session(SMALL)
    session.console("t:([]a:1 2 3;b:`x`y`z;c:1.5 0n 2)\nkt:([k:`p`q`r]a:1 2 3;b:`x`y`z)")
    session.console("d:`p`q!(1 2;`z)\nen:`x`y`z\ne:`en$`x`y`x")
    return session


@pytest.mark.parametrize("seed", range(8))
def test_no_fault(seed):
    grammar, session = Grammar(seed), ready()
    with np.errstate(all="ignore"):
        for i in range(600):
            if i % 50 == 0:
                session = ready()
            text = grammar.some(3)
            session.console(text)
            assert session.fault is None, text


CHARACTERS = "0123456789.abcxyzNW`\"'/\\:;()[]{}+-*%&|<>=~,#_$!?@ \n"


@pytest.mark.parametrize("seed", range(2))
def test_no_fault_of_the_reader(seed):
    r, session = random.Random(seed), ready()
    for _ in range(3000):
        text = "".join(r.choices(CHARACTERS, k=r.randint(1, 14)))
        session.console(text)
        assert session.fault is None, text
