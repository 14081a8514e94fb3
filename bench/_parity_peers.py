"""Who is compared in ``bench.public_parity``.

A call tells the scores of all steps of all solutions of all cases. Functions of the peers do the work; what
stands in ``_parity_texts`` and ``_parity_heads`` opens their files, hands them the model, and writes a
solution the way their callers do where that is no function of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench import _parity_heads as heads
from bench import _parity_texts as texts
from bench._parity_house import Case, Place, Scores


@dataclass(frozen=True)
class Peer:
    """One project's way to score one family."""

    family: str
    code: str
    """Below the folder of peers: the file whose functions are called."""
    call: Callable[[Place, list[Case]], Scores]
    authors: bool = True
    """Whether the family's own authors wrote it."""
    how: str = ""
    because: str = ""
    """Why its scores are others than prmkit's."""
    instead: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the spec under which prmkit gives the peer's scores."""
    explained: Callable[[Place, list[Case]], Scores] | None = None
    """The peer's scores from the same two models by other means, where no field of a spec gives them."""


BATCH = "device 0 is the CPU here; its built-in min tells the scores that it drops"
TTS = "compute-optimal-tts/src/reason/inference/infer_fns.py"
PEERS = {
    "RLHFlow": Peer("rlhflow", "RLHF-Reward-Modeling/math-rm/prm_evaluate.py", texts.rlhflow),
    "compute-optimal-tts, rlhflow": Peer("rlhflow", TTS, texts.rlhflow_tts, authors=False),
    "FoVer": Peer("fover", "FoVer/src/prm/postprocessing.py", texts.fover),
    "OpenR": Peer("openr", "openr/prm/infer_fns.py", texts.openr),
    "Multi-RM": Peer("multi-rm", "Multi-RM/discriminative/reward_model.py", texts.multi_rm),
    "ER-PRM": Peer("er-prm", "ER-PRM/evaluation/evaluate_math_reward_model.py", texts.er_prm, how=BATCH),
    "compute-optimal-tts, er-prm": Peer("er-prm", TTS, texts.er_prm_tts, authors=False),
    "OpenR, math-shepherd": Peer(
        "math-shepherd", "openr/prm/infer_fns.py", texts.shepherd_openr, authors=False
    ),
    "search-and-learn, math-shepherd": Peer(
        "math-shepherd",
        "search-and-learn/src/sal/models/reward_models.py",
        texts.shepherd_sal,
        authors=False,
        how="its ids of tag and signs are those of this tokenizer",
    ),
    "PRMBench, math-shepherd": Peer(
        "math-shepherd",
        "PRMBench/mr_eval/models/math_shepherd.py",
        heads.prmbench("math_shepherd", "MathShepherd"),
        authors=False,
    ),
    "search-and-learn, qwen": Peer(
        "qwen2.5-math-prm", "search-and-learn/src/sal/models/reward_models.py", heads.qwen_sal, authors=False
    ),
    "compute-optimal-tts, qwen": Peer("qwen2.5-math-prm", TTS, heads.qwen_tts, authors=False),
    "PRMBench, qwen": Peer(
        "qwen2.5-math-prm",
        "PRMBench/mr_eval/models/qwen_prm.py",
        heads.prmbench("qwen_prm", "QwenPRM", heads.put_marked),
        authors=False,
        because="the backslash of \\boxed in its system prompt is read as the control character backspace",
        instead={"system": "Please reason step by step, and put your final answer within \boxed{}."},
    ),
    "ReasonFlux": Peer("reasonflux", "ReasonFlux/ReasonFlux_PRM/utils/rm_utils.py", heads.reasonflux),
    "ReasonFlux, 1.5B": Peer(
        "reasonflux-1.5b", "ReasonFlux/ReasonFlux_PRM/utils/rm_utils.py", heads.reasonflux_small
    ),
    "TRL": Peer("trl", "trl-1.13/trl/experimental/prm/prm_trainer.py", heads.trl),
    "PURE": Peer("pure", "PURE/verl/workers/fsdp_workers.py", heads.pure),
    "PRMBench, pure": Peer(
        "pure",
        "PRMBench/mr_eval/models/pure_prm.py",
        heads.prmbench("pure_prm", "PUREPRM", heads.put_classifier),
        because="this adapter, written by PURE's author, reads at a blank line; PURE's training, evaluation"
        " and reinforcement learning read at one line end",
        instead={"marker": "\n\n"},
    ),
    "Skywork": Peer("skywork", "skywork-o1-prm-inference/model_utils/io_utils.py", heads.skywork),
    "PQM": Peer("pqm", "Process_Q_Model/bon_eval_hf.py", heads.pqm),
    "compute-optimal-tts, pqm": Peer(
        "pqm",
        TTS,
        heads.pqm_tts,
        authors=False,
        because="it leaves the instruction template of training out",
        instead={"before_problem": "", "after_problem": " "},
    ),
    "ReasonEval": Peer(
        "reasoneval",
        "ReasonEval/codes/examples.py",
        heads.reasoneval,
        because="for its 7B model it counts places before it puts the begin token back, so it reads one token"
        " before a step's last; for its 34B model, which has no begin token, it reads the last",
        explained=heads.reasoneval_counted,
    ),
    "PRMBench, llemma": Peer(
        "llemma-prm800k",
        "PRMBench/mr_eval/models/llemma7b_prm.py",
        heads.prmbench("llemma7b_prm", "Llemma7bPRM", drop=1),
        authors=False,
        how="as released it asks a dict for max_length by a dot, and stops: its settings have attributes"
        " here. It tells one score more than there are steps, for the line end behind '# Solution', and that"
        " one is dropped",
    ),
    "ImplicitPRM": Peer(
        "implicit-prm",
        "ImplicitPRM/eval/prm_eval_utils.py",
        texts.implicit,
        because="its sums begin two tokens before the answer, inside the header of its turn, and end behind"
        " the line ends that follow a step, or behind the turn's end token",
        explained=texts.implicit_counted,
    ),
    "ImplicitPRM, Qwen": Peer(
        "eurus",
        "ImplicitPRM/eval/prm_eval_utils.py",
        texts.implicit,
        because="its sums begin one token before the answer and end up to two tokens behind a step's line"
        " ends, inside the next one: Qwen's end token stays in when the tokens of a beginning are counted",
        explained=texts.implicit_counted,
    ),
    "Saffron": Peer(
        "saffron",
        "saffron/inc/models.py",
        texts.saffron,
        how="without its cache of keys and values, which is for an older transformers; it is given the texts"
        " whose ids it holds as numbers",
    ),
}
