"""Model folders on disk: what is accepted, how it is opened, and the digest that names its weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerFast
from transformers.utils import logging as hub_logging

from prmkit.errors import CheckpointError, StorageError

PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
"""File endings of weights that run code when they are opened."""
_BLOCK = 1 << 20


def open_folder(path: str | Path) -> Path:
    """The folder at ``path``, checked to hold a config and safetensors weights.

    Raises:
        CheckpointError: No such folder, no ``config.json``, no weights, pickled weights only, or an
            adapter without its base.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise CheckpointError(
            "there is no such model folder",
            do="give a local folder with config.json and *.safetensors; download a hub model first",
            file=folder,
        )
    if (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
        raise CheckpointError(
            "the folder holds an adapter, not a model",
            do="merge it into its base model (peft: merge_and_unload) and save the result with the tokenizer",
            file=folder,
            field="adapter_config.json",
        )
    if not (folder / "config.json").is_file():
        raise CheckpointError(
            "the folder has no config.json",
            do="give the folder that save_pretrained or PRM.save wrote",
            file=folder,
            field="config.json",
        )
    if any(folder.glob("*.safetensors")):
        return folder
    pickled = sorted(file.name for file in folder.iterdir() if file.suffix in PICKLED)
    if pickled:
        raise CheckpointError(
            "the weights are pickled, and opening a pickle can run any code",
            do="convert them to safetensors once, in a place you trust",
            file=folder / pickled[0],
        )
    raise CheckpointError(
        "the folder has no *.safetensors", do="give the folder that holds the weights too", file=folder
    )


def load_tokenizer(path: str | Path) -> Any:
    """The tokenizer stored in a model folder; never runs code from the folder.

    Raises:
        CheckpointError: The folder holds no readable tokenizer.
    """
    try:
        # For some model types AutoTokenizer puts its own splitting rules in place of those in
        # tokenizer.json; a folder that declares the plain fast class gets exactly what it stores.
        declared = json.loads((Path(path) / "tokenizer_config.json").read_text("utf-8"))
        plain = declared.get("tokenizer_class") in ("TokenizersBackend", "PreTrainedTokenizerFast")
        kind = PreTrainedTokenizerFast if plain else AutoTokenizer
        return kind.from_pretrained(str(path), trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"the tokenizer cannot be read: {str(error)[:200]}",
            do="put tokenizer.json and tokenizer_config.json into the folder",
            file=path,
            field="tokenizer.json",
        ) from error


def load_weights(
    auto: Any,
    path: str | Path,
    *,
    dtype: str | torch.dtype = "float32",
    whole: bool = False,
    **options: Any,
) -> Any:
    """Open ``path`` with a transformers Auto class, from safetensors and without remote code.

    Args:
        auto: ``AutoModelForCausalLM``, ``AutoModelForTokenClassification``, ...
        path: Model folder.
        dtype: Name of the floating type of the weights, such as ``float32`` or ``bfloat16``.
        whole: Refuse a folder that lacks any of the model's tensors; they would be drawn at random.
        **options: Passed on to ``from_pretrained``.

    Raises:
        CheckpointError: The folder cannot be read as this kind of model, or holds NaN or infinity.
    """
    folder = open_folder(path)
    try:
        with quiet():
            model, told = auto.from_pretrained(
                str(folder),
                dtype=floating(dtype),
                trust_remote_code=False,
                use_safetensors=True,
                local_files_only=True,
                output_loading_info=True,
                **options,
            )
    except Exception as error:  # transformers and safetensors raise a dozen types for a broken folder
        raise CheckpointError(
            f"the weights cannot be read: {type(error).__name__}: {str(error)[:300]}",
            do="check that config.json and the weights belong together and were copied whole",
            file=folder,
        ) from error
    absent = sorted(told["missing_keys"]) + sorted(str(key) for key in told["mismatched_keys"])
    if whole and absent:
        raise CheckpointError(
            f"the weights lack {absent[0]!r} ({len(absent)} tensors in all)",
            do="give the folder of a trained token classifier; a bare backbone must be trained first",
            file=folder,
            field=absent[0],
        )
    check_finite(model, folder)
    return model.eval()


@contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' progress bars and its table of new tensors: ``load_weights`` judges those."""
    level, bars = hub_logging.get_verbosity(), hub_logging.is_progress_bar_enabled()
    hub_logging.set_verbosity_error()
    hub_logging.disable_progress_bar()
    try:
        yield
    finally:
        hub_logging.set_verbosity(level)
        if bars:
            hub_logging.enable_progress_bar()


@contextmanager
def writing(folder: Path, card: str) -> Iterator[dict[str, Any]]:
    """A folder that is being written: what is put into the dictionary becomes the JSON file ``card``.

    It is written last, with the digest of the weights as ``weights``: a folder without it is not whole.

    Raises:
        StorageError: The folder cannot be written.
    """
    told: dict[str, Any] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / card).unlink(missing_ok=True)
        with quiet():
            yield told
        told["weights"] = weights_digest(folder)
        partial = folder / f"{card}.part"
        partial.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
        partial.replace(folder / card)
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"the model cannot be written: {error}",
            do="free some space or choose a folder you may write to; what is there is not whole",
            file=folder,
        ) from error


def load_config(path: str | Path) -> Any:
    """The config of a model folder, without its weights.

    Raises:
        CheckpointError: ``config.json`` is missing or describes a model that needs its own code.
    """
    try:
        return AutoConfig.from_pretrained(str(path), trust_remote_code=False, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"config.json cannot be read: {str(error)[:200]}",
            do="give a folder of a model type that transformers knows by itself",
            file=path,
            field="config.json",
        ) from error


def floating(dtype: str | torch.dtype) -> torch.dtype:
    """The torch type called ``dtype``.

    Raises:
        CheckpointError: Not the name of a floating type.
    """
    found = dtype if isinstance(dtype, torch.dtype) else getattr(torch, dtype, None)
    if not isinstance(found, torch.dtype) or not found.is_floating_point:
        raise CheckpointError(
            f"{dtype!r} is not a floating type", do="use float32, bfloat16 or float16", field="dtype"
        )
    return found


def check_finite(model: torch.nn.Module, path: str | Path | None = None) -> None:
    """Refuse weights with a NaN or an infinity.

    Raises:
        CheckpointError: Names the first such tensor.
    """
    for name, weight in model.named_parameters():
        # One pass and one number: a sum is finite exactly when no entry is NaN or infinite (or it
        # overflows, which float64 rules out for any sane weight).
        if not torch.isfinite(weight.detach().sum(dtype=torch.float64)):
            raise CheckpointError(
                "the weights hold NaN or infinity",
                do="the training run diverged or the file is damaged: use an earlier checkpoint",
                file=path,
                field=name,
            )


def weights_digest(path: str | Path) -> str:
    """16 hex digits over the bytes of every safetensors file of a folder, in order of name.

    Raises:
        CheckpointError: The folder is missing or holds no safetensors.
    """
    whole = hashlib.sha256()
    for file in sorted(open_folder(path).glob("*.safetensors")):
        whole.update(file.name.encode())
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                whole.update(block)
    return whole.hexdigest()[:16]
