import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from prmkit.errors import CheckpointError, ConfigError
from prmkit.policy.hf import HFPolicy
from prmkit.policy.prompt import Prompt, draw_key
from prmkit.policy.sampling import pick, uniforms
from prmkit.types import Problem

PROBLEMS = [
    Problem(id="a", text="3 + 4 = ?"),
    Problem(id="b", text="10"),
    Problem(id="c", text="3 + 4 - 12 = ?"),
    Problem(id="d", text="3 - 4 = ?"),
]


@pytest.fixture(scope="module")
def policy(causal_folder):
    return HFPolicy(causal_folder, max_new_tokens=12)


def test_draws_do_not_depend_on_the_batch(policy):
    together = policy.complete([(p, "") for p in PROBLEMS], n=3, seed=7)
    alone = [policy.complete([(p, "")], n=3, seed=7)[0] for p in reversed(PROBLEMS)][::-1]
    assert [[c.text for c in row] for row in together] == [[c.text for c in row] for row in alone]
    policy.batch_tokens = 1
    one_by_one = policy.complete([(p, "") for p in PROBLEMS], n=3, seed=7)
    policy.batch_tokens = 1 << 16
    assert [[c.text for c in row] for row in together] == [[c.text for c in row] for row in one_by_one]


def test_seed_sample_number_and_repeated_requests_give_other_draws(policy):
    first = policy.complete([(PROBLEMS[0], "")], n=8, seed=0)[0]
    assert len({c.text for c in first}) > 4
    assert policy.complete([(PROBLEMS[0], "")], n=8, seed=0)[0] == first
    assert policy.complete([(PROBLEMS[0], "")], n=8, seed=1)[0] != first
    fewer = policy.complete([(PROBLEMS[0], "")], n=3, seed=0)[0]
    assert [c.text for c in fewer] == [c.text for c in first[:3]]
    twice = policy.complete([(PROBLEMS[0], "")] * 2, n=4, seed=0)
    assert [c.text for c in twice[0] + twice[1]] == [c.text for c in first]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_cached_padded_sampling_equals_the_plain_loop(policy, causal_folder, temperature):
    """Oracle: one row, no cache, no padding, the whole prefix read again for every token."""
    model = AutoModelForCausalLM.from_pretrained(causal_folder)
    drawn = policy.complete([(p, "so ") for p in PROBLEMS], n=2, seed=3, temperature=temperature)
    for problem, row in zip(PROBLEMS, drawn, strict=True):
        for j, completion in enumerate(row):
            ids = policy.tokenizer(f"{problem.text}\nso ")["input_ids"]
            start, noise, total, finished = (
                len(ids),
                uniforms([draw_key(3, problem, "so ", j)], 12),
                0.0,
                False,
            )
            for at in range(12):
                with torch.no_grad():
                    logits = model(torch.tensor([ids])).logits[:, -1]
                token = int(pick(logits, noise[:, at], temperature))
                total += float(logits.log_softmax(-1)[0, token])
                ids.append(token)
                if finished := token == policy.tokenizer.eos_token_id:
                    break
            text = policy.tokenizer.decode(ids[start:], skip_special_tokens=True)
            assert (completion.text, completion.tokens, completion.finished) == (
                text,
                len(ids) - start,
                finished,
            )
            assert completion.logprob == pytest.approx(total, abs=1e-3)


def test_frequencies_follow_the_model(policy):
    with torch.no_grad():
        logits = policy.model(torch.tensor([policy.tokenizer("10\n")["input_ids"]])).logits[0, -1]
    wanted = logits.softmax(-1)
    draws = policy.complete([(PROBLEMS[1], "")], n=4000, seed=5, max_new_tokens=1)[0]
    counts = torch.zeros_like(wanted)
    for completion in draws:
        for token, word in enumerate(policy.tokenizer.convert_ids_to_tokens(range(len(wanted)))):
            if completion.text == word:
                counts[token] += 1
    top = int(wanted[3:].argmax()) + 3
    spread = 4 * math.sqrt(float(wanted[top] * (1 - wanted[top])) / 4000)
    assert abs(float(counts[top] / 4000 - wanted[top])) < spread


def test_a_prompt_without_room_is_refused_and_names_the_request(policy):
    with pytest.raises(ConfigError, match=r"requests\[1\].*takes 1 to 255"):
        policy.complete([(PROBLEMS[0], ""), (PROBLEMS[0], "3 " * 200)], n=1, seed=0)
    short = policy.complete([(PROBLEMS[0], "3 " * 120)], n=1, seed=0)[0][0]
    assert short.tokens <= 256 - 6
    assert policy.complete([], n=2, seed=0) == []
    with pytest.raises(ConfigError, match="temperature"):
        policy.complete([(PROBLEMS[0], "")], n=1, seed=0, temperature=-1.0)
    with pytest.raises(ConfigError, match="chat template"):
        Prompt(chat=True).text(PROBLEMS[0], "", policy.tokenizer)


def test_score_tokens_is_the_models_own_log_probability(policy):
    texts = ["3 + 4 = 7", "so 1", "sum is 12 + 3"]
    for text, features in zip(texts, policy.score_tokens(texts), strict=True):
        ids = torch.tensor([policy.tokenizer(text)["input_ids"]])
        with torch.no_grad():
            predicted = policy.model(ids).logits.log_softmax(-1)[0, :-1]
        taken = predicted.gather(-1, ids[0, 1:, None]).squeeze(-1)
        assert features.shape == (ids.shape[1], 3)
        torch.testing.assert_close(features[1:, 0], taken, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(features[1:, 1], predicted.amax(-1) - taken, atol=1e-4, rtol=1e-4)
        assert features[0].tolist() == [0, 0, 0]
        assert (features[:, 2] >= 0).all()


def test_pickled_missing_and_broken_folders(tmp_path, causal_folder):
    with pytest.raises(CheckpointError, match="no such model folder"):
        HFPolicy(tmp_path / "absent")
    (tmp_path / "config.json").write_text((causal_folder / "config.json").read_text())
    with pytest.raises(CheckpointError, match=r"no \*.safetensors"):
        HFPolicy(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"not opened")
    with pytest.raises(CheckpointError, match="pickled"):
        HFPolicy(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"\x00" * 64)
    with pytest.raises(CheckpointError, match="cannot be read"):
        HFPolicy(tmp_path)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-30, 30), min_size=2, max_size=9), st.floats(0, 1, exclude_max=True))
def test_pick_inverts_the_cumulative_distribution(logits, uniform):
    row = torch.tensor([logits])
    token = int(pick(row, torch.tensor([uniform], dtype=torch.float64), 1.0))
    rising = row.softmax(-1).cumsum(-1, dtype=torch.float64)[0]
    below = float(rising[token - 1]) if token else 0.0
    assert below <= uniform * float(rising[-1]) + 1e-12
    assert uniform * float(rising[-1]) <= float(rising[token]) + 1e-12
