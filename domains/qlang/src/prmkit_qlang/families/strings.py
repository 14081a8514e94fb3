"""Families about texts: palindromes, words, brackets, codes, dates."""

from __future__ import annotations

import datetime
import itertools
import re
from collections import Counter

from prmkit_qlang.families.family import Family, option, options
from prmkit_qlang.families.shapes import LOWER, Shape, date, phrase, text, texts

_MIXED = "abABxyZ"


def _palindrome(s: str, how: str) -> bool:
    kept = [c for c in s.lower() if "a" <= c <= "z"] if how == "letters" else list(s)
    return kept == kept[::-1]


def _first_unique(s: str) -> int:
    counts = Counter(s)
    return next((i for i, c in enumerate(s) if counts[c] == 1), -1)


def _balanced(s: str, pair: str) -> bool:
    depth = 0
    for c in s:
        depth += 1 if c == pair[0] else -1
        if depth < 0:
            return False
    return depth == 0


def _depth(s: str) -> int:
    deepest = depth = 0
    for c in s:
        depth += {"(": 1, ")": -1}.get(c, 0)
        deepest = max(deepest, depth)
    return deepest


def _encoded(s: str, order: str) -> str:
    runs = [(c, str(len(list(run)))) for c, run in itertools.groupby(s)]
    return "".join(n + c if order == "count" else c + n for c, n in runs)


def _shifted(s: str, k: int) -> str:
    return "".join(chr((ord(c) - 97 + k) % 26 + 97) if c in LOWER else c for c in s)


def _isomorphic(a: str, b: str) -> bool:
    return [a.index(c) for c in a] == [b.index(c) for c in b]


def _subsequence(a: str, b: str) -> bool:
    rest = iter(b)
    return all(c in rest for c in a)


def _prefix(words: list[str], end: str) -> str:
    turned = words if end == "begin" else [w[::-1] for w in words]
    kept = ""
    for column in zip(*turned, strict=False):
        if len(set(column)) > 1:
            break
        kept += column[0]
    return kept if end == "begin" else kept[::-1]


def _longest(s: str, what: str) -> str:
    words = s.split(" ")
    wanted = (max if what == "longest" else min)(map(len, words))
    return next(w for w in words if len(w) == wanted)


def _capital(s: str) -> bool:
    return s.isupper() or s.islower() or (s[:1].isupper() and s[1:].islower())


def _day(s: str) -> datetime.date:
    return datetime.date(*map(int, s.split(".")))


def _month_length(s: str) -> int:
    first = _day(s).replace(day=1)
    return ((first + datetime.timedelta(days=32)).replace(day=1) - first).days


def _merged(a: str, b: str) -> str:
    return "".join(x + y for x, y in itertools.zip_longest(a, b, fillvalue=""))


def _key(s: str, k: int) -> str:
    letters = s.replace("-", "").upper()[::-1]
    return "-".join(letters[i : i + k] for i in range(0, len(letters), k))[::-1]


_KEY = Shape(
    "string",
    "a string of letters, digits and hyphens",
    lambda rng: "".join(rng.choice("aB3x-") for _ in range(rng.randint(1, 12))) + "q",
    ("a", "ab-c", "2-5g-3-J"),
)
_VOWELS = (
    option("aeiou", "vowels (a, e, i, o, u)", '"aeiou"'),
    option("abc", "letters a, b, c", '"abc"'),
    option("xyz", "letters x, y, z", '"xyz"'),
)

FAMILIES = (
    Family("palindrome", "Return whether s reads the same from both ends{how}.",
           {"s": text(_MIXED + " ,", borders=("Aba", "a, A", "ab ba"))}, "bool", _palindrome, "<how>",
           {"how": (option("letters", ", counting letters only and their case not",
                           "{s~reverse s:(lower x)inter .Q.a}"),
                    option("all", "", "{x~reverse x}"))}),
    Family("anagram", "Return whether b has the same characters as a, each as often.",
           {"a": text("abc", most=5), "b": text("abc", most=5, borders=("ba", "aab"))}, "bool",
           lambda a, b: sorted(a) == sorted(b), "{(asc x)~asc y}"),
    Family("reverse_words", "Return the string with {what}.",
           {"s": phrase()}, "string",
           lambda s, what: " ".join(s.split()[::-1] if what == "order" else [w[::-1] for w in s.split()]),
           '{" "sv <what>" "vs x}',
           {"what": (option("order", "its words in reverse order", "reverse "),
                     option("each", "each word reversed, the words in their order", "reverse each "))}),
    Family("count_letters", "Return how many {letters} the string holds.",
           {"s": text("abcdeixyz")}, "long", lambda s, letters: sum(c in letters for c in s),
           "{sum x in <letters>}", {"letters": _VOWELS}),
    Family("remove_letters", "Return the string without its {letters}.",
           {"s": text("abcdeixyz")}, "string", lambda s, letters: "".join(c for c in s if c not in letters),
           "{x except <letters>}", {"letters": _VOWELS}),
    Family("first_unique", "Return the place of the first character that occurs once only, or -1.",
           {"s": text("abcde")}, "long", _first_unique,
           "{i:where 1=count each group x;$[count i;x?first i;-1]}", valid=lambda s: s != ""),
    Family("balanced", "The string holds {pair} only. Return whether every bracket is closed, and none "
    "before "
           "it is opened.",
           {"s": text("()", most=8, borders=("()()", "(())", "())("))}, "bool",
           lambda s, pair: _balanced(s, pair), "{s:1 -1 <pair>?x;(0=sum s)&all 0<=sums s}",
           {"pair": (option("()", "round brackets", '"()"'),)}),
    Family("nesting_depth", "Return how deep the round brackets of the string are nested; they are "
    "balanced or "
           "closed too late, never too early.",
           {"s": text("()a", most=10, borders=("(a)", "((a)a)"))}, "long", _depth,
           '{max 0,sums 1 -1 0 "()"?x}'),
    Family("run_length", "Return the string with each stretch of equal characters written as {order}.",
           {"s": text("abc", least=1)}, "string", _encoded, "{raze{<order>}each(where differ x)cut x}",
           {"order": (option("count", "its length and the character", "(string count x),first x"),
                      option("letter", "the character and its length", "(first x),string count x"))}),
    Family("caesar", "Return the string with each small letter replaced by the one {k} places on, z being "
           "followed by a; other characters stay.",
           {"s": text("abcxyz AB!")}, "string", _shifted,
           "{i:where x in .Q.a;@[x;i;:;.Q.a(<k>+.Q.a?x i)mod 26]}", {"k": options(1, 2, 3, 13, 25)}),
    Family("change_case", "Return the string with {what}.",
           {"s": text(_MIXED + " 1")}, "string",
           lambda s, what: {"upper": s.upper(), "lower": s.lower(), "swap": s.swapcase()}[what], "{<what>}",
           {"what": (option("upper", "all letters large", "upper x"),
                     option("lower", "all letters small", "lower x"),
                     option("swap", "large letters made small and small ones large",
                            "?[x=upper x;lower x;upper x]"))}),
    Family("isomorphic", "Both strings have the same length. Return whether the characters of a can be "
    "replaced, "
           "each by one of its own, so that b comes out.",
           {"a": text("abc", least=3, most=3), "b": text("xyz", least=3, most=3)}, "bool", _isomorphic,
           "{(x?x)~y?y}"),
    Family("subsequence", "Return whether a comes out of b by leaving out characters.",
           {"a": text("abc", most=4), "b": text("abc", most=9)}, "bool", _subsequence,
           '{count[x]={[s;i;c]i+(i<count s)&c=s i}[x]/[0;y]}'),
    Family("common_affix", "Return the longest string with which all strings of the list {end}.",
           {"words": texts()}, "string", _prefix, "{<end>}",
           {"end": (option("begin", "begin", "n:min count each x;(sum mins 1=count each distinct each "
                           "flip n#'x)#first x"),
                    option("end", "end", "w:reverse each x;n:min count each w;"
                           "reverse(sum mins 1=count each distinct each flip n#'w)#first w"))},
           valid=lambda words, end: all(words)),
    Family("word_by_length", "Return the {what} word; of several the first.",
           {"s": phrase()}, "string", _longest, '{w:" "vs x;w n?<what> n:count each w}',
           {"what": (option("longest", "longest", "max"), option("shortest", "shortest", "min"))}),
    Family("count_words", "Return how many words have {what} {k} letters.",
           {"s": phrase()}, "long",
           lambda s, what, k: sum({"least": len(w) >= k, "most": len(w) <= k}[what] for w in s.split()),
           '{sum <k><what>count each" "vs x}',
           {"k": options(2, 3, 4), "what": (option("least", "at least", "<="), option("most", "at "
           "most", ">="))}),
    Family("capitals", "Return whether the word is written all large, all small, or with its first letter "
           "large and the others small.",
           {"word": text("abAB", least=1, most=5)}, "bool", _capital,
           "{any x~/:(upper x;lower x;(upper 1#x),lower 1_x)}",
           valid=lambda word: True),
    Family("days_between", "Return how many days pass from the first date to the second, less than nought "
    "where "
           "it is earlier.",
           {"a": date(), "b": date()}, "long", lambda a, b: (_day(b) - _day(a)).days,
           '{"j"$("D"$y)-"D"$x}'),
    Family("weekday", "Return the day of the week as a number: {first} is 0, the next day 1 and so on.",
           {"day": date()}, "long",
           lambda day, first: (_day(day).weekday() - first) % 7, '{("j"$<first>+"D"$x)mod 7}',
           {"first": (option(0, "Monday", "5"), option(6, "Sunday", "6"), option(5, "Saturday", "0"))}),
    Family("month_length", "Return how many days the month of the date has.",
           {"day": date()}, "long", _month_length, '{m:`month$"D"$x;"j"$("d"$m+1)-"d"$m}'),
    Family("day_of_year", "Return which day of its year the date is, counted from {first}.",
           {"day": date()}, "long", lambda day, first: _day(day).timetuple().tm_yday - 1 + first,
           '{d:"D"$x;<first>+"j"$d-"D"$string[`year$d],".01.01"}', {"first": options(0, 1)}),
    Family("license_key", "Leave out the hyphens, make letters large, and put a hyphen after every {k} "
    "characters "
           "counted from the end, none at the beginning. Return it.",
           {"s": _KEY}, "string", _key, '{reverse"-"sv <k> cut reverse upper x except"-"}',
           {"k": options(2, 3, 4)}),
    Family("merge_strings", "Return the characters of both strings in turn, beginning with a; what is left "
    "of "
           "the longer one stands at the end.",
           {"a": text("abc", most=6), "b": text("xyz", most=6)}, "string", _merged,
           "{n:(count x)&count y;(raze flip(n#x;n#y)),(n _ x),n _ y}"),
    Family("split_sum", "The string holds whole numbers with {what} between them. Return their sum.",
           {"s": text("1234567890 ", least=1)}, "long",
           lambda s, what: sum(map(int, re.split("[ ]", s))), '{sum"J"$" "vs x}',
           {"what": (option(" ", "one blank"),)},
           valid=lambda s, what: all(part.isdigit() for part in s.split(" "))),
    Family("replace_text", "Return the string with every \"{old}\" replaced by \"{new}\".",
           {"s": text("abc", most=12, borders=("abab", "cab"))}, "string",
           lambda s, old, new: s.replace(old, new), '{ssr[x;"<old>";"<new>"]}',
           {"old": (option("ab", "ab", "ab"), option("bc", "bc", "bc")),
            "new": (option("xyz", "xyz", "xyz"), option("-", "-", "-"))}),
)  # fmt: skip
"""In the order of the text above."""
