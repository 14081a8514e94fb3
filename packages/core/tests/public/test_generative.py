"""Verifications by a scripted writer, and by a tiny random model against a plain computation."""

import re
from types import SimpleNamespace

import pytest
import torch
from transformers import AutoModelForCausalLM

from prmkit import load_prm
from prmkit.errors import ConfigError
from prmkit.model.generative import GenerativePRM, parse_rounds, parse_verdicts
from prmkit.model.spec import family
from prmkit.train.critique_rows import read_critique
from prmkit.types import Problem, Trajectory, Verdict

Q = Problem("p", "2 + 3?", reference="never shown")
GENPRM, THINKPRM = family("genprm").spec, family("thinkprm").spec


class Script:
    """Says what it is told to say, and keeps what it was asked."""

    def __init__(self, texts, chances):
        self.texts, self.chances = iter(texts), iter(chances)
        self.prompts, self.asked, self.seeds = [], [], []

    def write(self, prompts, *, seed, temperature, stop):
        self.prompts += prompts
        self.seeds.append(seed)
        return [next(self.texts) for _ in prompts]

    def weigh(self, prompts, options):
        self.asked += prompts
        return [[one, 1 - one] for one in (next(self.chances) for _ in prompts)]


class Printed:
    """A sandbox that tells what it was given."""

    def __init__(self):
        self.seen = []

    def run(self, code, inputs=None, limits=None):
        self.seen.append(code)
        return SimpleNamespace(status="ok", stdout=f"old\n\x1e\n{len(self.seen)}\n", exception=None)


def rows(*solutions):
    return [Trajectory.of_steps(f"t{i}", "p", steps) for i, steps in enumerate(solutions)]


def test_each_step_has_a_turn_and_code_runs_in_the_sandbox_only(qwen):
    code = "I check.\n</analyze>\n<verify>\n```python\nprint(2 + 3)\n```\n"
    script, pool = Script([code, "Fine.\n</analyze>\n", code], [0.9, 0.8, 0.2]), Printed()
    prm = GenerativePRM(GENPRM, qwen, script, pool=pool)
    first, second = rows(["2 + 3 = 5", "so 6"], ["so 5"])
    found = prm.score(Q, [first, second])
    assert [one.check(row).values for one, row in zip(found, (first, second), strict=True)] == [
        (0.9, 0.2),
        (0.8,),
    ]
    assert "never shown" not in "".join(script.prompts)
    head = f"<|im_start|>system\n{GENPRM.system}<|im_end|>\n<|im_start|>user\n2 + 3?\n2 + 3 = 5<|im_end|>\n"
    assert script.prompts[0] == head + "<|im_start|>assistant\n<analyze>\n"
    told = (
        "<analyze>\n" + code + "[Code Output]\n\n```\n1\n```\n</verify>\n<output>\n**Judgement**: $\\boxed{"
    )
    assert script.asked[0] == head + "<|im_start|>assistant\n" + told
    assert script.prompts[2] == (
        head + "<|im_start|>assistant\n" + told + "Yes}$\n</output><|im_end|>\n"
        "<|im_start|>user\nso 6<|im_end|>\n<|im_start|>assistant\n<analyze>\n"
    )
    assert pool.seen[0] == "print('\\x1e')\nprint(2 + 3)\n"
    assert pool.seen[1] == "print(2 + 3)\n\nprint('\\x1e')\nprint(2 + 3)\n"


def test_several_verifications_are_averaged(qwen):
    script = Script(["a", "b"] * 2, [1.0, 0.5, 0.5, 0.25])
    prm = GenerativePRM(GENPRM, qwen, script, samples=2, temperature=0.6, seed=7)
    assert prm.score_steps("2 + 3?", [["x", "y"]]) == [[0.75, 0.375]]
    assert script.seeds == [7, 7, 8, 8]


def test_one_verification_boxes_every_step(qwen):
    texts = [
        "Step 1: fine \\boxed{correct} Step 2: no \\boxed{\\text{incorrect}} Step 3 \\boxed{correct}",
        "Step 1: \\boxed{correct} Step 2: \\boxed{Correct} and \\boxed{5} Step 3: \\boxed{incorrect}",
    ]
    script = Script(texts, [0.1, 0.3])
    prm = GenerativePRM(THINKPRM, qwen, script, samples=2, temperature=0.4)
    row = rows(["a", {"text": "out", "role": "observe"}, "b", "c"])[0]
    found = prm.score(Q, [row])[0].check(row)
    assert found.values == (1.0, None, 0.5, 0.0)
    assert found.trajectory_value == pytest.approx(0.2)
    assert script.prompts[0].endswith("<|im_start|>assistant\n<think>\n")
    assert "Step 1: a\nStep 2: out\nStep 3: b\nStep 4: c\nGo through" in script.prompts[0]
    assert script.asked[0].endswith("\\boxed{correct}\nIs the solution correct?")
    assert "Be of use" not in script.prompts[0]


def test_every_prefix_can_have_its_own_verification(qwen):
    from dataclasses import replace

    script = Script(["x", "y"], [0.9, 0.3])
    prm = GenerativePRM(replace(THINKPRM, view="prefix"), qwen, script)
    assert prm.score_steps("2 + 3?", [["a", "b"]]) == [[0.9, 0.3]]
    assert "Step 2" not in script.prompts[0]
    assert re.search(r"Step 2: b\nGo", script.prompts[1])


def test_verdicts():
    words = ("correct", "incorrect")
    assert parse_verdicts("", words, 2) == [None, None]
    assert parse_verdicts(r"\boxed{correct}" * 5, words, 2) == [1.0, 1.0]
    assert parse_verdicts(r"\boxed{ Incorrect }\boxed{correct}", words, 2) == [0.0, None]


def test_a_model_writes_and_decides(tiny, qwen, tmp_path):
    folder = tiny.checkpoint(tmp_path / "gen", "qwen", qwen)
    prm = load_prm(folder, spec="genprm")
    prm.writer.max_new_tokens = 12
    prm.pool = Printed()
    found = prm.score_steps("2 + 3?", [["5", "so 5"], ["6"]])
    alone = [prm.score_steps("2 + 3?", [one])[0] for one in (["5", "so 5"], ["6"])]
    assert [v for row in found for v in row] == pytest.approx([v for row in alone for v in row], abs=1e-5)
    context = "<|im_start|>user\n6<|im_end|>\nboxed{"
    weighed = prm.writer.weigh([context, "x"], ["Yes", "No"])[0]
    with torch.no_grad():
        ids = torch.tensor([qwen(context)["input_ids"]])
        logits = AutoModelForCausalLM.from_pretrained(folder)(ids).logits[0, -1].double()
    yes, no = qwen("Yes")["input_ids"][0], qwen("No")["input_ids"][0]
    assert weighed[0] == pytest.approx(float(torch.stack([logits[yes], logits[no]]).softmax(0)[0]), abs=1e-5)
    again = prm.writer.write([context], seed=1, temperature=1.0, stop=[])
    assert again == prm.writer.write(["x", context], seed=1, temperature=1.0, stop=[])[1:]
    assert again != prm.writer.write([context], seed=2, temperature=1.0, stop=[])


def test_further_rounds_begin_with_a_doubt_and_the_last_decision_is_read(qwen):
    """What closed a round is taken back; of each step the newest round that names it counts."""
    texts = [
        "Step 1: \\boxed{correct} Step 2: \\boxed{correct}\n</think>\nAll is well.",
        " Step 2: \\boxed{incorrect}\n</think>\nNo.",
    ]
    script = Script(texts, [0.25])
    prm = GenerativePRM(THINKPRM, qwen, script, rounds=2)
    (row,) = rows(["2 + 3 = 5", "so 6"])
    told = prm.score(Q, [row])[0]
    assert told.values == (1.0, 0.0)
    assert told.trajectory_value == 0.25
    first, second = script.prompts
    again = "Step 1: \\boxed{correct} Step 2: \\boxed{correct}\n\nLet me double check."
    assert second == first + again
    assert script.asked == [second + texts[1] + THINKPRM.decision]


def test_one_round_is_what_it_was(qwen):
    text = "Step 1: \\boxed{correct}\n</think>\n"
    (row,) = rows(["2 + 3 = 5"])
    found = [
        GenerativePRM(THINKPRM, qwen, Script([text], [0.75]), **given).score(Q, [row])[0]
        for given in ({}, {"rounds": 1})
    ]
    assert found[0] == found[1]
    assert found[0].values == (1.0,)


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        (["\\boxed{yes} \\boxed{no}"], [1.0, 0.0, None]),
        (["\\boxed{yes} \\boxed{no}", "Hm. Step 2: \\boxed{yes}, Step 3: \\boxed{yes}"], [1.0, 1.0, 1.0]),
        (["\\boxed{yes} \\boxed{no}", "I see nothing new."], [1.0, 0.0, None]),
        (["\\boxed{yes} \\boxed{no}", "Anew: \\boxed{no}"], [0.0, None, None]),
        (["\\boxed{yes} " * 3, "Step 9 \\boxed{no} and step 1 \\boxed{no}"], [0.0, None, None]),
        (["", "Step 2: \\boxed{no}", "Step 1: \\boxed{yes}"], [1.0, 0.0, None]),
    ],
)
def test_the_newest_round_that_speaks_of_a_step_counts(parts, wanted):
    assert parse_rounds(parts, ("yes", "no"), 3) == wanted


@pytest.mark.parametrize(("spec", "rounds"), [(GENPRM, 2), (THINKPRM, 0)])
def test_rounds_that_make_no_sense(spec, rounds, qwen):
    with pytest.raises(ConfigError, match=f"{rounds} rounds"):
        GenerativePRM(spec, qwen, Script([], []), rounds=rounds).score_steps("2 + 3?", [["x"]])


@pytest.mark.parametrize("spec", [GENPRM, THINKPRM])
def test_verifications_are_given_as_records_that_say_what_the_scores_say(spec, qwen):
    by_turn = spec is GENPRM
    boxed = "Step 1: \\boxed{correct} Step 2: \\boxed{incorrect}\n"
    texts = ["Fine.\n</analyze>\n"] * 2 if by_turn else [boxed]
    chances = [0.9, 0.2] if by_turn else [0.1]
    (row,) = rows(["2 + 3 = 5", "so 6"])
    prm = GenerativePRM(spec, qwen, Script(texts * 2, chances * 2), samples=2, temperature=0.5)
    ((one, other),) = prm.critiques([(Q, row)])
    assert (one.sample, other.sample) == (0, 1)
    assert one.verdicts == (Verdict.HOLDS, Verdict.FAILS)
    assert one.trajectory_verdict is (Verdict.UNKNOWN if by_turn else Verdict.FAILS)
    again = read_critique(row, one.text, spec)
    assert (again.verdicts, again.trajectory_verdict) == (one.verdicts, one.trajectory_verdict)
    scores = GenerativePRM(spec, qwen, Script(texts, chances)).score(Q, [row])[0]
    assert [value >= 0.5 for value in scores.values] == [v is Verdict.HOLDS for v in one.verdicts]
