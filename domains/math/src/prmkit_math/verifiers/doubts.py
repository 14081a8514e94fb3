"""Reasons for not calling a false equation a mistake.

An equation in running text can be false as it stands and yet no error of the step: units may be
mixed, another base or a made-up operation may be meant, the sentence may refute it, or the cut-out
expression may be part of a longer phrase. Each rule below names one such reason; only a false claim
is ever put to them, so they may take their time on a window of text of bounded length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from prmkit_math.verifiers._lexemes import Lexer
from prmkit_math.verifiers._measures import ALONE, FACTORS, MEASURES
from prmkit_math.verifiers._numbers import Value
from prmkit_math.verifiers._tokens import STOPS
from prmkit_math.verifiers.claims import Link
from prmkit_math.verifiers.expression import FLOOR, CannotEvaluate, Parser

WINDOW = 240


class Case(NamedTuple):
    """A false claim and the text around it."""

    lexer: Lexer
    link: Link
    claim: str
    before: str
    """Up to WINDOW characters before the claim."""
    after: str
    sentence: str
    problem: str
    """The question, up to a limit."""
    written: str
    """What stands before the step, up to a limit."""


Rule = Callable[[Case], bool]

_APPROXIMATE = re.compile(
    r"approx|\babout\b|roughly|nearly|\bround|≈|estimat|\baround\b|close to", re.IGNORECASE
)
_PRICE = re.compile(r"\$|€|£|¢|\b(?:cents?|dollars?|euros?|points?|pounds?|years?)\b", re.IGNORECASE)
_NOUN = re.compile(r"[0-9]\s+[a-z]{3,}", re.IGNORECASE)
_UNIT_WORDS = re.compile(r"(?<![\\A-Za-z])(?!text|times|cdot|frac)[A-Za-z]{3,}")
_OPENING = re.compile(r"(?:[\s$({]|\\[\[(]|\\left|\\displaystyle|\*\*)+$")
_OPERATOR_WORDS = re.compile(
    r"(?:\b(?:half|twice|thrice|double|triple|quadruple|thirds?|fourths?|quarters?|fifths?|sixth|eighth|tenth|"
    r"times|plus|minus|over|per|sum|difference|product|quotient|square|squared|cube|cubed|root|log|ln|sin|cos|"
    r"tan|gcd|lcm|max|min|mod|point|negative|dozen|hundred|thousand|million|billion|one|two|three|four|five|"
    r"six|seven|eight|nine|ten|twenty|percent|x)"
    r"|(?:half|twice|double|triple|thirds?|fourths?|quarters?|fifths?|percent|%|sum|difference|product|quotient|"
    r"square|cube|root|multiple|remainder)\s+of|(?:by|between|from)"
    r"|[-+*/^<>|_@#☆★⊕⊗◇⋆∘%]|\\[a-zA-Z]+)$",
    re.IGNORECASE,
)
_LABEL_WORDS = re.compile(
    r"\b(?:step|day|week|month|year|part|case|problem|question|figure|option|equation|example|line|page|"
    r"chapter|no|number|row|column|term|method|way|level|grade|round|game|night|hour|minute|trip|item|box|"
    r"group|set|stage|person|child|student|house|floor|type|class|section|phase|route|plan|answer|choice|"
    r"scenario|statement|rule|version|size|exam|team|bus|car|train|truck|triangle|circle)s?[\s#]*$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"^[\s$)\\\]}]*(?:[-+*/^×÷·_!:]\s*[\w({\\$]|/|\\(?:times|cdot|div|pm|ldots|dots|cdots|overline|bar|pi|sqrt|frac"
    r"|pmod|bmod|mod|equiv|circ|degree)|(?:[a-z]+\s){0,2}"
    r"(?:hundred|thousand|million|billion|trillion|dozen|percent|percentage|(?:more|less|fewer)\s+than|times|"
    r"plus|minus|squared|cubed|remainder|remaining|with\s+(?:a\s+)?remainder|mod|modulo|over|divided|multiplied|"
    r"of\s+[\d$]|k\b|or\s+\$?-?\d|and\s+a\s+half)\b|[,;]\s*\$?-?[\d.]+(?!\s*[-+*/×÷=\d.\\]))",
    re.IGNORECASE,
)
_CLEAN = re.compile(
    r"[.,;:?!\n=]|\\\\|\\[\[(]|\b(?:so|then|therefore|thus|hence|is|are|was|were|be|that|which|because|since|gives?|"
    r"get|gets|means?|equals?|have|has|had|as|calculate|compute|evaluate|becomes?|yields?|costs?|spends?|"
    r"takes?|makes?|needs?|pays?|earns?|sold|sells?|gave|leaves?|left|took|did|do|does|will|in total)\b",
    re.IGNORECASE,
)


def _bare_left(case: Case) -> bool:
    """A label such as *5 boxes = 5 x 12*, or an equation between given quantities."""
    start, end = case.link.left
    lexer = case.lexer
    side = "".join(lexer.kinds[start:end])
    if not re.fullmatch(r"\(*-?(?:n|F\(n\)&?\(n\)|Fn|n&F\(n\)&?\(n\)|nmn/n)%?\)*", side):
        return False
    first, last = lexer.index[end - 1] + 1, lexer.index[end]
    if re.search(r"[A-Za-z]{2}|°", "".join(lexer.tokens[first:last])):
        return True
    plain = "F" not in side and lexer.kinds[start - 1] not in "=a"
    return plain and not _factorised(lexer.kinds, case.link.right)


def _factorised(kinds: Sequence[str], span: tuple[int, int]) -> bool:
    """A product of powers of whole numbers, as a factorisation is written."""
    side = "".join(kinds[slice(*span)])
    return bool(re.fullmatch(r"n(?:\^n|\^\(n\))?(?:\*n(?:\^n|\^\(n\))?)+", side)) and (
        "^" in side or side.count("*") > 1
    )


def _goes_on(case: Case) -> bool:
    """*7 x 60 = 420 + 23 = 443*: the chain goes on from the result instead of equalling it."""
    start, end = case.link.right
    kinds = case.lexer.kinds
    if kinds[end] not in "=a":
        return False
    parser = Parser(kinds, case.lexer.values)
    depth = 0
    for at in range(start, end):
        depth += (kinds[at] == "(") - (kinds[at] == ")")
        if not depth and at > start and kinds[at] in "+-*/&^s":
            try:
                if parser.evaluate(start, at) == case.link.left_value:
                    return True
            except CannotEvaluate:
                continue
    return False


def _slashes(case: Case) -> bool:
    """*50 / 1/2* may divide by a half."""
    kinds = "".join(case.lexer.kinds[case.link.left[0] : case.link.right[1]])
    return bool(re.search(r"/(?:n|\([^()]*\))%?/|/(?:n|\([^()]*\))\^?n?[&s]|[nm)]/n\*n/n", kinds))


def _open_bracket(case: Case) -> bool:
    kinds = case.lexer.kinds[case.link.left[0] : case.link.right[1]]
    return "u" in kinds or ("s" in kinds and not case.lexer.symbolic)


def _remainder(case: Case) -> bool:
    r"""*17 \div 5 = 3 \text{ remainder } 2*."""
    return bool(re.search(r"\bremainder\b", case.claim))


def _said_operator(case: Case) -> bool:
    """*360 divided by 5 is 72* goes on after the result 360."""
    values = case.lexer.values[slice(*case.link.right)]
    return any(isinstance(value, str) and len(value) > 1 and value.isalpha() for value in values)


def _floors(case: Case) -> bool:
    """*42/5 + 42/25 = 8 + 1* drops the parts after the point."""
    parser = Parser(case.lexer.kinds, case.lexer.values)
    try:
        return parser.evaluate(*case.link.left, FLOOR) == case.link.right_value
    except CannotEvaluate:
        return False


def _loosely(case: Case) -> bool:
    """Close, in a sentence that speaks of approximation."""
    if set(case.lexer.kinds[slice(*case.link.left)]) <= set("n+-"):
        return False  # sums come out exactly
    ratio = _ratio(case.link.left_value, case.link.right_value)
    return ratio < 1.05 and bool(_APPROXIMATE.search(case.sentence))


def _priced(case: Case) -> bool:
    """*3 pencils + 1 eraser = 124 cents* is an equation for prices."""
    kinds = case.lexer.kinds[slice(*case.link.left)]
    if "+" not in kinds and "-" not in kinds:
        return False
    left, _, right = case.claim.partition("=")
    return (
        bool(_PRICE.search(right + case.after[:12])) and not _PRICE.search(left) and bool(_NOUN.search(left))
    )


def _other_unit(case: Case) -> bool:
    """*42 x 20/21 daps = 42 baps* sets one unit against another."""
    left = case.claim.partition("=")[0]
    words = _UNIT_WORDS.findall(left)
    last = re.search(r"([A-Za-z]{3,})[\s}$)]*$", left)
    first = re.match(r"[\s{}$)\\]*(?:text)?[\s{]*([A-Za-z]{3,})", case.after)
    if not last or not first or {word.lower() for word in words} != {last[1].lower()}:
        return False
    return last[1].lower().rstrip("s") != first[1].lower().rstrip("s") and first[1].lower() not in STOPS


def _percent_of(case: Case) -> bool:
    return bool(re.search(r"%\s*\$?\s*(?:of|off)\b", case.claim[case.claim.find("=") :] + case.after[:12]))


def _letter_x(case: Case) -> bool:
    """An x that elsewhere in the sentence is a variable."""
    return bool(re.search(r"[0-9)] ?[xX] ?[0-9(]", case.claim)) and bool(
        re.search(r"[xX]\s*[=+^]|[=+]\s*[xX]\b|[0-9]x\b", case.sentence)
    )


def _lost_exponent(case: Case) -> bool:
    """*4.0 x 10-9*, written by somebody whose superscripts got lost."""
    return bool(
        re.search(r"(?:[x×*·]|\\times|\\cdot)\s*10\s*[-−–]\s*[0-9]|10[-−–][0-9]+\b(?!\s*=)", case.claim)
    )


def _cut(case: Case) -> bool:
    """The expression was cut out of a longer one."""
    start, end = case.link.left[0], case.link.right[1]
    lexer = case.lexer
    kinds, values = lexer.kinds, lexer.values
    if kinds[end] == "B" and values[end] == "beside":
        return True
    if kinds[start - 1] != "B":
        return False
    if values[start - 1] == "beside" or kinds[start - 2] in "+-*/^":
        return True
    between = "".join(lexer.tokens[lexer.index[start - 2] + 1 : lexer.index[start]]) if start > 1 else "."
    if kinds[start - 2] in "!q&(" and not _CLEAN.search(between):
        return True
    # A bare number before a comma: a list, or a number written with a space.
    listed = start > 2 and kinds[start - 2] in "n)%" and kinds[start - 3] == "B"
    return listed and values[start - 1] == "," and not re.search(r"[A-Za-z]", between)


def _lead(case: Case) -> str:
    """The words right before the claim, or nothing where it follows a relation."""
    if case.lexer.kinds[case.link.left[0] - 1] in "=aq":
        return ""
    return _OPENING.sub("", case.before)


def _operand_before(case: Case) -> bool:
    """Another operand stands in the same clause."""
    clause = _lead(case)
    borders = [found.end() for found in _CLEAN.finditer(clause)]
    return bool(re.search(r"[0-9]", clause[borders[-1] :] if borders else clause))


def _led_by_operator(case: Case) -> bool:
    lead = _lead(case)
    return bool(
        _OPERATOR_WORDS.search(lead) or (lead == case.before.rstrip(" $") and _LABEL_WORDS.search(lead))
    )


def _followed(case: Case) -> bool:
    return case.lexer.kinds[case.link.right[1]] == "B" and bool(_AFTER.search(case.after))


def _leading_minus(case: Case) -> bool:
    start = case.link.left[0]
    kinds = case.lexer.kinds
    return kinds[start] == "-" and kinds[start - 1] == "B" and bool(re.search(r"\w\s*\$?$", case.before))


_MONEY = re.compile(r"\b(?:cents?|penn(?:y|ies)|nickels?|dimes?|quarters?)\b|¢", re.IGNORECASE)
_SCALE = re.compile(
    r"\b(?:hundreds?|thousands?|millions?|billions?|k|dozens?|percent\w*|milli\w+|micro\w+|nano\w+|kilo\w+|mega\w+|"
    r"[cdmunkp][mgslLAVWJFNTM]|[munkMGT](?:Hz|B|J|W|Pa|V|N|cal|eV|mol|bar))\b|[0-9][kKM]\b|%|µ|μ|Å",
    re.IGNORECASE,
)


_POWERS = tuple(10**power for power in range(2, 19))
"""Between any two units with prefixes, squared and cubed ones too."""
_THOUSANDS = re.compile(r"\b(?:thousand|million|billion)s?\b", re.IGNORECASE)


def _units_differ(case: Case) -> bool:
    """The sides differ by a factor between units, or add different units of one quantity."""
    units: dict[str, set[str]] = {}
    near = case.claim + " " + case.after[:40] + " " + case.before[-40:]
    for word in re.findall(r"[A-Za-z]+|[°¢]", near):
        measure = MEASURES.get(word) or MEASURES.get(word.lower())
        if measure is not None and len(word) > 1:
            units.setdefault(measure.dimension, set()).add(measure.unit)
    if _MONEY.search(near):
        units.setdefault("money", set()).add("cent")
        if "$" in near:
            units["money"].add("dollar")
    ratio = _ratio(case.link.left_value, case.link.right_value)
    if _near(ratio, _POWERS) and _SCALE.search(near):
        return True
    if _near(ratio, (1000, 10**6, 10**9)) and _THOUSANDS.search(case.sentence):
        return True
    kinds = case.lexer.kinds[case.link.left[0] : case.link.right[1]]
    mixed = sum(len(names) > 1 for names in units.values())
    if mixed > 1 or (mixed and ("+" in kinds or "-" in kinds)):
        return True
    return any(
        _near(ratio, (FACTORS if len(names) > 1 else ALONE).get(dimension, ()))
        for dimension, names in units.items()
    )


def _ratio(left: Value, right: Value) -> float:
    """The larger over the smaller, or 0 where one of them is 0."""
    try:
        low, high = sorted((abs(float(left)), abs(float(right))))
    except OverflowError:
        return 0.0
    return high / low if low else 0.0


def _near(ratio: float, factors: Sequence[int]) -> bool:
    return any(abs(ratio / factor - 1) < 0.006 for factor in factors)


def _symbolic_unit(case: Case) -> bool:
    """A letter that may be a unit or a variable hangs on a number."""
    return bool(re.search(r"[0-9)}]\s+[mgshlL]\b(?!['’])", case.claim))


_BASE = re.compile(
    r"\bbase[- ](?:\$|\\\(|[0-9]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|sixteen|"
    r"[a-z]\$?[ .,])"
    r"|\b(?:binary|octal|hexadecimal|ternary|number bases?|bases)\b|[0-9]_\{?[0-9b]",
    re.IGNORECASE,
)
_STAR = re.compile(
    r"(?<![a-z0-9])\(?[a-z]\)?\s*(\*|\\ast|\\star|\\cdot|\\times|\\div|\\circ|\+|-)\s*\(?[a-z]\)?\s*"
    r"(?:=|\\\]|\$)"
)
_DEFINES = re.compile(r"\b(?:defin\w+|denot\w+|operations?|operators?|symbols?)\b", re.IGNORECASE)
_PUZZLE = re.compile(
    r"\b(?:cryptarithm|(?:insert\w*|add|adding|plac\w+|using) (?:\w+ ){0,3}parenthes[ei]s|"
    r"order of operations|operation (?:sign|symbol)s?|true equation|each letter|misplaced)\b",
    re.IGNORECASE,
)
_MODULUS = re.compile(
    r"(?:\\p?mod\s*\{?|\bmod(?:ulo|ulus)?\s*\$?|\bdivi\w+ by\s*\$?|\bmultiples? of\s*\$?)\s*([0-9]{1,9})",
    re.IGNORECASE,
)
_CYCLES: Sequence[tuple[re.Pattern[str], tuple[int, ...]]] = (
    (
        re.compile(r"\b(?:units?|ones|last|tens|final|rightmost)(?: two| three)? digits?\b", re.IGNORECASE),
        (10, 100, 1000),
    ),
    (re.compile(r"\bclocks?\b|o'clock|\b[ap]\.?m\b|\bhours?\b", re.IGNORECASE), (12, 24)),
    (re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE), (7,)),
    (re.compile(r"\b(?:angle|rotat\w+|degrees?)\b|\\circ|°", re.IGNORECASE), (360, 180)),
)


def _convention(case: Case) -> bool:
    """Another base, or an operation that the problem defines."""
    if any(_BASE.search(text) for text in (case.problem, case.written, case.sentence)):
        return True
    if _PUZZLE.search(case.problem):
        return True
    defined = _STAR.finditer(case.problem) if _DEFINES.search(case.problem) else ()
    return any(found[1] in case.claim for found in defined)


def _cycle(case: Case) -> bool:
    """Equal up to a multiple of a modulus that the context names."""
    left, right = case.link.left_value, case.link.right_value
    if not (isinstance(left, int) and isinstance(right, int)):
        return False
    context = f"{case.problem} {case.written} {case.sentence}"
    moduli = {int(number) for number in _MODULUS.findall(context)}
    for pattern, cycle in _CYCLES:
        if pattern.search(context):
            moduli.update(cycle)
    return any(modulus > 1 and (left - right) % modulus == 0 for modulus in moduli)


_REFUTED = re.compile(
    r"\b(?:is not|are not|not (?:an?|the|equal|true|possible|satisf\w*|correct|right|work|hold|valid)|isn't|"
    r"doesn't|does not|don't|do not|can't|cannot|never|whether|suppos\w+|assum\w+|imagine|pretend|hypothe\w*|"
    r"guess\w*|incorrect\w*|wrong\w*|mistake\w*|erroneous\w*|error|false|impossible|contradict\w*|invalid|unless|"
    r"claims?|claimed|thought|oops|unequal|differs?|check if|verify if|see if|test if|should be|would be|"
    r"too (?:big|small|large|low|high|many|few)|rather than|instead|neither)\b|[?≠]|\\neq?\b|!=",
    re.IGNORECASE,
)
_REFUTED_LATER = re.compile(
    r"^[^.]{0,60}\.?\s*(?:but |however,? |so |clearly,? )?(?:this|that|which|it)(?:'s| is| was| does)? ?"
    r"(?:not|n't|impossible|a contradiction|false|wrong|incorrect|too|an error|contradicts)\b"
    r"|\\(?:neq?|cancel|not)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(?:if|when|unless|whenever)\b(?:(?!\bthen\b|[,;:]|\.\s).)*$", re.IGNORECASE | re.DOTALL
)


def _refuted(case: Case) -> bool:
    return bool(_REFUTED.search(case.sentence) or _REFUTED_LATER.search(case.after))


def _condition(case: Case) -> bool:
    """The claim is the condition of an if."""
    return bool(_CONDITION.search(case.before)) and case.lexer.kinds[case.link.left[0] - 1] not in "=a"


RULES: Sequence[tuple[Rule, str]] = (
    (_bare_left, "a label stands on the left"),
    (_goes_on, "the chain goes on from the result"),
    (_slashes, "the order of divisions is open"),
    (_open_bracket, "a bracket may be a comment"),
    (_percent_of, "a percentage of something follows"),
    (_remainder, "a remainder is stated"),
    (_said_operator, "the sentence goes on after the result"),
    (_floors, "the parts after the point may be dropped"),
    (_loosely, "it is close and an approximation is spoken of"),
    (_other_unit, "one unit is set against another"),
    (_priced, "it may be an equation for prices"),
    (_letter_x, "x may be a variable"),
    (_symbolic_unit, "a letter may be a variable"),
    (_lost_exponent, "an exponent may have lost its place"),
    (_cut, "the expression may be cut short"),
    (_leading_minus, "the first minus may be a dash"),
    (_led_by_operator, "the words before it belong to the expression"),
    (_followed, "the words after it belong to the expression"),
    (_operand_before, "another quantity stands before it"),
    (_units_differ, "units may differ"),
    (_refuted, "the sentence supposes or refutes it"),
    (_condition, "it is a condition"),
    (_convention, "another base or operation may be meant"),
    (_cycle, "it may be meant up to a modulus"),
)
"""Rules in the order in which they are asked, with their reason."""


def doubt(case: Case) -> str | None:
    """First reason against calling the claim a mistake, or None."""
    for rule, reason in RULES:
        if rule(case):
            return reason
    return None
