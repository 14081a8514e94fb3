"""Who scores in ``bench.scoring``: prmkit, the peers' own code as it is, and plain forwards."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForCausalLM, PreTrainedTokenizerFast

import prmkit
from bench._scoring_setting import PAIR, SPECS, Load
from prmkit.model.prm import PRM

Scores = list[list[float]]
SYSTEM = "Please reason step by step, and put your final answer within \\boxed{}."
SAL_ROWS = 4
"""``prm_batch_size`` of search-and-learn's configuration."""
PEERS = {
    "search-and-learn": ("search-and-learn/src", "sal.models.reward_models"),
    "RLHF-Reward-Modeling": ("RLHF-Reward-Modeling/math-rm", "prm_evaluate"),
    "reward_hub": (".", "reward_hub.hf.reward"),
}
"""Below the folder of peers: what goes on the path, and the module that is called."""


class Arm(NamedTuple):
    """One way to score."""

    convention: str
    call: Callable[[Load], Scores]
    takes: Callable[[Load], int] | None = None
    """Of a slow arm: candidates that are timed. It reads them in turns of that many, so all of them take
    as many times longer as there are more."""


def find(folder: Path) -> tuple[dict[str, ModuleType], dict[str, str]]:
    """The peers' modules, and what is to be said of each: the digest of the file, or why it is left out."""
    modules, notes = {}, {}
    for name, (place, module) in PEERS.items():
        there = (folder / place).resolve()
        if not there.is_dir():
            notes[name] = "left out: not in the folder of peers"
            continue
        sys.path.insert(0, str(there))
        try:
            modules[name] = found = importlib.import_module(module)
        except ImportError as error:
            notes[name] = f"left out: {error}"
            continue
        file = Path(str(found.__file__))
        if not file.resolve().is_relative_to(folder.resolve()):
            notes[name] = "left out: another module of that name came first"
            del modules[name]
            continue
        notes[name] = f"{file.name} sha256 {hashlib.sha256(file.read_bytes()).hexdigest()[:16]}"
    return modules, notes


class Marked(torch.nn.Module):
    """A body and two classes for every token, told as Qwen's own code tells them: a tuple."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
        tensors = load_file(folder / "model.safetensors")
        width = tensors["score.0.weight"].shape[0]
        self.score = torch.nn.Sequential(
            torch.nn.Linear(width, width), torch.nn.ReLU(), torch.nn.Linear(width, 2)
        )
        self.score.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("score.")})
        self.device = torch.device("cpu")

    def forward(self, input_ids: torch.Tensor, **given: Any) -> tuple[torch.Tensor]:
        return (self.score(self.model(input_ids=input_ids, **given).last_hidden_state),)


class Chats:
    """A tokenizer whose ``apply_chat_template`` gives a tensor, as it did before transformers 5."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def apply_chat_template(self, *given: Any, **named: Any) -> Any:
        if named.get("tokenize", True):
            named.setdefault("return_dict", False)
        return self._tokenizer.apply_chat_template(*given, **named)


class Models:
    """Checkpoints, opened when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, Any] = {}

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._open:
            self._open[name] = make()
        return self._open[name]

    def prm(self, convention: str) -> PRM:
        place = self.folder / ("classes" if convention == "classes" else "causal")
        return self._once(convention, lambda: prmkit.load_prm(place, spec=SPECS[convention]))

    @property
    def parameters(self) -> Iterator[torch.Tensor]:
        """Weights of all that is open."""
        for one in self._open.values():
            network = one.module if isinstance(one, PRM) else one
            if isinstance(network, torch.nn.Module):
                yield from network.parameters()

    @property
    def marked(self) -> Marked:
        return self._once("marked", lambda: Marked(self.folder / "classes"))

    @property
    def causal(self) -> Any:
        place = self.folder / "causal"
        return self._once(
            "model", lambda: AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32).eval()
        )

    @property
    def tokenizer(self) -> Any:
        # AutoTokenizer would put Qwen2's own splitting rules in place of the stored ones.
        place = self.folder / "causal"
        return self._once("tokenizer", lambda: PreTrainedTokenizerFast.from_pretrained(place))


def arms(models: Models, peers: dict[str, ModuleType], *, logits: float) -> dict[str, Arm]:
    """All ways to score that are there.

    Args:
        models: The checkpoints.
        peers: Modules by name.
        logits: Bytes that vocabulary logits may take; a batch that needs more is read in parts.
    """

    def fits(load: Load) -> int:
        each = 4.0 * max(map(len, load.rows)) * models.causal.config.vocab_size
        return min(len(load.rows), max(1, int(logits / each)))

    found = {f"prmkit {name}": Arm(name, _ours(models, name)) for name in SPECS}
    found["padded batch"] = Arm("classes", lambda load: _padded(models, load))
    found["vocabulary batch"] = Arm("pair", lambda load: _vocabulary(models, load), fits)
    sal = peers.get("search-and-learn")
    if sal:
        found["search-and-learn Qwen"] = Arm("classes", _sal(sal, models))
        found["search-and-learn batched"] = Arm(
            "pair", lambda load: _shepherd(sal, models, load), lambda _: SAL_ROWS
        )
    if "reward_hub" in peers:
        found["reward_hub"] = Arm("classes", _reward_hub(peers["reward_hub"], models))
    if "RLHF-Reward-Modeling" in peers:
        flow = peers["RLHF-Reward-Modeling"]
        found["RLHFlow loop"] = Arm("turns", lambda load: _loop(flow, models, load), lambda _: 1)
    return found


def _ours(models: Models, convention: str) -> Callable[[Load], Scores]:
    def call(load: Load) -> Scores:
        told = models.prm(convention).score(load.problem, load.trajectories)
        return [[float(value) for value in one.values if value is not None] for one in told]

    return call


@torch.inference_mode()
def _padded(models: Models, load: Load) -> Scores:
    """What a batch can do at best: one forward of all rows, the head at the marks only."""
    told = models.tokenizer
    texts = [told.apply_chat_template(chat(load, its), tokenize=False) for its in load.steps]
    ids = told(texts, return_tensors="pt", padding=True, add_special_tokens=False)["input_ids"]
    hidden = models.marked.model(input_ids=ids, use_cache=False).last_hidden_state
    marks = ids == told.convert_tokens_to_ids("<extra_0>")
    read = models.marked.score(hidden[marks]).softmax(-1)[:, 1]
    return [one.tolist() for one in read.split(marks.sum(1).tolist())]


def chat(load: Load, steps: list[str]) -> list[dict[str, str]]:
    """A solution as the release of Qwen2.5-Math-PRM asks for it."""
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": load.question},
        {"role": "assistant", "content": "".join(f"{step}<extra_0>" for step in steps)},
    ]


@torch.inference_mode()
def _vocabulary(models: Models, load: Load) -> Scores:
    """One forward of all rows, with the logits of the whole vocabulary for every token."""
    ids = models.tokenizer(tagged(load), return_tensors="pt", padding=True)["input_ids"]
    read = models.causal(input_ids=ids, use_cache=False).logits[:, :, [PAIR["+"], PAIR["-"]]].softmax(-1)
    marks = ids == PAIR["ки"]
    return [one.tolist() for one in read[..., 0][marks].split(marks.sum(1).tolist())]


def tagged(load: Load) -> list[str]:
    """Solutions as Math-Shepherd's release asks for them."""
    return [f"{load.question} " + "\n".join(f"{step} ки" for step in its) for its in load.steps]


def _sal(sal: ModuleType, models: Models) -> Callable[[Load], Scores]:
    def call(load: Load) -> Scores:
        scorer = sal.Qwen_2_5_Math.__new__(sal.Qwen_2_5_Math)  # its own way in downloads a checkpoint
        scorer.model, scorer.tokenizer = models.marked, models.tokenizer
        told: list[Scores] = scorer.score([load.question], [["\n\n".join(its) for its in load.steps]])
        return told[0]

    return call


def _shepherd(sal: ModuleType, models: Models, load: Load) -> Scores:
    told: Scores = sal.batched_math_shepherd_inference(
        models.causal, models.tokenizer, tagged(load), SAL_ROWS
    )
    return told


def _reward_hub(hub: ModuleType, models: Models) -> Callable[[Load], Scores]:
    # Its own way in downloads a checkpoint; ``score`` tells conventions by this name.
    scorer = hub.HuggingFaceProcessRewardModel.__new__(hub.HuggingFaceProcessRewardModel)
    scorer.model_name = "Qwen/Qwen2.5-Math-PRM-7B"

    @torch.inference_mode()  # it keeps what gradients would need; a careful caller would not
    def call(load: Load) -> Scores:
        scorer.model, scorer.tokenizer = models.marked, models.tokenizer
        chats = [
            [
                {"role": "user", "content": load.question},
                {"role": "assistant", "content": "\n\n".join(its)},
            ]
            for its in load.steps
        ]
        return [one.step_scores for one in scorer.score(chats, return_full_prm_result=True)]

    return call


def _loop(flow: ModuleType, models: Models, load: Load) -> Scores:
    answers = ["\n\n".join(its) for its in load.steps]
    sample = {"prompt": load.question, "answers": answers, "label": [1] * len(answers)}
    settings = SimpleNamespace(num_n=len(answers), model_type="Deepseek")
    pair = [PAIR["+"], PAIR["-"]]
    told: Scores = flow.select_sample(settings, sample, models.causal, Chats(models.tokenizer), pair, "cpu")[
        1
    ]["step_scores"]
    return told


@torch.inference_mode()
def bare(models: Models, rows: int, width: int) -> None:
    """A forward of the body alone, over this many tokens."""
    ids = torch.randint(0, models.causal.config.vocab_size, (rows, width))
    models.marked.model(input_ids=ids, use_cache=False)


def version(name: str) -> str:
    """Of an installed distribution."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "none"
