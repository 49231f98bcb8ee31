"""Errors of `verify`."""

from __future__ import annotations

from exchange.domain.errors import VerificationFailed


def fault(message: str, position: int | None = None) -> VerificationFailed:
    """Return the error for a difference; `position`: of the event, if there is one."""
    return VerificationFailed(
        message,
        "Stop writing and restore ledger, seals and journal from backups of one time.",
        position=position,
    )


def require(condition: bool, message: str, position: int | None = None) -> None:  # noqa: FBT001
    """Raise the error unless the condition is true."""
    if not condition:
        raise fault(message, position)
