"""Proofs that a gold label is wrong (see :mod:`prmkit.verify.errata`), and how they run.

A proof is an equation between numbers, written out anew, that the step asserts and that is false
(or, where the label calls a right step wrong, true): ``{"left": "12 * 4", "right": "46"}``.
"""

from __future__ import annotations

from collections.abc import Sequence

from prmkit.types import Claim, Sample
from prmkit.verify.errata import Erratum, digest_of
from prmkit_math.verifiers._lexemes import Lexer
from prmkit_math.verifiers._numbers import Literal, written
from prmkit_math.verifiers.claims import links, value_of
from prmkit_math.verifiers.comparison import Match, equal

_SIGNS = {"&": "*", "s": "*", "b": "-", "R": "sqrt", "C": "binom", "c": "pi", "f": "!", "m": " "}


def proven(erratum: Erratum) -> bool:
    """Does the proof run: two values that differ where the step is wrong, and agree where it is right?

    Examples:
        >>> proven(Erratum("r", 0, "", 1.0, 0.0, {"left": "12 * 4", "right": "46"}, "48"))
        True
    """
    left, right = (value_of(str(erratum.proof[side])) for side in ("left", "right"))
    if left is None or right is None:
        return False
    return equal(left, right) is (erratum.corrected >= 0.5)


def plain(kinds: Sequence[str], values: Sequence[object]) -> str:
    r"""Lexemes as numbers and operators that read back to the same value.

    Examples:
        >>> from prmkit_math.verifiers._lexemes import Lexer
        >>> found = Lexer(r"$2\frac{1}{4} \cdot \sqrt{9}$")
        >>> plain(found.kinds[1:-1], found.values[1:-1])
        '(2+((1)/(4)))*sqrt(9)'
    """
    out: list[str] = []
    at = 0
    while at < len(kinds):
        kind = kinds[at]
        if list(kinds[at : at + 3]) == ["n", "&", "F"]:
            whole = _number(values[at])
            part, at = _fraction(kinds, values, at + 3)
            out.append(f"({whole}+{part})")
        elif kind == "F":
            part, at = _fraction(kinds, values, at + 1)
            out.append(part)
        elif kind == "C":
            (top, bottom), at = _arguments(kinds, values, at + 1)
            out.append(f"binom({top})({bottom})")
        elif kind == "u":
            at = _end(kinds, at + 1)
        else:
            out.append(_number(values[at]) if kind == "n" else _SIGNS.get(kind, kind))
            at += 1
    return "".join(out)


def candidate(sample: Sample, step: int, claim: Claim) -> Erratum | None:
    """An erratum for a person to read: the false equation of a step that the set calls right.

    None where the claim is no single equation between numbers.
    """
    text = sample.trajectory.steps[step].text
    lexer = Lexer(text[claim.start : claim.end])
    false = [link for link in links(lexer) if link.match is Match.DIFFERENT]
    gold = sample.labels.values[step] if sample.labels else None
    if len(false) != 1 or gold is None:
        return None
    left, right = (
        plain(lexer.kinds[slice(*side)], lexer.values[slice(*side)])
        for side in (false[0].left, false[0].right)
    )
    reason = f"The left side is {written(false[0].left_value)}."
    return Erratum(
        sample.trajectory.id, step, digest_of(text), gold, 0.0, {"left": left, "right": right}, reason
    )


def _number(value: object) -> str:
    if not isinstance(value, Literal):
        return str(value)
    digits = str(int(value.value * 10**value.decimals)).rjust(value.decimals + 1, "0")
    return digits if not value.decimals else f"{digits[: -value.decimals]}.{digits[-value.decimals :]}"


def _fraction(kinds: Sequence[str], values: Sequence[object], at: int) -> tuple[str, int]:
    """The two arguments from ``at`` on as one quotient, and the place after them."""
    (top, bottom), after = _arguments(kinds, values, at)
    return f"({top}/{bottom})", after


def _arguments(kinds: Sequence[str], values: Sequence[object], at: int) -> tuple[list[str], int]:
    if kinds[at] == "n" and (at + 1 == len(kinds) or kinds[at + 1] not in "(&n"):
        digits = _number(values[at])
        return [digits[0], digits[1:]], at + 1
    parts: list[str] = []
    while len(parts) < 2:
        at += kinds[at] == "&"
        after = _end(kinds, at)
        parts.append(plain(kinds[at:after], values[at:after]))
        at = after
    return parts, at


def _end(kinds: Sequence[str], at: int) -> int:
    """The place after the group or single lexeme at ``at``."""
    depth = 0
    for after in range(at, len(kinds)):
        depth += (kinds[after] == "(") - (kinds[after] == ")")
        if depth == 0:
            return after + 1
    return len(kinds)
