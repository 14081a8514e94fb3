"""What ``bench.public_parity`` opens peers' code with: one process for each peer, models put in by hand."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import MagicMock

import torch
from huggingface_hub import constants
from transformers import (
    AutoModelForCausalLM,
    AutoModelForTokenClassification,
    AutoTokenizer,
    PreTrainedTokenizerFast,
)

from bench._scoring_arms import Chats, Marked


class Case(NamedTuple):
    """A problem and some solutions, each a list of steps."""

    problem: str
    solutions: list[list[str]]


@dataclass(frozen=True)
class Place:
    """Where a peer's code and the checkpoint lie."""

    peers: Path
    folder: Path

    @cached_property
    def tokenizer(self) -> Any:
        return PreTrainedTokenizerFast.from_pretrained(self.folder)

    @property
    def chats(self) -> Any:
        """The tokenizer, as before transformers 5 where it reads conversations."""
        return Chats(self.tokenizer)

    @cached_property
    def causal(self) -> Any:
        return AutoModelForCausalLM.from_pretrained(self.folder, dtype=torch.float32).eval()

    @cached_property
    def classifier(self) -> Any:
        return AutoModelForTokenClassification.from_pretrained(self.folder, dtype=torch.float32).eval()

    @cached_property
    def marked(self) -> Marked:
        return Marked(self.folder)

    def module(self, root: str, name: str) -> ModuleType:
        """A peer's module, imported from below ``root`` and from nowhere else."""
        there = (self.peers / root).resolve()
        sys.path.insert(0, str(there))
        found = importlib.import_module(name)
        if not Path(str(found.__file__)).resolve().is_relative_to(there):
            raise ImportError(f"another module called {name} came first")
        return found

    def lifted(self, file: str, *names: str, **given: Any) -> SimpleNamespace:
        """Definitions of a peer's file, and nothing else of it.

        For files that load a model when imported, and functions that are written inside others: a name
        may begin with that of the class or function that it stands in.
        """
        path = self.peers / file
        tree = ast.parse(path.read_text())
        space = dict(given)
        for name in names:
            node: Any = tree
            for part in name.split("."):
                node = next((one for one in ast.walk(node) if getattr(one, "name", None) == part), None)
                if node is None:
                    raise ImportError(f"{file} has no {name}")
            node.decorator_list = []
            # As if __future__ annotations: their types need libraries that are not here.
            whole = ast.Module([ast.ImportFrom("__future__", [ast.alias("annotations")], 0), node], [])
            exec(compile(ast.fix_missing_locations(whole), str(path), "exec"), space)
        return SimpleNamespace(**{name: space[name] for name in (one.split(".")[-1] for one in names)})


def stand_in(*names: str) -> None:
    """Put empty modules in the place of those that a peer imports and does not need here."""
    for name in names:
        if name not in sys.modules and ("." in name or not importlib.util.find_spec(name)):
            made = MagicMock(name=name)
            made.__path__, made.__spec__ = [], None
            sys.modules[name] = made


Scores = list[list[list[float]]]
"""Of each case, of each solution, of each step."""


def each(call: Callable[[Place, Case], list[list[float]]]) -> Callable[[Place, list[Case]], Scores]:
    return lambda place, cases: [call(place, case) for case in cases]


def headed(steps: list[str]) -> list[str]:
    return [f"Step {number}: {step}" for number, step in enumerate(steps, 1)]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def offline(folder: Path) -> None:
    """The stored tokenizer, whoever asks for one: AutoTokenizer has splitting rules of its own."""
    constants.HF_HUB_OFFLINE = True
    AutoTokenizer.from_pretrained = lambda *_, **__: PreTrainedTokenizerFast.from_pretrained(folder)
