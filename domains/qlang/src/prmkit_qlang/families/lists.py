"""Families about lists of numbers: running totals, runs, order, counts."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from collections.abc import Callable
from typing import Any

from prmkit_qlang.families.family import Family, option, options, picked
from prmkit_qlang.families.shapes import bits, floats, number, numbers

_ACCUMULATED: dict[str, Callable[[int, int], int]] = {
    "sums": lambda a, b: a + b,
    "prds": lambda a, b: a * b,
    "maxs": max,
    "mins": min,
}


def _running(nums: list[int], what: str) -> list[int]:
    return list(itertools.accumulate(nums, _ACCUMULATED[what]))


def _sub(nums: list[int], what: str) -> int:
    best = max if what == "largest" else min
    return best(sum(nums[i:j]) for i in range(len(nums)) for j in range(i + 1, len(nums) + 1))


def _profit(prices: list[int], what: str) -> int:
    if what == "many":
        return sum(max(0, b - a) for a, b in itertools.pairwise(prices))
    return max((b - a for a, b in itertools.combinations_with_replacement(prices, 2)), default=0)


def _moved(nums: list[int], k: int, end: str) -> list[int]:
    kept, rest = [n for n in nums if n != k], [n for n in nums if n == k]
    return kept + rest if end == "end" else rest + kept


def _near(nums: list[int], k: int) -> bool:
    pairs = itertools.combinations(range(len(nums)), 2)
    return any(nums[i] == nums[j] and j - i <= k for i, j in pairs)


def _rotated(nums: list[int], k: int, to: str) -> list[int]:
    if not nums:
        return []
    at = (k if to == "left" else -k) % len(nums)
    return nums[at:] + nums[:at]


def _often(nums: list[int], what: str) -> int:
    counts = Counter(nums)
    wanted = max(counts.values()) if what == "most" else min(counts.values())
    return next(n for n in nums if counts[n] == wanted)


def _top(nums: list[int], k: int) -> list[int]:
    counts = Counter(nums)
    return sorted(counts, key=lambda n: (-counts[n], n))[:k]


def _others(nums: list[int]) -> list[int]:
    made = []
    for i in range(len(nums)):
        product = 1
        for n in nums[:i] + nums[i + 1 :]:
            product *= n
        made.append(product)
    return made


def _peaks(nums: list[int]) -> list[int]:
    low = min(nums, default=0) - 1
    padded = [low, *nums, low]
    return [i for i, n in enumerate(nums) if padded[i] < n > padded[i + 2]]


def _rises(nums: list[int], what: str) -> int:
    best = length = 0
    for i, n in enumerate(nums):
        goes_on = i > 0 and (n > nums[i - 1] if what == "up" else n < nums[i - 1])
        length = length + 1 if goes_on else 1
        best = max(best, length)
    return best


def _runs(nums: list[int]) -> list[list[int]]:
    made: list[list[int]] = []
    for n in nums:
        if made and n == made[-1][-1] + 1:
            made[-1].append(n)
        else:
            made.append([n])
    return made


def _robbed(nums: list[int]) -> int:
    before = best = 0
    for n in nums:
        before, best = best, max(best, before + n)
    return best


def _pair(nums: list[int], target: int) -> list[int]:
    pairs = itertools.combinations(range(len(nums)), 2)
    return next(([i, j] for i, j in pairs if nums[i] + nums[j] == target), [])


def _window(nums: list[int], k: int, what: str) -> list[float]:
    made: list[float] = []
    for i in range(len(nums)):
        part = nums[max(0, i - k + 1) : i + 1]
        made.append(statistics.fmean(part) if what == "avg" else picked(what, part))
    return made


def _water(heights: list[int]) -> int:
    return sum(min(max(heights[: i + 1]), max(heights[i:])) - heights[i] for i in range(len(heights)))


def _ones(nums: list[int], k: int) -> int:
    return max((len(list(run)) for value, run in itertools.groupby(nums) if value == k), default=0)


def _cited(counts: list[int]) -> int:
    return max(h for h in range(len(counts) + 1) if sum(c >= h for c in counts) >= h)


def _figure(values: list[float], what: str) -> float:
    found: dict[str, Callable[[Any], float]] = {
        "avg": statistics.fmean,
        "med": statistics.median,
        "var": statistics.pvariance,
        "dev": statistics.pstdev,
    }
    return found[what](values)


def _sets(a: list[int], b: list[int], what: str) -> list[int]:
    one, two = set(a), set(b)
    return sorted({"inter": one & two, "union": one | two, "except": one - two}[what])


def _totals(keys: list[int], values: list[int]) -> list[list[int]]:
    return [[k, sum(v for key, v in zip(keys, values, strict=True) if key == k)] for k in sorted(set(keys))]


_ENDS = (option("largest", "largest", "max"), option("smallest", "smallest", "min"))
_MOST = (option("most", "most", "max"), option("least", "least", "min"))
_UP = (option("up", "ascending", "asc"), option("down", "descending", "desc"))

FAMILIES = (
    Family("running", "Return the list whose item i is the {what} of the first i+1 items.",
           {"nums": numbers(-5, 5)}, "longs", _running, "{<what> x}",
           {"what": (option("sums", "sum", "sums"), option("prds", "product", "prds"),
                     option("maxs", "maximum", "maxs"), option("mins", "minimum", "mins"))}),
    Family("subarray", "Return the {what} sum of one or more neighbouring items.",
           {"nums": numbers(least=1, borders=([-3, -1, -2], [2, -1, 2]))}, "long", _sub,
           "{<what>}",
           {"what": (option("largest", "largest", "max{y|x+y}\\[x]"),
                     option("smallest", "smallest", "min{y&x+y}\\[x]"))}),
    Family("stock_profit", "The list holds the prices of the days in order. Return the largest profit of "
           "{what}, or 0 where there is none.",
           {"prices": numbers(0, 20)}, "long", _profit, "{<what>}",
           {"what": (option("once", "buying on one day and selling on a later one", "max 0,x-mins x"),
                     option("many", "buying and selling as often as one likes, holding one share at most",
                            "sum 0|1_deltas x"))}),
    Family("move_value", "Move every {k} to the {end} of the list; the others keep their order. Return it.",
           {"nums": numbers(-2, 3)}, "longs", _moved, "{<end>}",
           {"end": (option("end", "end", "(x where x<><k>),x where x=<k>"),
                    option("front", "front", "(x where x=<k>),x where x<><k>")),
            "k": options(0, 1, 2)}),
    Family("distinct_sorted", "Return the different numbers of the list in {order} order.",
           {"nums": numbers(-4, 4)}, "longs",
           lambda nums, order: sorted(set(nums), reverse=order == "down"), "{<order> distinct x}",
           {"order": _UP}),
    Family("near_duplicate", "Return whether two equal numbers stand at places that are at most {k} apart.",
           {"nums": numbers(0, 12)}, "bool", _near,
           "{any raze{<k>>=1_deltas x}each value group x}", {"k": options(1, 2, 3, 4)}),
    Family("rotate_list", "Rotate the list k places to the {to} and return it; k may exceed its length.",
           {"nums": numbers(), "k": number(0, 12)}, "longs", _rotated,
           "{$[count x;((<to>y)mod count x)rotate x;x]}",
           {"to": (option("left", "left"), option("right", "right", "neg "))}),
    Family("plus_one", "The list holds the decimal digits of a number, the highest first, without leading "
           "noughts. Return the digits of the number plus {k}.",
           {"digits": numbers(0, 9, least=1, most=8, borders=([9], [9, 9], [1, 9]))}, "longs",
           lambda digits, k: [int(c) for c in str(int("".join(map(str, digits))) + k)],
           "{10 vs <k>+10 sv x}", {"k": options(1, 2, 5)},
           valid=lambda digits, k: digits[0] > 0),
    Family("most_frequent", "Return the number that occurs {what} often; of several, the one that comes "
    "first.",
           {"nums": numbers(-2, 2, least=1)}, "long", _often,
           "{d:count each group x;d?<what> d}", {"what": _MOST}),
    Family("top_k", "Return the k numbers that occur most often (all where there are fewer), the most "
           "frequent first; of equally frequent ones the smaller comes first.",
           {"nums": numbers(0, 4, least=1, most=12), "k": number(1, 4)}, "longs", _top,
           "{y sublist key desc count each group asc x}"),
    Family("merge_sorted", "Return the items of both lists together in {order} order.",
           {"a": numbers(), "b": numbers()}, "longs",
           lambda a, b, order: sorted(a + b, reverse=order == "down"), "{<order> x,y}", {"order": _UP}),
    Family("kth_number", "Return the {what} number but {k}; equal numbers count as often as they occur.",
           {"nums": numbers(least=4)}, "long",
           lambda nums, what, k: sorted(nums, reverse=what == "largest")[k], "{(<what> x)<k>}",
           {"what": (option("largest", "largest", "desc"), option("smallest", "smallest", "asc")),
            "k": options(1, 2, 3)}),
    Family("set_operation", "Return the different numbers that are {what}, in ascending order.",
           {"a": numbers(-4, 4), "b": numbers(-4, 4)}, "longs", _sets, "{asc distinct x <what> y}",
           {"what": (option("inter", "in both lists", "inter"), option("union", "in one list or "
           "both", "union"),
                     option("except", "in the first list and not in the second", "except"))}),
    Family("missing_number", "Return the smallest whole number, {k} or larger, that is not in the list.",
           {"nums": numbers(-2, 8, most=12)}, "long",
           lambda nums, k: next(n for n in itertools.count(k) if n not in nums),
           "{first(<k>+til 1+count x)except x}", {"k": options(0, 1)}),
    Family("product_of_others", "Return the list whose item i is the product of all items but item i.",
           {"nums": numbers(-4, 4, least=1, most=6)}, "longs", _others,
           "{{prd x _ y}[x]each til count x}"),
    Family("partition", "Put the numbers that {k} divides before the others, each part in its old order.",
           {"nums": numbers(-9, 9)}, "longs",
           lambda nums, k: [n for n in nums if n % k == 0] + [n for n in nums if n % k],
           "{(x where b),x where not b:0=x mod <k>}", {"k": options(2, 3, 4)}),
    Family("peaks", "Return the places of the items that are larger than their neighbours; beyond the ends "
           "everything counts as smaller.",
           {"nums": numbers(0, 6)}, "longs", _peaks, "{where(x>prev x)&x>next x}"),
    Family("longest_run", "Return the length of the longest stretch of neighbouring items that is strictly "
           "{what}.",
           {"nums": numbers(0, 6)}, "long", _rises,
           "{$[count x;max 1,{1+y*x}\\[1;1_x<what>prev x];0]}",
           {"what": (option("up", "rising", ">"), option("down", "falling", "<"))}),
    Family("consecutive_runs", "The list is in ascending order without repetition. Cut it where a number "
    "does "
           "not follow its predecessor by one, and return the pieces.",
           {"nums": numbers(0, 15, least=1)}, "grid", _runs, "{(where 1<>x-prev x)cut x}",
           valid=lambda nums: sorted(set(nums)) == nums),
    Family("house_robber", "The list holds what each house in a row is worth. Return the largest sum of "
           "houses no two of which are neighbours.",
           {"nums": numbers(0, 20)}, "long", _robbed, "{last{(x 1;(x 1)|y+x 0)}/[0 0;x]}"),
    Family("two_sum", "Return the places i and j, i before j, of two items whose sum is the target: the pair "
           "with the smallest i, then the smallest j; an empty list where there is none.",
           {"nums": numbers(-6, 6, borders=([3, 3], [1, 2, 3, 4])), "target": number(-8, 8)}, "longs", _pair,
           "{if[2>count x;:`long$()];i:til count x;p:i cross i;p:p where(</)flip p;"
           "p:p where y=sum x flip p;$[count p;first p;`long$()]}"),
    Family("moving_window", "Return the list whose item i is the {what} of the last {k} items up to and with "
           "item i; at the beginning of as many as there are.",
           {"nums": numbers(-9, 9, least=1)}, "floats", _window, "{<k> m<what> x}",
           {"what": (option("avg", "average", "avg"), option("sum", "sum", "sum"),
                     option("max", "maximum", "max"), option("min", "minimum", "min")),
            "k": options(2, 3, 4)}),
    Family("rain_water", "The list holds the heights of bars of width 1. Return how much water stays between "
           "them after rain.",
           {"heights": numbers(0, 6)}, "long", _water, "{sum((maxs x)&reverse maxs reverse x)-x}"),
    Family("consecutive_ones", "Return the length of the longest stretch of neighbouring {k}s.",
           {"nums": bits()}, "long", _ones, "{max 0,{y*x+y}\\[0;x=<k>]}", {"k": options(0, 1)}),
    Family("h_index", "The list holds how often each paper is cited. Return the largest h such that h papers "
           "are cited h times or more.",
           {"counts": numbers(0, 9)}, "long", _cited, "{sum(desc x)>=1+til count x}"),
    Family("statistic", "Return the {what} of the list.",
           {"values": floats()}, "float", _figure, "{<what> x}",
           {"what": (option("avg", "average", "avg"), option("med", "median", "med"),
                     option("var", "population variance", "var"),
                     option("dev", "population standard deviation", "dev"))}),
    Family("weighted_average", "Return the average of the values, each weighted by the weight at its place.",
           {"weights": numbers(1, 9, least=3, most=3), "values": floats(least=3, most=3)}, "float",
           lambda w, v: sum(a * b for a, b in zip(w, v, strict=True)) / sum(w), "{x wavg y}"),
    Family("group_totals", "Keys and values stand at the same places of the two lists. Return a list of "
    "pairs, "
           "key and total of its values, in ascending order of the keys.",
           {"keys": numbers(0, 3, least=5, most=5), "values": numbers(least=5, most=5)}, "grid", _totals,
           "{flip value flip 0!select sum v by k from([]k:x;v:y)}"),
    Family("extreme_index", "Return the place of the {what} item; of several, the {which}.",
           {"nums": numbers(-3, 3, least=1)}, "long",
           lambda nums, what, which: [i for i, n in enumerate(nums)
                                      if n == (max if what == "largest" else min)(nums)][which],
           "{<which> where x=<what> x}",
           {"what": _ENDS, "which": (option(0, "first", "first"), option(-1, "last", "last"))}),
    Family("differences", "Return the list of the differences of each item from its {side} neighbour, one "
           "item shorter than the list.",
           {"nums": numbers(least=1)}, "longs",
           lambda nums, side: [b - a if side == "left" else a - b for a, b in itertools.pairwise(nums)],
           "{<side>1_deltas x}", {"side": (option("left", "left"), option("right", "right", "neg "))}),
)  # fmt: skip
"""In the order of the text above."""
