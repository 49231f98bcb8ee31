"""The error classes; command line and web map them to exit codes and HTTP states.

CredenceError
├── DataInvalid            the input is wrong: exit 1
│   ├── Rejected           a file or row that cannot be accepted
│   └── QueryRefused       a query outside what is served
│       ├── QueryTooLarge
│       └── QuerySyntax    with line and column
├── UsageError             the call is wrong: exit 2
├── NotFound               no such thing, or not for this reader: exit 1
├── Gone                   withdrawn: the same answer for every cause
├── Conflict               the lifecycle does not allow it: exit 1
├── EnvironmentFault       disk, database, address, configuration: exit 3
│   ├── StoreUnavailable
│   ├── QueryTimeout
│   ├── ClockDoubtful  no publicity ends by a clock that is not trusted
│   └── Overloaded         with retry_after
└── VerificationFailed     a proof, digest or audit does not hold: exit 4
"""

from __future__ import annotations

from typing import Any


class CredenceError(Exception):
    """Base of every error: one sentence about the problem, one about its solution.

    The details `zh` and `zh_hint` say both in Chinese; every error that may reach a page has them.
    """

    exit_code = 3

    def __init__(self, message: str, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class DataInvalid(CredenceError):
    """The delivered data are invalid."""

    exit_code = 1


class Rejected(DataInvalid):
    """A file or row that cannot be accepted without correction."""


class QueryRefused(DataInvalid):
    """A query that uses an unsupported feature."""


class QueryTooLarge(QueryRefused):
    """A query or an answer beyond its size limit."""


class QuerySyntax(QueryRefused):
    """A query that does not parse."""

    def __init__(
        self, message: str, hint: str = "", *, line: int = 0, column: int = 0, **details: Any
    ) -> None:
        super().__init__(message, hint, line=line, column=column, **details)
        self.line = line
        self.column = column


class UsageError(CredenceError):
    """The call itself is wrong."""

    exit_code = 2


class NotFound(CredenceError):
    """The resource does not exist, or this reader may not know of it."""

    exit_code = 1


class Gone(CredenceError):
    """The record was removed from publication; the message is the same for every cause."""

    exit_code = 1


class Conflict(CredenceError):
    """The lifecycle of the record does not allow the event."""

    exit_code = 1


class EnvironmentFault(CredenceError):
    """A fault of disk, database, network address or configuration."""


class StoreUnavailable(EnvironmentFault):
    """A triple store or one of its workers does not answer."""


class QueryTimeout(EnvironmentFault):
    """A query ran past its deadline and was stopped."""


class ClockDoubtful(EnvironmentFault):
    """The machine's clock is not trusted, so no publicity ends by it; `doubt` says why."""

    def __init__(self, doubt: str) -> None:
        super().__init__(
            f"The machine's clock is doubtful ({doubt}), so no publicity was ended by it.",
            "Set the clock right, or, if it is right, run `credence clock confirm`.",
            zh=f"本机时钟存疑（{doubt}），未据此终止任何公示。",
            zh_hint="请校准时钟；若时钟无误，请运行 credence clock confirm 确认。",
            doubt=doubt,
        )


class Overloaded(EnvironmentFault):
    """The queue is full; try again after `retry_after` seconds."""

    def __init__(
        self, message: str, hint: str = "", *, retry_after: int = 1, **details: Any
    ) -> None:
        super().__init__(message, hint, retry_after=retry_after, **details)
        self.retry_after = retry_after


class VerificationFailed(CredenceError):
    """A proof, a digest or an audit failed."""

    exit_code = 4
