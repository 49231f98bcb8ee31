"""How `verify` says what it found."""

from __future__ import annotations

from exchange.domain.errors import VerificationFailed


def fault(message: str, position: int | None = None) -> VerificationFailed:
    """Return the error for a difference, at a position of the ledger if it has one."""
    return VerificationFailed(
        message,
        "Stop writing and restore ledger, seals and journal from backups of one time.",
        position=position,
    )


def require(true: bool, message: str, position: int | None = None) -> None:  # noqa: FBT001
    """Raise the difference unless it holds."""
    if not true:
        raise fault(message, position)
