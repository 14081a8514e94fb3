"""Texts that nobody hoped for: each is read safely, in every layout, and disturbs no other solution."""

import math

import pytest

from prmkit import PRM
from prmkit.types import Problem, Trajectory

PROBLEM = Problem(id="p", text="3 + 4 = ?")
PLAIN = Trajectory.of_steps("plain", "p", ["3 + 4 = 7", "so 7"])
TRICKS = {
    "marker": "3 <step> 4 <step>",
    "marker in a word": "a<step>b<st<step>ep>",
    "special tokens": "<pad><eos><unk></s><|im_end|>",
    "half a surrogate": "3 \ud800 + \udfff 4",
    "nul": "3\x00+\x004",
    "right to left": "\u202e7 = 4 + 3\u202c",
    "no width": "3\u200b + \u200d4\ufeff",
    "stacked marks": "3" + "\u0301" * 500,
    "wide digits": "\uff13 + \uff14 = \uff17",
    "line ends": "3\r\n\r4\u2028=\u20297\x0b",
    "blank": "   ",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 20,
}


@pytest.fixture(scope="module")
def prm(causal_folder):
    return PRM.create(causal_folder, seed=5)


@pytest.mark.parametrize("layout", ["auto", "rows"])
@pytest.mark.parametrize("text", TRICKS.values(), ids=TRICKS)
def test_tricks_of_unicode_and_markers(prm, text, layout):
    prm.layout = layout
    odd = Trajectory.of_steps("odd", "p", ["3 + 4 = 7", text, "so 7"])
    alone = prm.score(PROBLEM, [PLAIN])[0].values
    first, second = prm.score(PROBLEM, [odd, PLAIN])
    assert len(first.values) == 3
    assert all(value is not None and math.isfinite(value) for value in first.values)
    assert second.values == pytest.approx(alone, abs=1e-5)
    assert first.values[0] == pytest.approx(alone[0], abs=1e-5)
    prm.layout = "auto"


@pytest.mark.parametrize("layout", ["auto", "rows"])
def test_a_solution_of_a_million_characters_is_cut_at_whole_steps(prm, layout):
    prm.layout = layout
    long = Trajectory.of_steps("long", "p", ["3 + 4 = 7", "7 + 1 " * (10**6 // 6), "so 7"])
    first, second = prm.score(PROBLEM, [long, PLAIN])
    assert first.values[0] is not None
    assert first.values[1:] == (None, None)
    assert second.values == pytest.approx(prm.score(PROBLEM, [PLAIN])[0].values, abs=1e-5)
    prm.layout = "auto"


def test_a_solution_without_steps_or_without_a_scored_step(prm):
    none = Trajectory.of_steps("none", "p", [])
    seen = Trajectory.of_steps("seen", "p", [{"text": "out: 7", "role": "observe"}])
    scores = prm.score(PROBLEM, [none, seen, PLAIN])
    assert [one.values for one in scores[:2]] == [(), (None,)]
    assert None not in scores[2].values
    assert prm.incremental().score(PROBLEM, [none, seen])[1].values == (None,)


def test_retracted_steps_are_scored_and_known(prm):
    steps = [{"text": "3 + 4 = 8", "status": "retracted"}, "3 + 4 = 7"]
    values = prm.score(PROBLEM, [Trajectory.of_steps("r", "p", steps)])[0].values
    assert None not in values


def test_special_tokens_are_not_spelled_out_by_a_solution(prm):
    odd = Trajectory.of_steps("odd", "p", [TRICKS["special tokens"] + "<step>"])
    encoded = prm.encoder([(PROBLEM, odd)])[0]
    special = [i for i, one in prm.tokenizer.added_tokens_decoder.items() if one.special]
    written = [i for i in encoded.ids if i in special and i != prm.tokenizer.unk_token_id]
    assert written == [encoded.ids[encoded.marks[0]]]
