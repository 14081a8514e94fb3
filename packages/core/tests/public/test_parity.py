"""Each family against a computation written here from its published description alone.

The references use transformers' own model classes, the logits of the whole vocabulary, and token positions
found in their own way; nothing of prmkit's rendering, encoding or heads.
"""

import math

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, Qwen2ForTokenClassification

from prmkit import load_prm
from prmkit.types import Problem, Trajectory

Q = "What is 2 + 3?\nSay it in words."
STEPS = [
    ["2 + 3 = 5.", "So it is five (é)."],
    ["We add: 2 + 3 = 6", "no +, no - here", "So 6."],
]


def tok(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


@torch.no_grad()
def all_logits(folder, ids, kind=AutoModelForCausalLM):
    return kind.from_pretrained(folder)(torch.tensor([ids])).logits[0].double()


@torch.no_grad()
def hidden(folder, ids):
    return AutoModelForCausalLM.from_pretrained(folder).model(torch.tensor([ids])).last_hidden_state[0]


def pieces(tokenizer, steps, mark, *, start):
    """Question, steps and marks tokenised apart; the places of the marks' last tokens."""
    ids, places = list(start), []
    for step in steps:
        ids += tok(tokenizer, step) + tok(tokenizer, mark)
        places.append(len(ids) - 1)
    return ids, places


def pair(logits, tokenizer, good, bad):
    first = [tok(tokenizer, good)[0], tok(tokenizer, bad)[0]]
    return logits[..., first].softmax(-1)[..., 0]


def trl(folder, t, steps):
    ids, places = pieces(t, steps, "\n", start=[t.bos_token_id, *tok(t, Q)])
    return all_logits(folder, ids, Qwen2ForTokenClassification).softmax(-1)[places, 1]


def pure(folder, t, steps):
    ids, places = pieces(t, steps, "\n", start=tok(t, Q))
    p = all_logits(folder, ids, Qwen2ForTokenClassification).softmax(-1)[places]
    return p[:, 1] - p[:, 0]


def tagged(folder, t, steps, *, good, bad, tag, text):
    ids = tok(t, text)
    (tag_id,) = tok(t, tag)
    places = [i for i, one in enumerate(ids) if one == tag_id]
    assert len(places) == len(steps)
    return pair(all_logits(folder, ids)[places], t, good, bad)


def math_shepherd(folder, t, steps):
    text = f"{Q} " + "\n".join(f"Step {i}: {s} ки" for i, s in enumerate(steps, 1))
    return tagged(folder, t, steps, good="+", bad="-", tag=" ки", text=text)


def er_prm(folder, t, steps):
    text = f"{Q} " + "".join(f"{s} ки" for s in steps)
    return tagged(folder, t, steps, good=" +", bad=" -", tag=" ки", text=text)


def openr(folder, t, steps):
    text = f"{Q} " + " ".join(s + " \n\n\n\n\n" for s in steps)
    return tagged(folder, t, steps, good=" +", bad=" -", tag=" \n\n\n\n\n", text=text)


def multi_rm(folder, t, steps):
    text = f"{Q} \n\n" + "".join(s + " \n\n\n\n" for s in steps)
    return tagged(folder, t, steps, good="+", bad="-", tag=" \n\n\n\n", text=text)


def turn_by_turn(folder, t, steps, *, first, answer, good, bad):
    """One conversation per step, as the authors do; read at the last token of the assistant's header."""
    found, turns = [], []
    for i, step in enumerate(steps):
        turns.append({"role": "user", "content": first + step if i == 0 else step})
        asked = t.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        found.append(pair(all_logits(folder, tok(t, asked))[-1], t, good, bad))
        turns.append({"role": "assistant", "content": answer})
    return torch.stack(found)


def rlhflow(folder, t, steps):
    return turn_by_turn(folder, t, steps, first=f"{Q} ", answer="+", good="+", bad="-")


def fover(folder, t, steps):
    task = (
        "Your task is to evaluate the accuracy of each step in the provided solution to the above question. "
        'For each step, respond with "correct" if the reasoning is logically valid and mathematically sound, '
        "or if the step is a general statement or transition that does not contain reasoning. "
        'Respond with "incorrect" if the step includes any errors or flawed logic.'
    )
    first = f"** Problem **\n{Q}\n\n** Task **\n{task}\n\n** Sotluion **\n"
    return turn_by_turn(folder, t, steps, first=first, answer="correct", good="correct", bad="incorrect")


def qwen_head(folder, t, steps, system):
    text = "<|im_start|>system\n" + system + "<|im_end|>\n<|im_start|>user\n" + Q
    text += "<|im_end|>\n<|im_start|>assistant\n" + "<extra_0>".join(steps) + "<extra_0><|im_end|>\n"
    ids = tok(t, text)
    w = load_file(folder / "model.safetensors")
    states = hidden(folder, ids)
    inner = (states @ w["score.0.weight"].T + w["score.0.bias"]).clamp(min=0)
    logits = (inner @ w["score.2.weight"].T + w["score.2.bias"]).double()
    return logits.softmax(-1)[[i for i, one in enumerate(ids) if one == tok(t, "<extra_0>")[0]], 1]


def qwen_prm(folder, t, steps):
    return qwen_head(
        folder, t, steps, r"Please reason step by step, and put your final answer within \boxed{}."
    )


def reasonflux(folder, t, steps):
    return qwen_head(folder, t, steps, "Be of use.")


def value(folder, ids, places):
    w = load_file(folder / "model.safetensors")
    return (hidden(folder, ids) @ w["v_head.summary.weight"].T + w["v_head.summary.bias"])[places, 0].double()


def skywork(folder, t, steps):
    ids, places = pieces(t, steps, "\n", start=tok(t, f"{t.bos_token}{Q}\n"))
    return value(folder, ids, places).sigmoid()


def pqm(folder, t, steps):
    text = (
        "Below is an instruction that describes a task.\nWrite a response that appropriately completes the "
    )
    text += f"request.\n\n### Instruction:\n{Q}\n\n### Response: Let's think step by step\n"
    ids = tok(t, text + "\n".join(f"Step {i}: {s} [PRM]" for i, s in enumerate(steps, 1)))
    return value(folder, ids, [i for i, one in enumerate(ids) if one == tok(t, "[PRM]")[0]])


def reasoneval_classes(folder, t, steps):
    ids, places = pieces(t, steps, "", start=tok(t, f"Question:\n{Q}\nAnswer:\nLet's think step by step.\n"))
    w = load_file(folder / "model.safetensors")
    return (
        (hidden(folder, ids) @ w["score_head.weight"].T + w["score_head.bias"])[places].double().softmax(-1)
    )


def reasoneval(folder, t, steps):
    return reasoneval_classes(folder, t, steps)[:, 1:].sum(-1)


def llemma(folder, t, steps):
    text, places = f"# Question\n\n{Q}\n\n# Solution\n\n", []
    ids = tok(t, text)
    for step in steps:
        text += step
        places.append(len(tok(t, text)))  # the line end that follows
        text += "\n\n"
    ids = tok(t, text)
    return all_logits(folder, ids).mean(-1)[places].sigmoid()


def plain(tiny, folder, kind, t):
    return tiny.checkpoint(folder, "llama" if kind == "lines" else kind, t)


def two_layers(tiny, folder, kind, t):
    extra = {
        "score.0.weight": (32, 32),
        "score.0.bias": (32,),
        "score.2.weight": (2, 32),
        "score.2.bias": (2,),
    }
    tensors = {name: tiny.draw(*shape, seed=i) for i, (name, shape) in enumerate(extra.items())}
    return tiny.checkpoint(
        folder,
        kind,
        t,
        tensors,
        architectures=["Qwen2ForProcessRewardModel"],
        auto_map={"AutoModel": "modeling_evil.Model", "AutoConfig": "modeling_evil.Config"},
    )


def one_value(tiny, folder, kind, t):
    return tiny.checkpoint(
        folder, kind, t, {"v_head.summary.weight": tiny.draw(1, 32), "v_head.summary.bias": tiny.draw(1)}
    )


def three(tiny, folder, kind, t):
    return tiny.checkpoint(
        folder, kind, t, {"score_head.weight": tiny.draw(3, 32), "score_head.bias": tiny.draw(3)}
    )


def labels(tiny, folder, kind, t):
    return tiny.classifier(folder, t, 2)


CASES = {
    "trl": ("qwen", labels, trl),
    "pure": ("qwen", labels, pure),
    "math-shepherd": ("mistral", plain, math_shepherd),
    "er-prm": ("llama", plain, er_prm),
    "rlhflow": ("llama", plain, rlhflow),
    "fover": ("llama", plain, fover),
    "qwen2.5-math-prm": ("qwen", two_layers, qwen_prm),
    "reasonflux": ("qwen", two_layers, reasonflux),
    "skywork": ("qwen", one_value, skywork),
    "pqm": ("llama", one_value, pqm),
    "reasoneval": ("mistral", three, reasoneval),
    "llemma-prm800k": ("lines", plain, llemma),
    "openr": ("qwen", plain, openr),
    "multi-rm": ("llama", plain, multi_rm),
}


@pytest.fixture(scope="module")
def made(request, tiny, qwen, llama, lines, tmp_path_factory):
    kind, build, reference = CASES[request.param]
    tokenizer = {"qwen": qwen, "lines": lines}.get(kind, llama)
    folder = build(tiny, tmp_path_factory.mktemp(request.param.replace(".", "")), kind, tokenizer)
    return request.param, folder, tokenizer, reference


@pytest.mark.parametrize("made", CASES, indirect=True)
def test_scores_are_those_of_the_published_formula(made):
    name, folder, tokenizer, reference = made
    prm = load_prm(folder, spec=name)
    together = prm.score_steps(Q, STEPS)
    wanted = [reference(folder, tokenizer, steps).tolist() for steps in STEPS]
    for found, each in zip(together, wanted, strict=True):
        assert found == pytest.approx(each, abs=1e-5)
    assert max(map(max, wanted)) - min(map(min, wanted)) > 0.002, "equal values would prove nothing"


def test_tied_embeddings_serve_as_vocabulary_matrix(tiny, lines, tmp_path):
    folder = tiny.checkpoint(tmp_path / "tied", "llama", lines, tied=True)
    assert "lm_head.weight" not in load_file(folder / "model.safetensors")
    for name, reference in (("llemma-prm800k", llemma), ("er-prm", er_prm)):
        found = load_prm(folder, spec=name).score_steps(Q, STEPS)[0]
        assert found == pytest.approx(reference(folder, lines, STEPS[0]).tolist(), abs=1e-5)


def test_a_bias_of_the_vocabulary_matrix_counts(tiny, llama, tmp_path):
    bias = tiny.draw(len(llama), seed=9)
    folder = tiny.checkpoint(tmp_path / "bias", "llama", llama, {"lm_head.bias": bias})
    good, bad = tok(llama, " +")[0], tok(llama, " -")[0]
    ids = tok(llama, f"{Q} {STEPS[0][0]} ки")
    logits = all_logits(folder, ids)[-1] + bias
    wanted = torch.stack([logits[good], logits[bad]]).softmax(0)[0]
    assert load_prm(folder, spec="er-prm").score_steps(Q, [STEPS[0][:1]])[0][0] == pytest.approx(
        float(wanted), abs=1e-5
    )
    mean = (
        (all_logits(folder, tok(llama, f"# Question\n\n{Q}\n\n# Solution\n\n5\n"))[-1] + bias)
        .mean()
        .sigmoid()
    )
    assert load_prm(folder, spec="llemma-prm800k").score_steps(Q, [["5"]])[0][0] == pytest.approx(
        float(mean), abs=1e-5
    )


def test_value_head_models_of_trl_keep_their_body_behind_a_prefix(tiny, qwen, tmp_path):
    folder = one_value(tiny, tmp_path / "sky", "qwen", qwen)
    wanted = load_prm(folder, spec="skywork").score_steps(Q, STEPS)
    from safetensors.torch import save_file

    state = load_file(folder / "model.safetensors")
    moved = {n if n.startswith("v_head") else f"pretrained_model.{n}": w for n, w in state.items()}
    save_file(moved, folder / "model.safetensors", metadata={"format": "pt"})
    assert load_prm(folder, spec="skywork").score_steps(Q, STEPS) == wanted


def test_redundancy_stands_beside_validity(tiny, llama, tmp_path):
    folder = three(tiny, tmp_path / "reasoneval", "mistral", llama)
    row = Trajectory.of_steps("t", "p", STEPS[1])
    found = load_prm(folder, spec="reasoneval").score(Problem("p", Q), [row])[0].check(row)
    classes = reasoneval_classes(folder, llama, STEPS[1])
    assert found.channels["redundancy"] == pytest.approx(classes[:, 1].tolist(), abs=1e-5)
    assert found.values == pytest.approx((1 - classes[:, 0]).tolist(), abs=1e-5)


def test_one_score_for_the_whole_solution(tiny, qwen, tmp_path):
    extra = {"reward_head.weight": tiny.draw(1, 32), "reward_head.bias": tiny.draw(1)}
    folder = tiny.checkpoint(tmp_path / "flux", "qwen", qwen, extra)
    row = Trajectory.of_steps("t", "p", STEPS[1])
    found = load_prm(folder, spec="reasonflux-1.5b").score(Problem("p", Q), [row])[0]
    state = hidden(folder, tok(qwen, Q + "\n\n".join(STEPS[1])))[-1]
    wanted = (state @ extra["reward_head.weight"][0] + extra["reward_head.bias"][0]).sigmoid()
    assert found.trajectory_value == pytest.approx(float(wanted), abs=1e-5)
    assert found.values[:-1] == (None, None)
    assert not math.isnan(found.trajectory_value)


def test_blanks_written_as_in_the_first_llama_and_mistral(tiny, sentencepiece, tmp_path):
    """Math-Shepherd as its users score it: by the ids of the tag and of the two labels."""
    t = sentencepiece
    folder = tiny.checkpoint(tmp_path / "shepherd", "mistral", t)
    labels = t.encode("+ -")[1:]
    tag = t.encode(" ки")[-1]
    assert t.convert_ids_to_tokens([*labels, tag]) == ["▁+", "▁-", "▁ки"]
    found = load_prm(folder, spec="math-shepherd").score_steps(Q, STEPS)
    for steps, values in zip(STEPS, found, strict=True):
        text = f"{Q} " + "".join(f"Step {i}: {s} ки\n" for i, s in enumerate(steps, 1))
        ids = t.encode(text)
        read = all_logits(folder, ids)[:, labels].softmax(-1)[:, 0]
        places = [i for i, one in enumerate(ids) if one == tag]
        assert values == pytest.approx(read[places].tolist(), abs=1e-5)


def test_separators_taken_out_again(tiny, sentencepiece, tmp_path):
    """ReasonEval as its authors do it: pad tokens between the parts, then out of the ids again."""
    t = sentencepiece
    folder = three(tiny, tmp_path / "reasoneval", "mistral", t)
    w = load_file(folder / "model.safetensors")
    found = load_prm(folder, spec="reasoneval").score_steps(Q, STEPS)
    for steps, values in zip(STEPS, found, strict=True):
        cut = t.pad_token
        prompt = f"Question:\n{Q}\nAnswer:\nLet's think step by step.\n"
        whole = t(prompt + cut + "".join(s + cut for s in steps))["input_ids"]
        ids, ends = [], []
        for one in whole:
            if one == t.pad_token_id:
                ends.append(len(ids))
            else:
                ids.append(one)
        states = hidden(folder, [t.bos_token_id, *ids])
        logits = (states @ w["score_head.weight"].T + w["score_head.bias"]).double().softmax(-1)
        assert values == pytest.approx(logits[ends[2:], 1:].sum(-1).tolist(), abs=1e-5)


@pytest.mark.parametrize("made", CASES, indirect=True)
def test_empty_long_and_strange_solutions(made):
    name, folder, _, _ = made
    prm = load_prm(folder, spec=name, max_tokens=1200)
    rows = [
        [],
        [""],
        ["", "5"],
        ["\u0000 \ud800 漢 \u202e é", "<|im_end|> ки [PRM] <extra_0> + -"],
        ["5", "9" * 10**5],
    ]
    found = prm.score_steps("", rows)
    assert [len(one) for one in found] == [len(one) for one in rows]
    assert math.isnan(found[-1][1])
    assert all(math.isfinite(value) for row in found[:-1] for value in row)
