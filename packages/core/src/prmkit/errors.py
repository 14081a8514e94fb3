"""Errors of prmkit: each says what is wrong, where, and what to do about it."""

from __future__ import annotations

from pathlib import Path


class PrmkitError(Exception):
    """Base of every error that prmkit raises on purpose.

    Args:
        message: What is wrong, in one sentence.
        do: What the reader can do about it, in one sentence.
        file: File in which it was found, if any.
        row: 1-based row (line) of that file, if any.
        field: Name of the field, if any.

    Examples:
        >>> print(RecordError("not a number", do="write 0 to 1", file="a.jsonl", row=3, field="labels"))
        a.jsonl:3: field 'labels': not a number
          what to do: write 0 to 1
    """

    def __init__(
        self,
        message: str,
        *,
        do: str,
        file: str | Path | None = None,
        row: int | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.do = do
        self.file = None if file is None else str(file)
        self.row = row
        self.field = field

    def at(
        self, *, file: str | Path | None = None, row: int | None = None, field: str | None = None
    ) -> PrmkitError:
        """Return the same error with the missing parts of its place filled in."""
        return type(self)(
            self.message,
            do=self.do,
            file=self.file if self.file is not None else file,
            row=self.row if self.row is not None else row,
            field=self.field if self.field is not None else field,
        )

    @property
    def where(self) -> str:
        """Place of the fault as ``file:row: field 'name'``, with unknown parts left out."""
        place = self.file or ""
        if self.row is not None:
            place += f":{self.row}" if place else f"row {self.row}"
        if self.field is not None:
            place += f"{': ' if place else ''}field {self.field!r}"
        return place

    def __str__(self) -> str:
        where = self.where
        head = f"{where}: {self.message}" if where else self.message
        return f"{head}\n  what to do: {self.do}"

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments do not survive the default pickling that process pools use.
        return (
            _rebuild,
            (type(self), self.message, self.do, self.file, self.row, self.field),
        )


def _rebuild(
    kind: type[PrmkitError],
    message: str,
    do: str,
    file: str | None,
    row: int | None,
    field: str | None,
) -> PrmkitError:
    return kind(message, do=do, file=file, row=row, field=field)


class RecordError(PrmkitError):
    """A record breaks a rule of its type, or a row cannot be read as a record."""


class AlignmentError(RecordError):
    """Labels, scores or evidence do not belong to the steps they are laid on."""


class ConfigError(PrmkitError):
    """A setting is unknown, missing or outside its range."""


class UnknownNameError(PrmkitError):
    """A registered name was asked for that nobody provides."""


class DuplicateNameError(PrmkitError):
    """Two providers claim one registered name."""


class PluginError(PrmkitError):
    """A domain plug-in cannot be loaded or breaks its contract."""


class DataError(PrmkitError):
    """A data set is missing, or differs from its card."""


class StorageError(PrmkitError):
    """A file cannot be written: disk full, folder read-only, or the file changed underneath."""


class MissingToolError(PrmkitError):
    """An optional tool or library is not installed."""


class SandboxRefusedError(PrmkitError):
    """Untrusted code was offered and no safe place to run it exists."""


class CheckpointError(PrmkitError):
    """A model folder cannot be read as the PRM it claims to be."""


class RendererMismatchError(CheckpointError):
    """A PRM was trained with another renderer than the one about to feed it."""


class EndpointError(PrmkitError):
    """A model server cannot be reached, refuses, or answers in another shape."""


class BudgetExceededError(PrmkitError):
    """A budget of tokens, calls, steps or seconds is used up."""


class WorkflowError(PrmkitError):
    """A workflow is malformed, or one of its stages cannot run."""
