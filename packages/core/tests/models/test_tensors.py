import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prmkit.errors import AlignmentError
from prmkit.tensors import expect, masked_mean, masked_softmax


def test_expect_binds_letters_across_tensors():
    sizes = expect(torch.zeros(2, 3, 4), "B S D")
    assert expect(torch.zeros(2, 7), "B K", sizes)["K"] == 7
    assert expect(torch.zeros(2, 5), "_ 5") == {}
    with pytest.raises(AlignmentError, match=r"\(3, 3\) is not \(B S\) with B=2, S=3"):
        expect(torch.zeros(3, 3), "B S", {"B": 2, "S": 3})
    with pytest.raises(AlignmentError, match="field 'marks'"):
        expect(torch.zeros(3), "B K", name="marks")
    with pytest.raises(AlignmentError):
        expect(torch.zeros(2, 3), "B B")
    with pytest.raises(AlignmentError):
        expect(torch.zeros(2, 3), "B 4")


rows = st.lists(st.tuples(st.floats(-50, 50), st.booleans()), min_size=1, max_size=8)


@given(rows)
def test_masked_mean_is_the_mean_of_what_is_kept(row):
    kept = [value for value, keep in row if keep]
    values = torch.tensor(
        [v if keep else float("nan") for v, keep in row], dtype=torch.float64, requires_grad=True
    )
    mean = masked_mean(values, torch.tensor([keep for _, keep in row]))
    assert float(mean.detach()) == pytest.approx(sum(kept) / len(kept) if kept else 0.0, abs=1e-9)
    mean.backward()
    assert torch.isfinite(values.grad).all()
    assert all(float(g) == 0 for g, (_, keep) in zip(values.grad, row, strict=True) if not keep)


def test_masked_mean_along_an_axis():
    values = torch.tensor([[1.0, 3.0], [5.0, 7.0]])
    mask = torch.tensor([[True, True], [False, False]])
    assert masked_mean(values, mask, 1).tolist() == [2.0, 0.0]


@given(rows)
def test_masked_softmax_sums_to_one_or_is_zero(row):
    mask = torch.tensor([keep for _, keep in row])
    weights = masked_softmax(torch.tensor([v for v, _ in row]), mask)
    assert float(weights.sum()) == pytest.approx(1.0 if mask.any() else 0.0, abs=1e-5)
    assert (weights[~mask] == 0).all()
    if mask.any():
        torch.testing.assert_close(weights[mask], torch.tensor([v for v, k in row if k]).softmax(-1))
