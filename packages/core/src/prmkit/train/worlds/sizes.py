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


@dataclass(frozen=True, slots=True)
class ViewSizes:
    """Chains of steps, each a thought and what it wrote, and siblings that continue them."""

    numbers: int = 12
    operations: int = 3
    length: int = 4
    """Steps of a chain, the first of which is always right."""
    nodes: int = 400
    """Beginnings whose continuations are compared in training."""
    siblings: int = 6
    kept: float = 0.85
    """Chance that a step of a beginning is right."""
    rollouts: int = 16
    """Behind each value of a sibling."""
    reached: tuple[float, float] = (0.05, 0.95)
    """Chance of a right end after a wrong step, and without one."""
    gap: float = 0.7
    test: int = 2000
    """Pairs of siblings, and chains to be written, on which scores are tried."""
    choices: int = 5
    """Continuations among which a score chooses when a chain is written."""
    chance: float = 0.3
    """Chance that one of them is right."""
    width: int = 64
    updates: int = 400
    batch: int = 128
    rate: float = 3e-3


@dataclass(frozen=True, slots=True)
class TraceSizes:
    """Thinking traces with three kinds of faults, marks of their steps, and a student taught by some."""

    width: int = 6
    """Of each of the parts of an embedding: topic, state of the work, content."""
    steps: int = 6
    noise: float = 0.5
    """Standard deviation of the noise on topic and state; what is clean has length 1."""
    sign: float = 1.5
    """How far the content of good steps lies from that of others, in standard deviations."""
    faults: float = 0.25
    """Chance of each kind of fault in a trace of medium quality."""
    spread: float = 1.0
    """How far the log-odds of each kind differ between traces."""
    learned: int = 300
    """Traces with marks."""
    templated: float = 0.5
    """Share of them with a mark of the trajectory."""
    rollouts: int = 8
    """Behind each mark of a trajectory."""
    accuracy: float = 0.7
    """Of the judge of steps."""
    together: float = 0.0
    """Share of the traces in which the judge is right about all steps, or about none."""
    temperature: float = 0.1
    """Of coherence."""
    problems: int = 200
    """Of the pool to choose from."""
    samples: int = 8
    """Traces of a problem."""
    taken: int = 100
    """Traces that the student is taught by."""
    student: int = 20
    """Inputs of the student."""
    whole: float = 1.0
    """Factor of the trajectory in what traces are chosen by."""
    hidden: int = 32
    updates: int = 300
    batch: int = 64
    rate: float = 3e-3


@dataclass(frozen=True, slots=True)
class TraceArm:
    """One way of learning marks."""

    fused: bool = False
    """Alignment and coherence count beside the judge."""
    whole: bool = False
    """Trajectories are learned as well."""
    strangers: bool = False
    """Marks are those of other traces."""


@dataclass(frozen=True, slots=True)
class ObjectiveSizes:
    """Answers that three conflicting objectives rate, and policies with a head for each."""

    inputs: int = 8
    answers: int = 16
    conflict: float = 0.5
    """Share of what the objectives have in common that is taken out; at 1 they correlate by -0.5."""
    pairs: int = 4000
    """Preferences of each objective."""
    beta: float = 0.5
    """How dear it is to leave the first policy."""
    apart: float = 0.001
    """Standard deviation of the noise by which heads differ at the start."""
    width: int = 64
    updates: int = 500
    batch: int = 128
    """Preferences of each objective in an update."""
    rate: float = 3e-3
    test: int = 1000
    """Prompts on which policies are tried."""
    parts: int = 4
    """Into how many parts users divide their weight."""
    drawn: int = 5
    """Answers among which a reward model chooses."""
