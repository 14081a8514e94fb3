"""Every layout gives the scores of one-by-one scoring: packed forests, pieces, memory, padded batches."""

import itertools
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, set_seed

from prmkit import PRM
from prmkit.encode import blocks
from prmkit.encode.blocks import plan
from prmkit.encode.collate import Example, collate_forest
from prmkit.encode.forest import Known, grow
from prmkit.encode.layout import Shape, choose, least_cost
from prmkit.encode.tokenise import Encoded
from prmkit.errors import ConfigError
from prmkit.model import attention
from prmkit.model.frozen import FrozenPolicy
from prmkit.model.surprisal import token_surprisal
from prmkit.types import Problem, Trajectory

PROBLEM = Problem(id="p", text="3 + 4 = ?")
token_rows = st.lists(st.lists(st.integers(0, 2), max_size=7).map(tuple), min_size=1, max_size=7)


def seen_by(forest):
    """Per new token, by slot: the slots it attends to, from the definition."""
    hung = {u: root.path.tolist() for root in forest.roots for u in range(root.start, root.stop)}
    return {
        forest.known + u: hung.get(u, []) + [forest.known + j for j in range(u + 1) if u < forest.stop[j]]
        for u in range(len(forest))
    }


@given(token_rows)
def test_a_forest_holds_every_prefix_once_and_tokens_see_their_path(rows):
    forest = grow(rows)
    assert len(forest) == len({row[:i] for row in rows for i in range(1, len(row) + 1)})
    seen = seen_by(forest)
    for row, slots in zip(rows, forest.where, strict=True):
        assert tuple(forest.ids[slots]) == row
        assert forest.depth[slots].tolist() == list(range(len(row)))
        for i, slot in enumerate(slots.tolist()):
            assert seen[slot] == slots[: i + 1].tolist()


@given(st.lists(token_rows, min_size=1, max_size=4), st.integers(1, 5), st.data())
def test_what_is_known_and_pieces_change_no_path(calls, size, data):
    known, ids = Known(), []
    for rows in calls:
        kin = data.draw(st.lists(st.integers(0, 1), min_size=len(rows), max_size=len(rows)))
        forest = grow(rows, known, kin)
        ids += forest.ids.tolist()
        seen = seen_by(forest)
        for row, slots in zip(rows, forest.where, strict=True):
            assert tuple(ids[i] for i in slots) == row
            for i, slot in enumerate(slots.tolist()):
                assert slot < forest.known or seen[slot] == slots[: i + 1].tolist()
        cut = [seen_by(part) for part in forest.pieces(size)]
        assert {slot: path for part in cut for slot, path in part.items()} == seen
    assert known.size == len(ids)


@given(token_rows, st.integers(0, 9))
def test_blocks_cover_every_pair_once(rows, dense):
    forest = grow(rows)
    made = plan(forest, dense=dense)
    pairs = np.zeros((len(forest), len(forest)), dtype=int)
    for one in made.own + made.above:
        wide = np.arange(len(forest))[one.keys]
        shown = np.ones((one.end - one.start, len(wide)), dtype=int)
        if one.causal:
            shown = np.tril(shown)
        if one.mask is not None:
            shown = (one.mask.numpy() == 0).astype(int)
        pairs[one.start : one.end, wide] += shown
    place = np.arange(len(forest))
    wanted = (place[None, :] <= place[:, None]) & (place[:, None] < forest.stop[None, :])
    assert (pairs == wanted).all()
    owners = sorted((one.start, one.end) for one in made.own)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(owners))


@pytest.fixture(scope="module", params=["qwen2", "llama", "mistral"])
def prm(request, causal_folder, tokenizer):
    if request.param == "qwen2":
        return PRM.create(causal_folder, seed=3)
    kinds = {"llama": (LlamaConfig, LlamaForCausalLM), "mistral": (MistralConfig, MistralForCausalLM)}
    config, network = kinds[request.param]
    set_seed(1)
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    made = network(config(vocab_size=len(tokenizer), num_key_value_heads=2, sliding_window=None, **sizes))
    folder = request.getfixturevalue("tmp_path_factory").mktemp(request.param)
    made.save_pretrained(folder)
    return PRM.create(folder, tokenizer, seed=3)


def solutions(seed: int, count: int, *, problems: int = 1):
    """Random trees of solutions: many begin alike."""
    draw = random.Random(seed)
    grown: list[tuple[str, ...]] = [()]
    while len(grown) < count + 1:
        grown.append(
            (*draw.choice(grown), " ".join(str(draw.randrange(40)) for _ in range(draw.randint(1, 5))))
        )
    asked = [Problem(id=f"p{i}", text=f"{i} + 4 = ?") for i in range(problems)]
    pairs = []
    for i, steps in enumerate(grown[1:]):
        problem = draw.choice(asked)
        pairs.append((problem, Trajectory.of_steps(f"t{i}", problem.id, list(steps))))
    draw.shuffle(pairs)
    return pairs


def one_by_one(prm, pairs):
    prm.layout = "rows"
    told = [prm.score(problem, [trajectory])[0].values for problem, trajectory in pairs]
    prm.layout = "auto"
    return told


def near(found, wanted, within=1e-5):
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one == pytest.approx(other, abs=within)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), budget=st.sampled_from([16, 64, 4096]), dense=st.sampled_from([0, 8, 256]))
def test_layouts_do_not_change_scores(prm, seed, budget, dense):
    pairs = solutions(seed, 12, problems=2)
    wanted = one_by_one(prm, pairs)
    usual, prm.batch_tokens, blocks.DENSE = prm.batch_tokens, budget, dense
    try:
        near([one.values for one in prm.score_many(pairs)], wanted)
        turned = list(prm.score_many(pairs[::-1]))
        near([one.values for one in turned], wanted[::-1])
    finally:
        prm.batch_tokens, blocks.DENSE = usual, 256


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), keep=st.sampled_from([20, 100, 10**6]))
def test_a_scorer_with_memory_gives_the_numbers_from_scratch(prm, seed, keep):
    pairs = solutions(seed, 18)
    beam = prm.incremental(keep=keep)
    for start in range(0, 18, 6):
        mine = pairs[start : start + 6] + pairs[max(0, start - 2) : start]
        found = beam.score(mine[0][0], [trajectory for _, trajectory in mine])
        near([one.values for one in found], one_by_one(prm, mine))
        assert beam.kept <= keep
    assert prm.incremental().score(PROBLEM, []) == []


def test_memory_makes_a_continued_solution_cost_its_new_tokens(prm):
    beam = prm.incremental()
    steps = ["3 + 4 = 7", "so 7"]
    whole = Trajectory.of_steps("b", "p", steps)
    beam.score(PROBLEM, [Trajectory.of_steps("a", "p", steps[:1])])
    before, spent = beam.kept, prm.spent.spent.tokens
    beam.score(PROBLEM, [whole])
    new = len(prm.encoder([(PROBLEM, whole)])[0].ids) - before
    assert beam.kept - before == prm.spent.spent.tokens - spent == new > 0
    beam.score(PROBLEM, [whole])
    assert prm.spent.spent.tokens - spent == new


def test_a_long_trace_is_read_in_pieces_with_memory_for_its_own_tokens(prm):
    steps = [f"{i % 40} + {i % 7}" for i in range(60)]
    long = Trajectory.of_steps("long", "p", steps)
    wanted = one_by_one(prm, [(PROBLEM, long)])
    prm.batch_tokens = 32
    groups = choose(prm.encoder([(PROBLEM, long)]), budget=32, shape=prm.module.shape)
    assert [group.kind for group in groups] == ["forest"]
    near([prm.score(PROBLEM, [long])[0].values], wanted)
    prm.batch_tokens = 1 << 12


def test_gradients_of_a_forest_are_those_of_its_rows(prm):
    rows = [(5, 6, 7, 8), (5, 6, 9), (5, 6, 7, 8, 4), (4, 4)]
    examples = [Example(Encoded(ids, (1, len(ids) - 1), 0), (1.0, 0.0), (0.5, 2.0)) for ids in rows]
    forest = grow(rows)
    batch = collate_forest(examples, forest)
    module = prm.module
    assert module.shape is not None
    logits = module(
        batch["input_ids"], batch["marks"], position_ids=batch["position_ids"], forest=plan(forest, dense=2)
    )
    module.zero_grad()
    (logits[0].square().sum(-1) * batch["weights"][0]).sum().backward()
    packed = {name: one.grad.clone() for name, one in module.named_parameters() if one.grad is not None}
    module.zero_grad()
    for example in examples:
        ids, marks = torch.tensor([example.encoded.ids]), torch.tensor([example.encoded.marks])
        (module(ids, marks)[0].square().sum(-1) * torch.tensor(example.weights)).sum().backward()
    for name, one in module.named_parameters():
        if name in packed:
            scale = float(one.grad.abs().max()) + 1e-6
            assert float((packed[name] - one.grad).abs().max()) < 1e-5 * max(scale, 1.0), name


@pytest.mark.parametrize("tile", [1, 200, 1 << 26])
def test_blocks_without_the_processor_s_own_kernel_agree(prm, monkeypatch, tile):
    pairs = solutions(5, 10)
    wanted = one_by_one(prm, pairs)
    monkeypatch.setattr(attention, "TILE", tile)
    monkeypatch.setattr(attention, "_read_fast", attention._read_plain)
    near([one.values for one in prm.score_many(pairs)], wanted)


@pytest.mark.parametrize("tile", [1, 300, 1 << 26])
def test_gradients_of_both_ways_agree(monkeypatch, tile):
    draw = torch.Generator().manual_seed(0)
    forest = grow([(1, 2, 3, 4, 5, 6), (1, 2, 3, 7, 8), (1, 2, 9)])
    sides = [torch.randn(1, 2, len(forest), 4, generator=draw, requires_grad=True) for _ in range(3)]
    told = []
    for way in ("fast", "plain"):
        if way == "plain":
            monkeypatch.setattr(attention, "TILE", tile)
            monkeypatch.setattr(attention, "_read_fast", attention._read_plain)
            monkeypatch.setattr(attention, "_back_fast", attention._back_plain)
        mixed = attention._Blocks.apply(*sides, plan(forest, dense=3), 0.5)
        told.append((mixed, *torch.autograd.grad(mixed.pow(3).sum(), sides)))
    for one, other in zip(*told, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_bidirectional_backbones_read_rows_only(encoder_folder):
    prm = PRM.create(encoder_folder)
    pairs = solutions(1, 8)
    assert prm.module.shape is None
    near([one.values for one in prm.score_many(pairs)], one_by_one(prm, pairs))
    with pytest.raises(ConfigError, match="packed forests"):
        prm.incremental()


def test_a_window_of_attention_is_left_to_the_architecture(tokenizer, tmp_path):
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = MistralConfig(vocab_size=len(tokenizer), num_key_value_heads=2, sliding_window=4, **sizes)
    MistralForCausalLM(config).save_pretrained(tmp_path)
    prm = PRM.create(tmp_path, tokenizer)
    assert prm.module.shape is None
    assert prm.module.network.config._attn_implementation == "sdpa"


def test_the_cheaper_layout_is_chosen_per_problem_and_the_costs_are_shown():
    shape = Shape(linear=1e8, pair=1e4, layers=8, width=512)
    shared = [Encoded((1, *range(500), 7, i), (501,), 501) for i in range(8)]
    alone = [Encoded((i, 2, 3), (2,), 2) for i in range(10, 13)]
    groups = choose(shared + alone, budget=4096, shape=shape)
    assert {group.kind for group in groups} == {"forest", "rows"}
    forest = next(group for group in groups if group.kind == "forest")
    assert (forest.members, forest.tokens) == (tuple(range(8)), 502 + 8)
    assert forest.cost < forest.instead
    assert forest.cost >= least_cost(grow([one.ids for one in shared]), shape)
    assert sorted(i for group in groups for i in group.members) == list(range(11))
    assert {group.kind for group in choose(shared, budget=4096, shape=None)} == {"rows"}


def test_half_precision_reads_forests_too(prm, tmp_path):
    half = PRM.load(prm.save(tmp_path / "prm"), dtype="bfloat16")
    assert half.module.shape is not None
    pairs = solutions(9, 12)
    near([one.values for one in half.score_many(pairs)], one_by_one(half, pairs), 2e-2)
    near([one.values for one in half.score_many(pairs)], one_by_one(prm, pairs), 5e-2)


def test_surprisal_of_a_forest_is_that_of_its_rows(causal_folder):
    policy = FrozenPolicy.open(causal_folder)
    draw = random.Random(2)
    head = tuple(draw.randrange(4, 50) for _ in range(30))
    tails = [tuple(draw.randrange(4, 50) for _ in range(draw.randint(0, 9))) for _ in range(9)]
    encoded = [Encoded(head + tail, (), 30) for tail in tails]
    for budget in (16, 4096):
        packed = policy.features(encoded, batch_tokens=budget)
        for one, found in zip(encoded, packed, strict=True):
            alone = token_surprisal(policy.model, [one.ids])[0]
            torch.testing.assert_close(found, alone, rtol=1e-4, atol=1e-4)
    assert policy.reader.network.shape is not None


@given(token_rows)
def test_every_token_knows_the_one_before_it(rows):
    forest = grow(rows)
    for slots in forest.where:
        assert forest.before[slots].tolist() == [-1, *slots.tolist()][: len(slots)]


def test_rotations_that_depend_on_the_longest_row_are_left_to_the_architecture(tokenizer, tmp_path):
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 4}
    turned = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
    config = LlamaConfig(vocab_size=len(tokenizer), num_key_value_heads=2, rope_parameters=turned, **sizes)
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    assert PRM.create(tmp_path, tokenizer).module.shape is None


def test_padded_rows_keep_their_masks_once_forests_are_read(prm):
    network = prm.module.network
    assert prm.module.shape is not None
    ids, mask = torch.tensor([[0, 0, 5, 6, 7], [8, 9, 5, 6, 7]]), torch.tensor([[0, 0, 1, 1, 1], [1] * 5])
    places = (mask.cumsum(1) - 1).clamp(min=0)
    with torch.no_grad():
        padded = network(input_ids=ids, attention_mask=mask, position_ids=places).logits[0, 2:]
        alone = network(input_ids=ids[:1, 2:]).logits[0]
    torch.testing.assert_close(padded, alone, rtol=1e-4, atol=1e-5)
