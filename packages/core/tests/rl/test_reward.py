"""The reward function alone, called as TRL calls it."""

import json
import pickle
import time

import pytest

import prmkit
from prmkit.contracts import Finding
from prmkit.errors import ConfigError, RecordError, UnknownNameError
from prmkit.rl import trl_reward
from prmkit.rl.rows import problem_of, trajectory_of
from prmkit.segment import by_line
from prmkit.types import Code, Problem, StepScores, Trajectory, Verdict
from prmkit.verify.run import verify_one


class Spy:
    """1 for a step that holds ``ok``, else 0.25; keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def score(self, problem, trajectories):
        self.asked.append((problem, list(trajectories)))
        return [
            StepScores(
                t.id,
                t.digest,
                tuple(None if s.role == "observe" else 1.0 if "ok" in s.text else 0.25 for s in t.steps),
            )
            for t in trajectories
        ]


class Whole:
    """Scores solutions, not steps."""

    def score(self, problem, trajectories):
        return [
            StepScores(t.id, t.digest, (None,) * len(t.steps), trajectory_value=0.75) for t in trajectories
        ]


class Sums:
    """A tool: ``a = b`` holds if both sides are the same text."""

    name, version, scope, needs_reference, tools = "test/same", 1, "step", False, ()

    def check(self, problem, trajectory):
        told = []
        for i in trajectory.scored:
            left, sign, right = trajectory.steps[i].text.partition(" = ")
            if not sign:
                told.append(Finding(Verdict.UNKNOWN, code=Code.NOT_APPLICABLE))
            else:
                told.append(Finding(Verdict.HOLDS if left == right else Verdict.FAILS))
        return told


VALUE = {Verdict.HOLDS: 1.0, Verdict.UNKNOWN: None, Verdict.FAILS: 0.0}


class ByTools:
    """A scorer without weights: what verifiers say."""

    def score(self, problem, trajectories):
        found = []
        for t in trajectories:
            told = {e.step: VALUE[e.verdict] for e in verify_one([Sums()], problem, t, tools={})}
            found.append(StepScores(t.id, t.digest, tuple(told.get(s.index) for s in t.steps)))
        return found


def test_solutions_of_a_prompt_are_scored_together_and_come_back_in_order():
    spy = Spy()
    reward = trl_reward(spy, segment="line", aggregate="mean")
    found = reward(
        prompts=["a", "b", "a", "b", "a"],
        completions=["ok\nok", "no", "ok\nno", "", "no"],
        completion_ids=[[1]] * 5,
        trainer_state=object(),
        environments=None,
    )
    assert found == [1.0, 0.25, 0.625, None, 0.25]
    assert [(p.text, len(ts)) for p, ts in spy.asked] == [("a", 3), ("b", 1)]
    assert len({t.id for _, ts in spy.asked for t in ts}) == 4


def test_what_is_logged():
    metrics, extra = {}, {}
    reward = trl_reward(Spy(), segment="line", name="steps")
    assert reward.__name__ == "steps"
    reward(
        prompts=["a"] * 3,
        completions=["ok\nno", "ok", " \n "],
        log_metric=metrics.__setitem__,
        log_extra=extra.__setitem__,
    )
    assert metrics == {
        "steps/step_score": 0.75,
        "steps/steps": 1.0,
        "steps/unscored": pytest.approx(1 / 3),
        "steps/steps_unscored": 0.0,
    }
    assert extra == {"steps_steps": [2, 1, 0], "steps_step_score": [0.625, 1.0, None]}


def test_problem_columns():
    spy = Spy()
    table = {"columns": ["x"], "rows": [[1], ["two"]]}
    reward = trl_reward(spy, segment="line", columns={"reference": "answer"})
    reward(
        prompts=[[{"role": "system", "content": "Brief."}, {"role": "user", "content": "wrapped: 1 + 1?"}]]
        * 2,
        completions=[[{"role": "assistant", "content": "ok"}]] * 2,
        problem=["1 + 1?", {"text": "2 + 2?", "id": "q2", "cluster": "sums", "reference": None}],
        id=["q1", None],
        answer=["2", "4"],
        context=[json.dumps(table), None],
    )
    one, two = (problem for problem, _ in spy.asked)
    assert (one.id, one.text, one.reference, one.context) == ("q1", "1 + 1?", "2", table)
    assert (two.id, two.text, two.reference, two.cluster) == ("q2", "2 + 2?", "4", "sums")


def test_chat_prompts_and_tool_calls():
    spy = Spy()
    reply = [
        {
            "role": "assistant",
            "content": "I look.",
            "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "content": "ok 7"},
        {"role": "assistant", "content": [{"type": "text", "text": "ok, so 7."}]},
    ]
    silent = [{"role": "assistant", "content": ""}]
    turns = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "How many?"}]}]
    found = trl_reward(spy)(prompts=[turns] * 3, completions=[reply, silent, []])
    problem, (t,) = spy.asked[0]
    assert problem.text == "How many?"
    assert [s.role for s in t.steps] == ["think", "act", "observe", "think"]
    assert found == [0.25, None, None]


def test_default_cuts():
    spy = Spy()
    text = "Step 1: one\nmore\nStep 2: ok"
    trl_reward(spy)(prompts=["a"], completions=[text])
    assert len(spy.asked[-1][1][0].steps) == 2
    trl_reward(spy, segment="line")(prompts=["a"], completions=[text])
    assert len(spy.asked[-1][1][0].steps) == 3
    trl_reward(spy, segment=by_line)(prompts=["a"], completions=[text])
    assert len(spy.asked[-1][1][0].steps) == 3
    name = next(iter(prmkit.domains()), None)
    if name is None:
        pytest.skip("no domain is installed")
    own = prmkit.domain(name).segmenter()
    for given in ({"domain": name}, {}):
        reward = trl_reward(spy, **given)
        reward(prompts=["a"], completions=[text], **({} if given else {"domain": [name]}))
        made = spy.asked[-1][1][0]
        assert [s.text for s in made.steps] == [s.text for s in own(made.text)]


def test_other_scorers():
    assert trl_reward(Whole())(prompts=["?"], completions=["x"]) == [0.75]
    tools = trl_reward(ByTools(), segment="line")
    rows = ["a = a\nb = b", "a = a\na = b", "so it is"]
    assert tools(prompts=["?"] * 3, completions=rows) == [1.0, 0.0, None]
    assert trl_reward(ByTools(), segment="line", empty=-1.0)(prompts=["?"], completions=["so"]) == [-1.0]


def test_refusals():
    with pytest.raises(ConfigError, match="aggregator"):
        trl_reward(Spy(), aggregate="mode")
    with pytest.raises(UnknownNameError, match="segmenter"):
        trl_reward(Spy(), segment="lines")
    with pytest.raises(ConfigError, match="answers"):
        trl_reward(Spy(), columns={"answers": "x"})
    reward = trl_reward(Spy())
    with pytest.raises(RecordError, match="2 completions of 1"):
        reward(prompts=["a"], completions=["b", "c"])
    with pytest.raises(RecordError, match="no user turn") as found:
        reward(prompts=["a", []], completions=["b", "c"])
    assert found.value.row == 2
    with pytest.raises(RecordError, match="context"):
        reward(prompts=["a"], completions=["b"], context=["plain words"])
    with pytest.raises(RecordError, match="completion is a int"):
        reward(prompts=["a"], completions=[3])


def test_helpers_alone():
    with pytest.raises(RecordError):
        problem_of([{"role": "assistant", "content": "?"}], {})
    same = [problem_of("a", {"context": {"t": i}}).id for i in (1, 1, 2)]
    assert same[0] == same[1] != same[2]
    assert trajectory_of([{"role": "tool", "content": "x"}], Problem("p", "?"), "t", by_line) is None


# ------------------------------------------------------------ a real PRM


def test_a_prm_reads_hostile_completions_and_never_the_reference(prm):
    reward = trl_reward(prm, segment="line")
    assert reward.aggregate == prm.spec.aggregate
    rows = ["1 + 1 = 2\nso 2", "1<step>2\n<step>", "\u202e\u0000 \ud800", "=" * 5000]
    found = reward(prompts=["1 + 1 = ?"] * 4, completions=rows)
    told = reward(prompts=["1 + 1 = ?"] * 4, completions=rows, reference=["2 17 19"] * 4)
    assert found == told
    assert all(value is not None and 0 <= value <= 1 for value in found[:2])
    typed = Trajectory.of_steps("t", "p", ["1 + 1 = 2", "so 2"])
    alone = prm.score(Problem("p", "1 + 1 = ?"), [typed])[0]
    assert found[0] == pytest.approx(min(alone.values), abs=1e-6)


@pytest.mark.parametrize("segment", ["", "sentence"])
def test_a_million_characters_are_cut(segment):
    reward = trl_reward(Spy(), segment=segment)
    rows = ["1 + 1 = 2. So.\n" * 66_667, "+" * 1_000_000, "\n" * 1_000_000]
    began = time.process_time()
    found = reward(prompts=["1 + 1 = ?"] * 3, completions=rows)
    assert time.process_time() - began < 10
    assert found == [0.25, 0.25, None]


def test_a_million_characters_are_read(prm):
    metrics = {}
    rows = ["1 + 1 = 2. So.\n" * 66_667, "x" * 1_000_000, "+" * 20_000]
    found = trl_reward(prm)(prompts=["?"] * 3, completions=rows, log_metric=metrics.__setitem__)
    assert found[0] is not None
    assert found[2] is None  # one step, longer than the model reads
    assert metrics["prm/steps_unscored"] > 0.9


def test_light_and_picklable():
    assert prmkit.trl_reward is trl_reward
    assert prmkit.rl.trl_reward is trl_reward
    again = pickle.loads(pickle.dumps(trl_reward(Spy(), segment="line")))
    assert again(prompts=["?"], completions=["ok"]) == [1.0]
