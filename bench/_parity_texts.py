"""Calls of ``bench.public_parity``: scorers that read logits of tokens."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from safetensors.torch import load_file

from bench._parity_house import Case, Place, each, headed, stand_in

# ------------------------------------------------------------------------------ two tokens at a tag


def openr_text(place: Place, case: Case, tag: str, steps: list[str]) -> str:
    stand_in("reason.inference.value")
    asking = place.module("openr", "reason.inference.rm_call")
    caller = asking.RewardModelCallingFunction(
        asking.RewardModelBaseConfig(step_tag=tag, format_str="{question} {answer}")
    )
    answer = caller.replace_step_tag("\n\n".join(steps), "\n\n")
    return caller.format_str.format(question=case.problem, answer=answer)


@each
def openr(place: Place, case: Case) -> list[list[float]]:
    infer = place.module("openr/prm", "infer_fns")._qwen_math_infer_fn
    texts = [openr_text(place, case, "\n\n\n\n\n ", steps) for steps in case.solutions]
    return [infer(text, place.causal, place.tokenizer, "cpu").tolist() for text in texts]


@each
def shepherd_openr(place: Place, case: Case) -> list[list[float]]:
    infer = place.module("openr/prm", "infer_fns")._math_shepherd_infer_fn
    texts = [openr_text(place, case, "ки\n", headed(steps)) for steps in case.solutions]
    return [infer(text, place.causal, place.tokenizer, "cpu").tolist() for text in texts]


@each
def shepherd_sal(place: Place, case: Case) -> list[list[float]]:
    sal = place.module("search-and-learn/src", "sal.models.reward_models")
    sal.CANDIDATE_TOKENS = place.tokenizer.encode("+ -")[1:]
    sal.STEP_TAG_ID = place.tokenizer.encode("ки")[-1]
    texts = [f"{case.problem} " + "\n".join(f"{s} ки" for s in headed(its)) for its in case.solutions]
    return sal.batched_math_shepherd_inference(place.causal, place.tokenizer, texts, 2)


@each
def er_prm(place: Place, case: Case) -> list[list[float]]:
    seen: list[list[float]] = []

    def smallest(scores: torch.Tensor) -> torch.Tensor:
        seen.append(scores.tolist())
        return builtins.min(scores)

    # It tells the smallest score of a solution only, so ``min`` tells what it was given; and it sends
    # its tokens to device 0.
    here = SimpleNamespace(tensor=lambda ids: _Anywhere(torch.tensor(ids)), no_grad=torch.no_grad)
    theirs = place.lifted(
        "ER-PRM/evaluation/evaluate_math_reward_model.py", "select_sample", torch=here, min=smallest
    )
    t = place.tokenizer
    pair, tag = [t.encode(" +")[-1], t.encode(" -")[-1]], t.encode(" ки")[-1]
    answers = [" " + "\n".join(f"{step} ки" for step in steps) for steps in case.solutions]
    sample = {"prompt": case.problem, "answers": answers}
    settings = SimpleNamespace(num_samples=len(answers))
    theirs.select_sample(0, sample, place.causal, t, pair, tag, settings)
    return seen[::2]


class _Anywhere:
    """Token ids that stay on the CPU wherever they are sent."""

    def __init__(self, ids: torch.Tensor) -> None:
        self.ids = ids

    def to(self, _: Any) -> torch.Tensor:
        return self.ids


@each
def er_prm_tts(place: Place, case: Case) -> list[list[float]]:
    t = place.tokenizer
    asking, infer = tts(place)
    text = tts_texts(asking, "llama3.1-math-prm", case, list)
    tag, pair = asking.get_prm_special_tokens("llama3.1-math-prm", t)
    told = infer._erprm_infer_fn(text, place.causal, t, "cpu", pair, tag)
    return [one.tolist() for one in told]


def tts(place: Place) -> tuple[ModuleType, ModuleType]:
    asking = place.module("compute-optimal-tts/src", "reason.inference.rm_call")
    return asking, sys.modules["reason.inference.infer_fns"]


def tts_texts(asking: ModuleType, name: str, case: Case, written: Callable[[list[str]], list[str]]) -> Any:
    told = asking.RMRemoteCaller.__new__(asking.RMRemoteCaller)
    told.model_name, told.prm_step_tag, told.format_str = name, "ки\n", "{question} {answer}"
    answers = ["".join(f"{step} ки\n" for step in written(its)) for its in case.solutions]
    return told.process_input([(case.problem, one) for one in answers], [name], False)


@each
def multi_rm(place: Place, case: Case) -> list[list[float]]:
    rewards = place.module("Multi-RM", "discriminative.reward_model")
    asked = place.module("Multi-RM", "discriminative.get_reward").flatten_all_data(
        [{"question": case.problem, "cots": case.solutions}]
    )
    model = rewards.RewardModel(aggregation="full", device=torch.device("cpu"), model_id=str(place.folder))
    return model([one["steps_all"] for one in asked])


# ------------------------------------------------------------------------------ conversations


@each
def rlhflow(place: Place, case: Case) -> list[list[float]]:
    theirs = place.module("RLHF-Reward-Modeling/math-rm", "prm_evaluate")
    answers = ["\n\n".join(steps) for steps in case.solutions]
    sample = {"prompt": case.problem, "answers": answers, "label": [1] * len(answers)}
    settings = SimpleNamespace(num_n=len(answers), model_type="Deepseek")
    pair = [place.tokenizer.encode(one)[-1] for one in "+-"]
    told = theirs.select_sample(settings, sample, place.causal, place.chats, pair, "cpu")
    return told[1]["step_scores"]


@each
def rlhflow_tts(place: Place, case: Case) -> list[list[float]]:
    asking, infer = tts(place)
    _, pair = asking.get_prm_special_tokens("deepseek-data", place.tokenizer)
    told = infer._rlhflow_deepseek_infer_fn(
        tts_texts(asking, "deepseek-data", case, list),
        place.causal,
        place.chats,
        "cpu",
        pair,
        special_tag_id=place.tokenizer.convert_tokens_to_ids("<|reserved_special_token_0|>"),
    )
    return [one.tolist() for one in told]


@each
def fover(place: Place, case: Case) -> list[list[float]]:
    before = place.module("FoVer", "src.prm.preprocessing")
    behind = place.module("FoVer", "src.prm.postprocessing")
    tokenizer = place.chats
    place.tokenizer.name_or_path = "llama"
    found = []
    for steps in case.solutions:
        asked = before.get_fover_input_format(case.problem, steps)
        ids = tokenizer.apply_chat_template(asked, tokenize=True, return_tensors="pt")
        with torch.inference_mode():
            logits = place.causal(ids).logits[0]
        found.append(behind.extract_fover_scores(ids[0].numpy(), logits, place.tokenizer))
    return found


# ------------------------------------------------------------------------------ log-ratios


@each
def implicit(place: Place, case: Case) -> list[list[float]]:
    stand_in("deepspeed")
    theirs = place.module("ImplicitPRM/eval", "prm_eval_utils")
    here = SimpleNamespace(device="cpu", gather=lambda told: told)
    reference = Place(place.peers, place.folder.parent / "reference").causal
    found = []
    for steps in case.solutions:
        row = {"query": case.problem, "answer": headed(steps), "idx": 0, "reward_idx": 0}
        batch = theirs.implicit_prm_data_collator([row], place.chats, [], here, "implicit_prm")
        with torch.no_grad():
            behind = theirs.get_logps(reference, batch, "implicit_prm")
        told, _ = theirs.get_reward(place.causal, batch, "implicit_prm", here, ref_per_token_logps=behind)
        found.append(told["w/ ref"]["constant+coef-0.001"]["accumulative"][0].tolist())
    return found


@each
def implicit_counted(place: Place, case: Case) -> list[list[float]]:
    """The same sums from the log-ratio of every token, over the tokens that the peer's code counts."""
    t, reference = place.tokenizer, Place(place.peers, place.folder.parent / "reference").causal
    found = []
    for steps in case.solutions:
        user = [{"role": "user", "content": case.problem}]
        head = t.apply_chat_template(user, tokenize=False, add_generation_prompt=True)
        answer = [{"role": "assistant", "content": "\n\n".join(headed(steps))}]
        ids = t.encode(t.apply_chat_template(user + answer, tokenize=False))
        with torch.inference_mode():
            told = [
                model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
                for model in (place.causal, reference)
            ]
        ratio = (told[0] - told[1]).gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
        sums = torch.cat([torch.zeros(1), ratio]).cumsum(0)
        written = [head + "\n\n".join(headed(steps)[:end]) for end in range(1, len(steps))]
        if "<|eot_id|>" in t.get_vocab():
            first = len(t.encode(head)) - 2
            ends = [*(len(t.encode(text + "\n\n")) - 1 for text in written), len(ids) - 1]
        else:
            first = len(t.encode(head)) - 1
            ends = [*(len(t.encode(text)) + 1 for text in written), len(ids) - 2]
        found.append([0.001 * float(sums[end] - sums[first - 1]) for end in ends])
    return found


# ------------------------------------------------------------------------------ next tokens


@each
def saffron(place: Place, case: Case) -> list[list[float]]:
    """Rewards of all next tokens behind each solution."""
    stand_in("deepspeed", "deepspeed.profiling", "deepspeed.profiling.flops_profiler")
    theirs = place.module("saffron", "inc.models")
    t = place.tokenizer
    begin = [t.bos_token_id, *t.encode("\n\nUser:", add_special_tokens=False)]
    model = theirs.Model(
        batch_size=4,
        cache=False,
        profile=False,
        hf_model=biased(place),
        hf_tokenizer=t,
        prefix=begin,
        infix=t.encode("\n\nAgent:", add_special_tokens=False),
    )
    prompt = model.encode(case.problem)
    asked = [model.make_sess(prompt, model.encode("\n".join(steps))) for steps in case.solutions]
    told = model(asked).clone()
    told[:, load_file(place.folder / "model.safetensors")["unseen_mask"].bool()] = -1024.0
    return told.tolist()


def biased(place: Place) -> Any:
    """The model with the bias of its vocabulary matrix, as the peer puts it in."""
    model, weight = place.causal, place.causal.lm_head.weight
    model.lm_head = torch.nn.Linear(weight.shape[1], weight.shape[0])
    model.lm_head.weight.data = weight
    model.lm_head.bias.data = load_file(place.folder / "model.safetensors")["lm_head.bias"]
    return model
