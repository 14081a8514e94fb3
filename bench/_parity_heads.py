"""Calls of ``bench.public_parity``: scorers with a head of their own, and PRMBench's."""

from __future__ import annotations

import ast
import contextlib
import io
import itertools
import re
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file
from torch.nn.utils.rnn import pad_sequence

from bench._parity_house import Case, Place, Scores, each, headed, stand_in
from bench._parity_texts import tts, tts_texts

# ------------------------------------------------------------------------------ classes at a marker


@each
def qwen_sal(place: Place, case: Case) -> list[list[float]]:
    sal = place.module("search-and-learn/src", "sal.models.reward_models")
    scorer = sal.Qwen_2_5_Math.__new__(sal.Qwen_2_5_Math)
    scorer.model, scorer.tokenizer = place.marked, place.tokenizer
    return scorer.score([case.problem], [["\n\n".join(steps) for steps in case.solutions]])[0]


@each
def qwen_tts(place: Place, case: Case) -> list[list[float]]:
    asking, infer = tts(place)
    told = infer._qwen_infer_fn(
        tts_texts(asking, "qwen2.5-math", case, list),
        place.marked,
        place.chats,
        "cpu",
        place.tokenizer.convert_tokens_to_ids("<extra_0>"),
    )
    return [one.tolist() for one in told]


@each
def reasonflux(place: Place, case: Case) -> list[list[float]]:
    theirs = place.module("ReasonFlux/ReasonFlux_PRM", "utils.rm_utils")
    t = place.tokenizer
    found = []
    for steps in case.solutions:
        turns = [
            {"role": "user", "content": case.problem},
            {"role": "assistant", "content": "<extra_0>".join(steps) + "<extra_0>"},
        ]
        ids = t.encode(t.apply_chat_template(turns, tokenize=False), return_tensors="pt")
        with torch.inference_mode():
            told = place.marked(ids)
        found += theirs.make_step_rewards(told[0], ids == t.encode("<extra_0>")[0])
    return found


@each
def reasonflux_small(place: Place, case: Case) -> list[list[float]]:
    theirs = place.module("ReasonFlux/ReasonFlux_PRM", "utils.rm_utils")
    model = theirs.RewardModel(str(place.folder)).float().eval()
    head = load_file(place.folder / "model.safetensors")
    model.reward_head.load_state_dict({part: head[f"reward_head.{part}"] for part in ("weight", "bias")})
    found = []
    for steps in case.solutions:
        ids = place.tokenizer(
            case.problem + "\n\n".join(steps), return_tensors="pt", truncation=True, max_length=2048
        )
        with torch.inference_mode():
            found.append([model(ids["input_ids"], ids["attention_mask"]).item()])
    return found


@each
def trl(place: Place, case: Case) -> list[list[float]]:
    theirs = place.lifted(
        "trl-1.13/trl/experimental/prm/prm_trainer.py", "tokenize_row", chain=itertools.chain
    )
    found = []
    for steps in case.solutions:
        row = {"prompt": case.problem, "completions": steps, "labels": [1] * len(steps)}
        told = theirs.tokenize_row(row, place.tokenizer, "\n", None, None, False, False)
        with torch.inference_mode():
            logits = place.classifier(torch.tensor([told["input_ids"]])).logits[0]
        places = [i for i, label in enumerate(told["labels"]) if label != -100]
        found.append(logits[places].softmax(-1)[:, 1].tolist())
    return found


@each
def pure(place: Place, case: Case) -> list[list[float]]:
    stand_in("flash_attn", "flash_attn.bert_padding", "verl", "verl.utils", "verl.utils.ulysses")
    kept = SimpleNamespace(from_dict=lambda tensors: tensors)
    theirs = place.lifted(
        "PURE/verl/workers/fsdp_workers.py",
        "ProcessRewardModelWorker._build_inputs_for_prm",
        "ProcessRewardModelWorker._forward_micro_batch",
        torch=torch,
        DataProto=kept,
        compute_position_id_with_mask=lambda mask: torch.clip(mask.cumsum(-1) - 1, min=0),
    )
    t = place.tokenizer
    worker = SimpleNamespace(
        tokenizer=t,
        step_separator_token=torch.tensor(t.encode("\n")),
        process_reward_module=place.classifier,
        use_remove_padding=False,
        disable_approx_min_form_credit_assignment=True,
        temperature=0.1,
    )
    found = []
    for steps in case.solutions:
        # Steps as a policy writes them: a blank line behind each, the end token behind the last.
        pieces = [t.encode(step) for step in steps]
        ends = [t.encode("\n\n")] * (len(steps) - 1) + [[t.eos_token_id]]
        answer = torch.tensor([list(itertools.chain(*(a + b for a, b in zip(pieces, ends, strict=True))))])
        marks = torch.tensor([list(itertools.accumulate(len(one) + 1 for one in pieces))]) - 1
        asked = torch.tensor([t.encode(case.problem)], dtype=torch.long)
        reward = torch.zeros_like(answer, dtype=torch.bool).scatter(1, marks, True)
        batch = {
            "prompts": asked,
            "responses": answer,
            "input_ids": torch.cat([asked, answer], 1),
            "attention_mask": torch.ones(1, asked.shape[1] + answer.shape[1], dtype=torch.long),
            "score_ids": marks,
            "score_mask": torch.ones_like(marks, dtype=torch.bool),
        }
        made = theirs._build_inputs_for_prm(worker, SimpleNamespace(batch=batch))
        told = theirs._forward_micro_batch(worker, {**made, "responses": answer, "reward_mask": reward})
        found.append(told[reward].tolist())
    return found


# ------------------------------------------------------------------------------ heads of one or three outputs


@each
def skywork(place: Place, case: Case) -> list[list[float]]:
    reading = place.module("skywork-o1-prm-inference", "model_utils.io_utils")
    model = place.module("skywork-o1-prm-inference", "model_utils.prm_model").PRM_MODEL(place.causal)
    model = valued(model, place)
    model.is_peft_model = False
    asked = [reading.prepare_input(case.problem, "\n".join(s), place.tokenizer, "\n") for s in case.solutions]
    ids, _, flags = zip(*asked, strict=True)
    ids, mask, flags = reading.prepare_batch_input_for_model(ids, flags, place.tokenizer.pad_token_id)
    with torch.inference_mode():
        _, _, told = model(input_ids=ids, attention_mask=mask, return_probs=True)
    return reading.derive_step_rewards(told, flags)


def valued(model: Any, place: Place) -> Any:
    """A model of a peer's class with the checkpoint's value head; its own way in is for older libraries."""
    head = load_file(place.folder / "model.safetensors")
    summary = {part: head[f"v_head.summary.{part}"] for part in ("weight", "bias")}
    model.v_head.summary.load_state_dict(summary)
    return model.eval()


class Wrapper(torch.nn.Module):
    """What Process_Q_Model takes from a TRL that had value-head models."""

    def __init__(self, pretrained_model: Any, **_: Any) -> None:
        super().__init__()
        self.pretrained_model = pretrained_model

    def _split_kwargs(self, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        return given, {}, {}


def pqm_model(place: Place, root: str, name: str) -> Any:
    for module in ("trl", "trl.import_utils", "trl.models", "trl.models.modeling_base"):
        sys.modules.pop(module, None)
        sys.modules[module] = ModuleType(module)
    sys.modules["trl.import_utils"].__dict__.update(is_npu_available=bool, is_xpu_available=bool)
    sys.modules["trl.models.modeling_base"].__dict__.update(PreTrainedModelWrapper=Wrapper)
    return valued(place.module(root, name).AutoModelForCausalLMWithValueHead(place.causal), place)


@each
def pqm(place: Place, case: Case) -> list[list[float]]:
    model = pqm_model(place, "Process_Q_Model", "value_model")
    t = place.tokenizer
    theirs = place.lifted(
        "Process_Q_Model/bon_eval_hf.py",
        "instruction_format",
        "data_collator",
        tokenizer=t,
        prm_token_id=t.convert_tokens_to_ids("[PRM]"),
        accelerator=SimpleNamespace(device="cpu"),
        torch=torch,
        pad_sequence=pad_sequence,
    )
    rows = [
        {
            "query": theirs.instruction_format(case.problem),
            "answer": " [PRM]\n".join(headed(steps)) + " [PRM]",
            "idx": 0,
            "reward_idx": number,
        }
        for number, steps in enumerate(case.solutions)
    ]
    batch = theirs.data_collator(rows)
    with torch.inference_mode():
        _, _, told = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    places = [one[one != -100] for one in batch["special_tokens"]]
    return [row[place].tolist() for row, place in zip(told, places, strict=True)]


@each
def pqm_tts(place: Place, case: Case) -> list[list[float]]:
    model = pqm_model(
        place, "compute-optimal-tts/src", "reason.llm_service.workers.Process_Q_Model.value_model"
    )
    asking, infer = tts(place)
    text = tts_texts(asking, "pqm", case, headed)
    tag, _ = asking.get_prm_special_tokens("pqm", place.tokenizer)
    return [one.tolist() for one in infer._pqm_infer_fn(text, model, place.tokenizer, "cpu", tag)]


@each
def reasoneval(place: Place, case: Case) -> list[list[float]]:
    theirs = place.module("ReasonEval/codes", "examples")
    settings = SimpleNamespace(model_name_or_path=str(place.folder), model_size="7B")
    found = []
    for steps in case.solutions:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            theirs.get_results(settings, case.problem, steps)
        told = re.search(r"step_level_validity_scores: (\[.*\])", printed.getvalue())
        assert told, "it printed no scores"
        found.append(ast.literal_eval(told[1]))
    return found


@each
def reasoneval_counted(place: Place, case: Case) -> list[list[float]]:
    """Validity one token before the last of each step."""
    t, head = place.tokenizer, load_file(place.folder / "model.safetensors")
    found = []
    for steps in case.solutions:
        ids = t.encode(f"Question:\n{case.problem}\nAnswer:\nLet's think step by step.\n")
        ends = []
        for step in steps:
            ids += t.encode(step, add_special_tokens=False)
            ends.append(len(ids) - 2)
        with torch.inference_mode():
            states = place.causal.model(torch.tensor([ids])).last_hidden_state[0, ends]
        told = (states @ head["score_head.weight"].T + head["score_head.bias"]).softmax(-1)
        found.append(told[:, 1:].sum(-1).tolist())
    return found


# ------------------------------------------------------------------------------ PRMBench's adapters


class Loader:
    """What PRMBench's models read from: rows one by one, and a list for their answers."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows, self.told = rows, []
        self.dataset = SimpleNamespace(gen_kwargs={}, store_results=self.told.append)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Any:
        for row in self.rows:
            ids = row["input_ids"][None]
            rest = {name: [value] for name, value in row.items() if name != "input_ids"}
            yield {**rest, "input_ids": ids, "attention_mask": torch.ones_like(ids)}


def prmbench(
    module: str, name: str, put: Callable[[Place, Any], None] = lambda place, model: None, drop: int = 0
) -> Callable[[Place, list[Case]], Scores]:
    def call(place: Place, case: Case) -> list[list[float]]:
        stand_in("loguru", "mr_eval.utils.log_utils")
        model = getattr(place.module("PRMBench", f"mr_eval.models.{module}"), name)(str(place.folder))
        put(place, model)
        # A mapping, of which one adapter reads an attribute: as released that one stops here.
        model.generation_config = Settings(max_length=4096)
        meta = [
            {"idx": i, "question": case.problem, "steps": steps} for i, steps in enumerate(case.solutions)
        ]
        rows = Loader([model.getitem_function(meta, i) for i in range(len(meta))])
        model.respond(rows)
        return [one["scores"]["step_level_validity_scores"][drop:] for one in rows.told]

    return each(call)


def put_marked(place: Place, model: Any) -> None:
    model.model = Logits(place.marked)


def put_classifier(place: Place, model: Any) -> None:
    model.model = place.classifier


class Settings(dict[str, Any]):
    __getattr__ = dict.__getitem__


class Logits(torch.nn.Module):
    """Classes for every token, as a model of transformers tells them."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(logits=self.inner(ids)[0])
