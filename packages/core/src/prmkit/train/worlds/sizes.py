"""Sizes of the experiments, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ValueSizes:
    """A deterministic process with rewards, and a network that learns its values."""

    dimensions: int = 4
    pace: float = 0.2
    """Share of the way that a state moves at each step."""
    waves: float = 1.0
    """How fast the reward changes with the state."""
    train: int = 100
    """Episodes that are learned from."""
    test: int = 40
    """Episodes on whose states values are compared with the true ones."""
    length: int = 30
    """States of an episode."""
    gamma: float = 0.97
    width: int = 32
    updates: int = 2000
    batch: int = 64
    rate: float = 1e-3
    follow: float = 0.05
    """Share of the network that its slow copy takes over at each update."""
    collapse: float = 0.2
    """Factor on the second layer of a network whose features start all alike."""
    offset: float = 1.0
    """What all of its features start at. The larger, the less the Bellman equation asks of their angle."""


@dataclass(frozen=True, slots=True)
class ValueArm:
    """One way of learning values."""

    penalty: float = 0.0
    """Factor of the rank penalty."""
    shuffled: bool = False
    """The penalty holds each state against the successor and the reward of another."""
    collapsed: bool = False
    """The features of all states start alike."""
    untaught: bool = False
    """Bellman errors move the last layer only."""
    fixed: bool = False
    """Nothing moves the features."""
    truth: bool = False
    """Learns from the true values instead."""


@dataclass(frozen=True, slots=True)
class DomainSizes:
    """Domains of step labels, the first of them poisoned, and a small clean set of whole solutions."""

    domains: int = 4
    poison: float = 0.9
    """Share of labels of the poisoned domain that are turned round."""
    inputs: int = 10
    apart: float = 0.6
    """How far the domains' centres lie from each other."""
    steps: int = 400
    """Labelled steps of each domain."""
    rollouts: int = 4
    """Behind each label."""
    clean: int = 60
    """Solutions of the clean set."""
    length: int = 4
    """Steps of a clean solution."""
    test: int = 400
    """Steps of each domain on which scores are compared with the truth."""
    width: int = 16
    updates: int = 300
    batch: int = 32
    clean_batch: int = 30
    rate: float = 0.5
    meta_rate: float = 0.05


@dataclass(frozen=True, slots=True)
class DomainArm:
    """One way of weighting domains."""

    weights: Literal["one", "taught", "oracle"] = "one"
    clean: bool = False
    """The clean set is learned from as well."""
    shuffled: bool = False
    """Outcomes of the clean set are dealt out anew."""


@dataclass(frozen=True, slots=True)
class ExitSizes:
    """Items of unlike difficulty, and networks with a head at every layer."""

    ranks: tuple[int, ...] = (1, 2, 3, 4)
    """How many signs an item's label multiplies; one of these is drawn for each item."""
    noise: float = 0.4
    """Standard deviation of the noise on each sign."""
    train: int = 8000
    held: int = 2000
    """Items on which thresholds are chosen."""
    test: int = 4000
    width: int = 32
    hidden: int = 16
    """Width inside a layer."""
    layers: int = 6
    lambda_width: int = 2
    """Width of the layers that say when to stop."""
    updates: int = 1200
    batch: int = 64
    rate: float = 3e-3
    prior: float = 0.4
    """Rate of the geometric prior of the exit."""
    beta: float = 0.05
    """Weight of the prior."""
    q: float = 0.5
    """Share of the exit's probability at which to stop."""
    margin: float = 0.003
    """AUROC that may be lost."""
