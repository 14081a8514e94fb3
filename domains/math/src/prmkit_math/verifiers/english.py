"""Controlled English to formulas.

Read are rules (``Every cat is a feline.``, ``Felines are not loud.``) and facts (``Tom is a cat.``).
Anything else is not read: a sentence outside these shapes has no formula, and the caller must
not guess what it says.
"""

from __future__ import annotations

import re

from prmkit_math.verifiers.formula import VARIABLE, Formula, atom, every

_THING = r"[A-Za-z][A-Za-z\-]*(?: [A-Za-z][A-Za-z\-]*)?"
_RULE = re.compile(
    rf"(?:(?:Every|Each|every|each) (?P<one>{_THING}) is|(?:(?:All|all) )?(?P<many>{_THING}) are"
    rf"|(?:A|An|a|an) (?P<any>{_THING}) is) (?P<negated>not )?(?:an? )?(?P<what>{_THING})"
)
_FACT = re.compile(rf"(?P<who>[A-Z][a-z]+|\d{{1,9}}) is (?P<negated>not )?(?:an? )?(?P<what>{_THING})")
_SENTENCE = re.compile(r"[^.!?]*[.!?]|[^.!?]+$")
_NOT_NAMES = frozenset({"It", "This", "That", "There", "He", "She", "What", "Here", "Answer"})
_NOT_THINGS = frozenset(
    {"the", "there", "these", "those", "they", "we", "you", "so", "then", "thus", "if", "no"}
)


def sentences(text: str) -> list[str]:
    """Sentences with their closing mark, trimmed; empty ones left out.

    Examples:
        >>> sentences("Tom is a cat. Cats are not loud.")
        ['Tom is a cat.', 'Cats are not loud.']
    """
    return [found.strip() for found in _SENTENCE.findall(text) if found.strip()]


def singular(noun: str) -> str:
    """One spelling for singular and plural.

    Examples:
        >>> [singular(n) for n in ("Butterflies", "wumpuses", "cats", "six-legged", "painted ladies")]
        ['butterfly', 'wumpus', 'cat', 'six-legged', 'painted lady']
    """
    word = noun.lower()
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "ous")):
        return word[:-1]
    return word


def read(sentence: str) -> Formula | None:
    """The formula of one sentence, or None when it has none of the known shapes.

    Examples:
        >>> read("Every cat is not loud.") == every(atom("cat", "x"), ~atom("loud", "x"))
        True
        >>> read("Perhaps Tom is a cat.") is None
        True
    """
    plain = sentence.strip().rstrip(".").strip()
    rule = _RULE.fullmatch(plain)
    if rule:
        subject = rule["one"] or rule["many"] or rule["any"]
        if not _known(subject, rule["what"]):
            return None
        about = atom(singular(rule["what"]), VARIABLE)
        return every(atom(singular(subject), VARIABLE), ~about if rule["negated"] else about)
    fact = _FACT.fullmatch(plain)
    if fact and fact["who"] not in _NOT_NAMES and _known(fact["what"]):
        about = atom(singular(fact["what"]), fact["who"].lower())
        return ~about if fact["negated"] else about
    return None


def _known(*things: str) -> bool:
    return not any(word.lower() in _NOT_THINGS for thing in things for word in thing.split())
