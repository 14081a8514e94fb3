"""GRPOTrainer itself with a PRM's reward: a tiny random policy on the CPU, two updates."""

from dataclasses import replace

import pytest

pytest.importorskip("trl")
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from prmkit.rl import trl_reward


def train(folder, policy, tokenizer, reward, prompts, **columns):
    settings = GRPOConfig(
        str(folder),
        max_steps=2,
        per_device_train_batch_size=4,
        num_generations=4,
        max_completion_length=12,
        learning_rate=1e-2,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        disable_tqdm=True,
        seed=3,
    )
    rows = Dataset.from_dict({"prompt": prompts, **columns})
    trainer = GRPOTrainer(
        policy(), reward_funcs=[reward], args=settings, train_dataset=rows, processing_class=tokenizer
    )
    trainer.train()
    return trainer


@pytest.mark.parametrize("chat", [False, True])
def test_two_updates(tmp_path, policy, tokenizer, prm, chat):
    texts = ["1 + 1 = ?", "2 + 3 = ?"]
    prompts = [[{"role": "user", "content": text}] for text in texts] if chat else texts
    reward = trl_reward(prm, aggregate="mean", segment="line")
    trainer = train(tmp_path, policy, tokenizer, reward, prompts, reference=["2", "5"], id=["a", "b"])
    logged = [line for line in trainer.state.log_history if "reward" in line]
    assert len(logged) == 2
    for line in logged:
        assert 0 < line["rewards/prm/mean"] < 1
        assert line["rewards/prm/std"] > 0
        assert line["prm/steps"] >= 1
        assert 0 < line["prm/step_score"] < 1
        assert line["prm/unscored"] == 0
    before, after = policy().state_dict(), trainer.model.state_dict()
    assert any(not before[name].equal(after[name]) for name in before)


def test_none_is_left_out_of_the_group(tmp_path, policy, tokenizer, prm):
    """A completion that cannot be scored has no part in the baseline and gets advantage 0."""

    class Half:
        def score(self, problem, trajectories):
            found = prm.score(problem, trajectories)
            hidden = [replace(one, values=(None,) * len(one.values)) for one in found]
            return [found[0], found[1], *hidden[2:]]

    trainer = train(tmp_path, policy, tokenizer, trl_reward(Half(), segment="line"), ["1 + 1 = ?"])
    line = next(line for line in trainer.state.log_history if "reward" in line)
    assert line["prm/unscored"] == 0.5
    advantages = list(trainer._logs["advantages"])
    assert all(one == 0 for one in advantages[2:4])
    assert any(one != 0 for one in advantages[:2])
