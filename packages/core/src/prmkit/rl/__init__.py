"""Scores of steps where reinforcement learning uses them: adapters for trainers of others."""

from prmkit.rl.reward import StepReward, trl_reward

__all__ = ["StepReward", "trl_reward"]
