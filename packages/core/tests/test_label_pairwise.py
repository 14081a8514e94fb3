"""Goldens of verdicts of written comparisons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prmkit.label.pairwise import TAIL, preferred, settled, verdict_reward


def test_verdict_reward_golden() -> None:
    """The right tag at the end earns 1; the other one, both, none, or one too early -1."""
    right = "A repeats itself less. <answer>[[A]]</answer>"
    assert verdict_reward(right, "A") == 1
    assert verdict_reward(right, "B") == -1
    assert verdict_reward(right + " or <answer>[[B]]</answer>", "A") == -1
    assert verdict_reward("<answer>[[A]]</answer>" + "." * TAIL, "A") == -1
    assert verdict_reward("", "A") == -1
    assert verdict_reward("[[a]]", "A") == -1


@pytest.mark.parametrize("after", [0, TAIL - 5, TAIL - 4])
def test_the_tag_must_stand_whole_in_the_last_80_characters(after: int) -> None:
    assert preferred("[[B]]" + "." * after) == ("B" if after <= TAIL - 5 else None)


def test_an_earlier_tag_does_not_count() -> None:
    assert preferred("[[A]] was my first thought." + " " * TAIL + "[[B]]") == "B"


@given(st.sampled_from(["[[A]]", "[[B]]", "", "[[A]] [[B]]"]), st.sampled_from(["[[A]]", "[[B]]", ""]))
def test_a_verdict_stands_only_in_both_orders(forward: str, swapped: str) -> None:
    found = settled(forward, swapped)
    wanted = {("[[A]]", "[[B]]"): "A", ("[[B]]", "[[A]]"): "B"}
    assert found == wanted.get((forward, swapped))
