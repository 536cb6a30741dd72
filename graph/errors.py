"""Errors that are part of the product: what is wrong, where, and what to do."""

from __future__ import annotations


class VivantError(Exception):
    """A fault to be shown to the user as one readable block, without a traceback.

    Attributes:
        what: One sentence that says what is wrong.
        where: The file, node or JSON path concerned, or an empty string.
        remedy: What the user can do about it, or an empty string.
        exit_status: 1 failed while running, 2 wrong use or invalid preset.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "", exit_status: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy
        self.exit_status = exit_status

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.remedy:
            lines.append(f"  what to do: {self.remedy}")
        return "\n".join(lines)


class EndOfStream(Exception):  # noqa: N818 - like StopIteration it is no error
    """Raised by a source's ``process`` when it has nothing more to give."""
