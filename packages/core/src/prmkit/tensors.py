"""Shape checks and masked sums for tensor code."""

from __future__ import annotations

import torch

from prmkit.errors import AlignmentError


def expect(
    tensor: torch.Tensor, shape: str, sizes: dict[str, int] | None = None, *, name: str = "tensor"
) -> dict[str, int]:
    """Check the shape of a tensor against named axes and return their sizes.

    Args:
        tensor: What is checked.
        shape: Axes separated by blanks: a letter or word binds a size, a number fixes it, ``_`` is free.
        sizes: Sizes already bound by earlier calls; the same word must mean the same size.
        name: Name used in the message.

    Raises:
        AlignmentError: Another number of axes, or a size that differs from the bound one.

    Shapes:
        Legend of the project: B batch, S tokens, K steps, T time, D width, C classes.

    Examples:
        >>> sizes = expect(torch.zeros(2, 3), "B S")
        >>> sizes
        {'B': 2, 'S': 3}
        >>> expect(torch.zeros(2, 5), "B K", sizes)
        {'B': 2, 'S': 3, 'K': 5}
    """
    axes = shape.split()
    bound = dict(sizes or {})
    fits = tensor.dim() == len(axes)
    for axis, size in zip(axes, tensor.shape, strict=False):
        wanted = int(axis) if axis.isdigit() else size if axis == "_" else bound.setdefault(axis, size)
        fits = fits and wanted == size
    if not fits:
        known = ", ".join(f"{axis}={size}" for axis, size in (sizes or {}).items())
        raise AlignmentError(
            f"shape {tuple(tensor.shape)} is not ({shape})" + (f" with {known}" if known else ""),
            do="pass tensors whose axes agree",
            field=name,
        )
    return bound


def masked_mean(values: torch.Tensor, mask: torch.Tensor, dim: int | None = None) -> torch.Tensor:
    """Mean over the entries where ``mask`` is true; 0 where there are none.

    What stands at masked entries does not matter, NaN and infinity included: it reaches
    neither the value nor the gradient.

    Shapes:
        values: any. mask: broadcastable to ``values``.

    Examples:
        >>> masked_mean(torch.tensor([1.0, 3.0, float("nan")]), torch.tensor([True, True, False]))
        tensor(2.)
    """
    mask = mask.bool().expand_as(values)
    kept = torch.where(mask, values, torch.zeros_like(values))
    total = kept.sum() if dim is None else kept.sum(dim)
    count = mask.sum() if dim is None else mask.sum(dim)
    return total / count.clamp(min=1)


def masked_softmax(logits: torch.Tensor, mask: torch.Tensor, dim: int = -1) -> torch.Tensor:
    """Softmax over the entries where ``mask`` is true; exactly 0 elsewhere and in rows without any.

    Shapes:
        logits: any. mask: broadcastable to ``logits``. result: as ``logits``.

    Examples:
        >>> masked_softmax(torch.tensor([0.0, 0.0, 9.0]), torch.tensor([True, True, False])).tolist()
        [0.5, 0.5, 0.0]
    """
    mask = mask.bool().expand_as(logits)
    kept = torch.where(mask, logits, torch.full_like(logits, torch.finfo(logits.dtype).min))
    weights = torch.softmax(kept, dim)
    return torch.where(mask, weights, torch.zeros_like(weights))
