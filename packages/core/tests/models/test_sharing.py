"""Solutions that share a beginning: read once, to the same tokens, labels, gradients and scores."""

import random
from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, TrainingArguments

from prmkit.cards import PRMSpec
from prmkit.encode import tokenise
from prmkit.encode.collate import collate
from prmkit.encode.tokenise import Encoder
from prmkit.errors import CheckpointError
from prmkit.model.backbone import freeze
from prmkit.model.prm import PRM
from prmkit.train.examples import prepare
from prmkit.train.fit import fit
from prmkit.train.losses import cross_entropy, effective_weights, step_logit
from prmkit.train.settings import FitSettings
from prmkit.train.trainer import PRMTrainer
from prmkit.types import Problem, Trajectory

CORPUS = ["3 + 4 = 7, so the sum is 7.", "Is it? <step> we add: -12.5 + x² = 漢字"] * 3
BUILDS = {
    "bytes": (models.BPE(), pre_tokenizers.ByteLevel(add_prefix_space=True), trainers.BpeTrainer, None),
    "metaspace": (
        models.Unigram(),
        pre_tokenizers.Metaspace(prepend_scheme="first"),
        trainers.UnigramTrainer,
        normalizers.NFKC(),
    ),
    "pieces": (
        models.WordPiece(unk_token="<unk>"),
        pre_tokenizers.BertPreTokenizer(),
        trainers.WordPieceTrainer,
        normalizers.BertNormalizer(),
    ),
}


@pytest.fixture(scope="module", params=sorted(BUILDS))
def reader(request) -> PreTrainedTokenizerFast:
    model, cut, trainer, normalizer = BUILDS[request.param]
    core = Tokenizer(model)
    core.pre_tokenizer = cut
    if normalizer is not None:
        core.normalizer = normalizer
    given = {"unk_token": "<unk>"} if request.param == "metaspace" else {}
    core.train_from_iterator(
        CORPUS, trainer(vocab_size=300, special_tokens=["<pad>", "<unk>", "<step>"], **given)
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", unk_token="<unk>", extra_special_tokens=["<step>"]
    )


texts = st.lists(
    st.sampled_from(["3", " ", "so", "\n", "<step>", "is ", "é", "漢", "<", "step>"]), max_size=6
)
solutions = st.lists(st.lists(texts.map("".join), max_size=4), min_size=1, max_size=4)


@given(rows=solutions, offset=st.sampled_from([0, -1]), ask=st.sampled_from(["3?", " 3? ", "<step>"]))
@settings(max_examples=25, deadline=None)
def test_segments_give_the_tokens_of_the_whole_text(reader, rows, offset, ask):
    encoder = Encoder(reader, PRMSpec(read_offset=offset, after_step=" "))
    problem = Problem("p", ask)
    pairs = [(problem, Trajectory.of_steps(str(i), "p", steps)) for i, steps in enumerate(rows)]
    assert tokenise.stands_alone(reader, "<step>")
    by_segment = encoder(pairs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenise, "stands_alone", lambda *_: False)
        assert encoder(pairs) == by_segment
    assert encoder(pairs[:1]) == by_segment[:1]


def test_a_marker_inside_another_token_is_read_with_the_whole_text(reader):
    again = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(reader.backend_tokenizer.to_str()))
    again.add_special_tokens({"extra_special_tokens": ["x<step>"], "pad_token": "<pad>"})
    pair = (Problem("p", "3?"), Trajectory.of_steps("t", "p", ["3", "x", "7"]))
    found = Encoder(again, PRMSpec())([pair])[0]
    assert again.convert_ids_to_tokens(list(found.ids)).count("x<step>") == 1
    assert len(set(found.marks)) == 3


def test_prefixes_end_with_their_step(tokenizer):
    steps = ["3 + 4", {"text": "so 7", "role": "observe"}, "= 7", "7"]
    pair = (Problem("p", "3 + 4 = ?"), Trajectory.of_steps("t", "p", steps))
    encoder = Encoder(tokenizer, PRMSpec(truncate="left"))
    (read,) = encoder.prefixes([pair])
    assert len(read) == 3
    for one, step in zip(read, (0, 2, 3), strict=True):
        assert [i for i, mark in enumerate(one.marks) if mark is not None] == [step]
        assert one.marks[step] == len(one.ids) - 1
        shorter = Trajectory.of_steps("t", "p", steps[: step + 1])
        assert encoder([(pair[0], shorter)])[0].ids == one.ids
    short = Encoder(tokenizer, PRMSpec(truncate="left"), 17).prefixes([pair])[0]
    assert [one.cut for one in short] == [0, 0, 0]
    assert len(short[2].ids) <= 17 < len(read[2].ids)
    right = Encoder(tokenizer, PRMSpec(), 16).prefixes([pair])[0]
    assert [one.cut for one in right] == [0, 1, 1]


# --- merging


def tree(seed, sample, count=60):
    """Rows as PRM800K has them: an accepted prefix and one rated candidate; some repeat, some disagree."""
    draw = random.Random(seed)
    rows = []
    for i in range(count):
        steps = [str(draw.randrange(2)) for _ in range(draw.randrange(1, 5))]
        label = float(draw.random() < 0.9 if steps[-1] == "1" else draw.random() < 0.1)
        rows.append(sample(str(i), steps, [*[None] * (len(steps) - 1), label]))
    return rows


def loss(prm, made, wrong_weight):
    batch = collate(made, pad=prm.pad)
    logits = prm.module(batch["input_ids"], batch["marks"], batch["attention_mask"])
    weights = effective_weights(batch["labels"], batch["weights"], batch["labelled"], wrong_weight)
    return cross_entropy(step_logit(logits), batch["labels"], weights), weights.sum()


def total(made):
    found = Counter()
    for one in made:
        for step, label in enumerate(one.labels):
            if label is not None:
                place = one.encoded.marks[step]
                weight = one.weights[step] if one.weights else 1.0
                found[one.encoded.ids[: place + 1], label] += weight
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_packed_batch_gives_the_loss_and_gradient_of_its_rows(causal_folder, sample, seed, tmp_path):
    """Shared steps count once for each solution, also where their labels differ."""
    rows = tree(seed, sample)
    told = {}
    for layout in ("rows", "auto"):
        prm = PRM.create(causal_folder)
        args = TrainingArguments(str(tmp_path), report_to=[], use_cpu=True)
        trainer = PRMTrainer(prm, args, rows, layout=layout, wrong_weight=3.0, batch_tokens=1 << 14)
        assert trainer.packed == (layout == "auto")
        batches = list(trainer.get_train_dataloader())
        total = trainer._get_num_items_in_batch(batches, "cpu")
        losses = [trainer.compute_loss(prm.module, batch, num_items_in_batch=total) for batch in batches]
        sum(losses).backward()
        tokens = sum(batch["input_ids"].numel() for batch in batches)
        weights = {name: one.grad for name, one in prm.module.named_parameters() if one.grad is not None}
        told[layout] = (sum(losses).item(), total.item(), weights, tokens)
    (flat, weight, slopes, tokens), (packed, same, found, fewer) = told["rows"], told["auto"]
    assert packed == pytest.approx(flat, abs=1e-5)
    assert same == pytest.approx(weight)
    assert fewer < tokens
    for name, slope in slopes.items():
        torch.testing.assert_close(found[name], slope, rtol=1e-4, atol=1e-5)


# --- the view


def test_a_bidirectional_model_may_be_kept_from_what_follows(encoder_folder, sample):
    whole = PRM.create(encoder_folder)
    apart = PRM.create(encoder_folder, spec=PRMSpec(view="prefix"))
    row = sample("a", ["3 + 4", {"text": "7", "role": "observe"}, "= 7", "so 7"])
    scores = apart.score(row.problem, [row.trajectory])[0].values
    for step in (0, 2, 3):
        shorter = Trajectory.of_steps("s", row.problem.id, [s.text for s in row.trajectory.steps[: step + 1]])
        if step == 0:
            assert whole.score(row.problem, [shorter])[0].values[0] == pytest.approx(scores[0], abs=1e-6)
    assert scores[1] is None
    seen = whole.score(row.problem, [row.trajectory])[0].values
    assert seen[3] == pytest.approx(scores[3], abs=1e-6)
    assert abs(seen[0] - scores[0]) > 1e-6
    many = list(apart.score_many([(row.problem, row.trajectory)] * 3, window=2))
    assert [one.values for one in many] == [scores] * 3


def test_each_labelled_step_is_an_example_of_its_own(encoder_folder, sample):
    prm = PRM.create(encoder_folder, spec=PRMSpec(view="prefix"))
    rows = [sample("a", ["3", "4", "7"], [1.0, None, 0.0]), sample("b", ["3"]), sample("c", ["3"], [1.0])]
    made, counts, kept = prepare(rows, prm.encoder, view="prefix")
    assert [one.labels for one in made] == [(1.0, None, None), (None, None, 0.0), (1.0,)]
    assert kept == [rows[0], rows[0], rows[2]]
    assert (counts.trajectories, counts.labels, counts.none, counts.unlabelled) == (2, 3, 1, 1)


# --- the settings


@pytest.mark.parametrize("kind", ["encoder", "causal"])
def test_two_updates_on_human_rated_rows(kind, encoder_folder, causal_folder, sample, tmp_path):
    folder = encoder_folder if kind == "encoder" else causal_folder
    given = FitSettings(
        backbone=str(folder),
        max_steps=2,
        batch_tokens=256,
        layout="auto",
        balance=True,
        frozen=1,
        precision="bfloat16",
        view="prefix",
        truncate="left",
        max_tokens=40,
        learning_rate=1e-2,
    )
    done = fit(given, tree(0, sample), tmp_path / "prm", scratch=tmp_path / "scratch", seed=0)
    assert done["updates"] == 2
    assert done["right"] + done["wrong"] == 60
    prm, before = PRM.load(tmp_path / "prm"), PRM.create(folder)
    assert (prm.spec.view, prm.spec.truncate, prm.encoder.limit) == ("prefix", "left", 40)
    old, new = dict(before.module.network.named_parameters()), dict(prm.module.network.named_parameters())
    kept = {name for name in old if torch.equal(old[name], new[name])}
    assert any("embed" in name for name in kept)
    assert any(".0." in name for name in kept)
    assert not any(".1." in name and "weight" in name and "norm" not in name.lower() for name in kept)
    assert any(name.startswith(("score", "classifier")) for name in set(old) - kept)


def test_more_layers_than_there_are_cannot_be_frozen(causal_folder):
    with pytest.raises(CheckpointError, match="3 layers cannot be frozen: 2 were found"):
        freeze(PRM.create(causal_folder).module.network, 3)
