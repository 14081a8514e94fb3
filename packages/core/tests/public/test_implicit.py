"""Log-ratios of two models, and rewards of next tokens, against plain computations."""

import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

from prmkit import load_prm
from prmkit.errors import CheckpointError, ConfigError, RecordError
from prmkit.types import Problem, Trajectory

Q = "2 + 3?"
STEPS = [["Step 1: 2 + 3 = 5", "Step 2: so 5."], ["We add.", "It is 6", "So 6"]]


@pytest.fixture(scope="module")
def pair(tiny, qwen, tmp_path_factory):
    top = tmp_path_factory.mktemp("pair")
    return tiny.checkpoint(top / "trained", "qwen", qwen), tiny.checkpoint(top / "ref", "qwen", qwen)


@torch.no_grad()
def logprobs(folder, ids):
    rows = (
        AutoModelForCausalLM.from_pretrained(folder)(torch.tensor([ids])).logits[0].double().log_softmax(-1)
    )
    return torch.stack([rows[i - 1, ids[i]] for i in range(1, len(ids))])


def reference(pair, tokenizer, steps):
    """Sum of log-ratios from the first solution token to each step's last one; prefixes tokenised anew."""
    chat = "<|im_start|>system\nBe of use.<|im_end|>\n<|im_start|>user\n" + Q
    chat += "<|im_end|>\n<|im_start|>assistant\n"
    start = len(tokenizer(chat)["input_ids"])
    ids = tokenizer(chat + "\n\n".join(steps) + "<|im_end|>\n")["input_ids"]
    ratio = logprobs(pair[0], ids) - logprobs(pair[1], ids)
    ends = [len(tokenizer(chat + "\n\n".join(steps[: k + 1]))["input_ids"]) for k in range(len(steps))]
    return torch.stack([ratio[start - 1 : end - 1].sum() for end in ends])


def headed(steps):
    return [s if s.startswith("Step") else f"Step {i}: {s}" for i, s in enumerate(steps, 1)]


@pytest.mark.parametrize("name", ["eurus", "implicit-prm", "prime"])
def test_log_ratios(pair, qwen, name):
    prm = load_prm(pair[0], spec=name, reference=pair[1])
    for steps, found in zip(STEPS, prm.score_steps(Q, STEPS), strict=True):
        sums = reference(pair, qwen, steps if name == "prime" else headed(steps))
        wanted = 0.05 * sums.diff(prepend=torch.zeros(1)) if name == "prime" else 0.001 * sums
        assert found == pytest.approx(wanted.tolist(), abs=1e-5)
        assert max(found) - min(found) > 1e-3
    scores = prm.score(Problem("p", Q), [Trajectory.of_steps("t", "p", STEPS[1])])[0]
    assert scores.kind == "logratio"
    assert scores.cumulative == (name != "prime")
    assert prm.spent.spent.tokens > 0


def test_a_model_against_itself_gives_nothing(pair):
    assert load_prm(pair[0], spec="eurus", reference=pair[0]).score_steps(Q, STEPS)[0] == [0.0, 0.0]


def test_what_is_missing_or_does_not_fit(pair, tiny, lines, tmp_path):
    with pytest.raises(CheckpointError, match="reference is missing"):
        load_prm(pair[0], spec="eurus")
    other = tiny.checkpoint(tmp_path / "other", "llama", lines)
    with pytest.raises(CheckpointError, match="numbers its tokens differently"):
        load_prm(pair[0], spec="eurus", reference=other)
    prm = load_prm(pair[0], spec="eurus", reference=pair[1], max_tokens=60)
    found = prm.score_steps(Q, [["a", "b" * 200]])[0]
    assert found[0] == found[0]
    assert found[1] != found[1]
    row = Trajectory.of_steps("t", "p", ["5", {"text": "out", "role": "observe"}])
    with pytest.raises(RecordError, match="has observations"):
        prm.score(Problem("p", Q), [row])
    with pytest.raises(ConfigError, match="'reference' goes with"):
        load_prm(pair[0], spec="openr", reference=pair[1])


def test_rewards_of_next_tokens(tiny, llama, tmp_path):
    bias, unseen = tiny.draw(len(llama)), torch.arange(len(llama)) % 3 == 0
    folder = tiny.checkpoint(tmp_path / "mrm", "llama", llama, {"lm_head.bias": bias})
    with pytest.raises(CheckpointError, match="no tensor 'unseen_mask'"):
        load_prm(folder, spec="saffron")
    save_file({"unseen_mask": unseen}, folder / "unseen_mask.safetensors")
    prm = load_prm(folder, spec="saffron")
    asked = f"{Q} Say."  # the full stop and the line ends behind it are one token where they meet
    found = prm.score_next(Problem("p", asked), ["", "I see"])
    for row, prefix in zip(found, ["", "I see"], strict=True):
        parts = ["\n\nUser:", asked, "\n\nAgent:", prefix]
        ids = sum(llama(parts, add_special_tokens=False)["input_ids"], [llama.bos_token_id])
        with torch.no_grad():
            wanted = AutoModelForCausalLM.from_pretrained(folder)(torch.tensor([ids])).logits[0, -1] + bias
        assert torch.equal(row[unseen], torch.full_like(row[unseen], -1024.0))
        torch.testing.assert_close(row[~unseen], wanted[~unseen], atol=1e-5, rtol=1e-5)
    with pytest.raises(ConfigError, match="rates next tokens"):
        prm.score_steps(Q, STEPS)
    save_file({"unseen_mask": unseen[:9]}, folder / "unseen_mask.safetensors")
    with pytest.raises(CheckpointError, match=r"'unseen_mask' has shape \(9,\)"):
        load_prm(folder, spec="saffron")
