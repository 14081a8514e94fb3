"""The path of a user's own backbone: two updates on human-rated rows, from the shipped workflow's stages."""

import gzip
import json
from importlib.resources import files

import pytest
import yaml
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    set_seed,
)

from prmkit import load_prm
from prmkit.records import read_parquet
from prmkit.types import StepScores
from prmkit.workflow import run_workflow

STAGES = ("prm800k", "train", "prm800k_test", "prm800k_test_human")


def rated(problem, before, step, rating):
    return {
        "instruction": problem,
        "responses": before,
        "next_response": step,
        "answer": None,
        "is_human_response": rating is None,
        "is_solution": False,
        "is_preferred_response": True,
        "rating": rating,
        "error_reason": None,
    }


def tree(problem):
    steps = [("I multiply .", 1), ("3 * 4 = 13 .", -1)]
    return {
        "labeler": "x",
        "timestamp": "2022-07-01T00:00:00",
        "generation": None,
        "is_quality_control_question": False,
        "is_initial_screening_question": False,
        "question": {"problem": problem, "ground_truth_answer": "12"},
        "label": {
            "steps": [
                {
                    "completions": [{"text": text, "rating": rating, "flagged": False}],
                    "human_completion": None,
                    "chosen_completion": 0,
                }
                for text, rating in steps
            ],
            "total_time": 1000,
            "finish_reason": "solution",
        },
    }


@pytest.fixture
def data(tmp_path, monkeypatch):
    """PRM800K's two files with invented rows: paths that continue each other, a repeat, an unrated step."""
    folder = tmp_path / "data/math/prm800k_phase1"
    folder.mkdir(parents=True)
    rows = []
    for i in range(8):
        problem = f"What is {i} * 4 ?"
        rows += [
            rated(problem, [], "I multiply .", 1),
            rated(problem, [], "I multiply .", 0),
            rated(problem, ["I multiply ."], f"{i} * 4 = {4 * i} .", 1),
            rated(problem, ["I multiply ."], f"{i} * 4 = {4 * i + 1} .", -1),
            rated(problem, ["I multiply ."], "Hm .", None),
        ]
    for name, content in (("train_plus_stepwise", rows), ("phase1_test", [tree("What is 9 * 4 ?")])):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(row) + "\n" for row in content)
    monkeypatch.setenv("PRMKIT_DATA", str(tmp_path / "data"))


@pytest.fixture(params=["bidirectional", "causal"])
def backbone(request, tmp_path):
    vocabulary = ["<pad>", "<unk>", *map(str, range(40)), *"*=?.", "What", "is", "I", "multiply", "Hm"]
    core = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    sizes = {
        "vocab_size": len(vocabulary),
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 64,
        "pad_token_id": 0,
    }
    set_seed(0)
    bidirectional = request.param == "bidirectional"
    model = BertModel(BertConfig(**sizes)) if bidirectional else LlamaForCausalLM(LlamaConfig(**sizes))
    model.save_pretrained(tmp_path / "backbone")
    reader = PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", unk_token="<unk>")
    reader.save_pretrained(tmp_path / "backbone")
    return tmp_path / "backbone"


def test_two_updates_of_the_shipped_stages(data, backbone, tmp_path):
    whole = yaml.safe_load((files("prmkit_math") / "run.yaml").read_text())
    story = {**whole, "stages": {name: whole["stages"][name] for name in STAGES}, "presets": {"full": {}}}
    (tmp_path / "story.yaml").write_text(yaml.safe_dump(story, sort_keys=False))
    sets = [f"train.backbone={backbone}", "train.max_steps=2", "train.batch_tokens=128"]
    out = tmp_path / "run"
    run_workflow(tmp_path / "story.yaml", out, preset="full", sets=sets)
    prm = load_prm(out / "prm/train")
    counts = prm.labels["counts"]
    assert (counts["right"], counts["wrong"], counts["unlabelled"], counts["cut"]) == (24, 8, 8, 0)
    assert prm.spec.view == "prefix"
    scores = list(read_parquet(StepScores, out / "records/prm800k-test/scores-prm-human"))
    assert [len(one.values) for one in scores] == [1, 2]
    assert all(0 < value < 1 for one in scores for value in one.values)
    # The second candidate's first step is the first candidate: seen alike, whatever follows.
    assert scores[0].values[0] == pytest.approx(scores[1].values[0], abs=1e-6)
