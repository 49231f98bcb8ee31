"""What the pool of query workers says when there is no answer, in both languages.

Purpose: one place for the sentences, so that the pool keeps to processes. The engine explains
itself in English only; its lists of what it expected are turned into Chinese, and what cannot be
turned is left out there rather than shown in another language.
Source: messages of pyoxigraph 0.5.13.
"""

from __future__ import annotations

import math
import re
import signal
from typing import TYPE_CHECKING, Any, Final

from exchange.domain.errors import (
    Overloaded,
    QueryRefused,
    QuerySyntax,
    QueryTimeout,
    QueryTooLarge,
    StoreUnavailable,
)
from publisher.stores import worker_main

if TYPE_CHECKING:
    from collections.abc import Sequence

_CRASHES: Final = frozenset(
    {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGALRM, signal.SIGILL}
)
# What the engine expected is told where it is words and signs alone: a list that leaves out the
# engine's character classes would mislead.
_EXPECTED: Final = re.compile(r'expected (?:one of )?((?:(?:"[^"]{1,9}"|[A-Z]+)(?:, |$)){1,12})')
_KNOWN: Final = {
    "Prefix not found": "用到的前缀没有声明",
    "SELECT * is not authorized with GROUP BY": "SELECT * 不能与 GROUP BY 同用",
}


def syntax(header: dict[str, Any]) -> QuerySyntax:
    """Return the error for a query the engine could not read."""
    said = header.get("message", "")
    return QuerySyntax(
        f"The query does not parse: {said}.",
        "Mend the query at the place named and send it again.",
        line=header["line"],
        column=header["column"],
        zh=f"{in_chinese(said)}。",
        zh_hint="请改正指出的位置后重试。",
    )


def in_chinese(said: str) -> str:
    """Return an engine message in Chinese, where a translation exists."""
    for english, chinese in _KNOWN.items():
        if english in said:
            return chinese
    expected = _EXPECTED.fullmatch(said)
    if expected is None:
        return "此处不合 SPARQL 语法"
    return f"此处不合 SPARQL 语法，应为 {expected[1].replace(', ', '、')}"


def too_large(max_bytes: int) -> QueryTooLarge:
    """Return the error for an answer over its size limit."""
    return QueryTooLarge(
        f"The answer has more than {max_bytes} bytes.",
        "Add a LIMIT, page through the result, or download a dump.",
        zh=f"查询结果超过 {max_bytes} 字节。",
        zh_hint="请加上 LIMIT、分页取结果，或下载数据文件。",
    )


def unreadable() -> StoreUnavailable:
    """Return the error for a generation whose files are gone or were altered."""
    return StoreUnavailable(
        "The triple store cannot be read.",
        "Run `credence audit`; `credence rebuild` makes the store anew.",
        zh="无法读取三元组库。",
        zh_hint="请运行 credence audit 检查；credence rebuild 可重建。",
    )


def not_evaluated(said: str) -> QueryRefused:
    """Return the error for a query that parses and yet cannot be answered."""
    return QueryRefused(
        f"The query could not be evaluated: {said}.",
        "Change the query.",
        zh="查询无法执行。",
        zh_hint="请修改查询后重试。",
    )


def failed(header: dict[str, Any], max_bytes: int) -> QueryRefused | StoreUnavailable:
    """Return the error of a reply that is no answer."""
    match header["status"]:
        case worker_main.SYNTAX:
            return syntax(header)
        case worker_main.TOO_LARGE:
            return too_large(max_bytes)
        case worker_main.MEMORY:
            return died(-signal.SIGABRT)
        case worker_main.UNREADABLE:
            return unreadable()
    return not_evaluated(header.get("message", ""))


def not_offered(media: str, form: str, offered: Sequence[str]) -> QueryRefused:
    """Return the error for a media type that cannot hold the answer."""
    types = ", ".join(offered)
    return QueryRefused(
        f"{media} is not offered for {form}.",
        f"Ask for one of: {types}.",
        zh=f"{form} 查询的结果没有 {media} 格式。",
        zh_hint=f"可选格式：{types}。",
    )


def late(seconds: float) -> QueryTimeout:
    """Return the error for a query past its deadline."""
    return QueryTimeout(
        f"The query ran longer than {seconds:g} seconds and was stopped.",
        "Narrow the query, add a LIMIT, or download a dump.",
        zh=f"查询超过 {seconds:g} 秒，已停止。",
        zh_hint="请缩小查询范围或加上 LIMIT，或下载数据文件。",
    )


def starved(used: float, seconds: float) -> Overloaded:
    """Return the error for a query past its deadline that got little of the processor."""
    return Overloaded(
        f"The service is busy: in {seconds:g} seconds the query got {used:.1f} seconds of "
        "processor, and was stopped.",
        "Try again later; for bulk work download a dump.",
        retry_after=max(1, math.ceil(seconds)),
        zh=f"服务繁忙：查询在 {seconds:g} 秒内只得到 {used:.1f} 秒处理器时间，已停止。",
        zh_hint="请稍后再试；批量取数请下载数据文件。",
    )


def queue_full(seconds: float) -> Overloaded:
    """Return the error for a queue that is full, to a client that has the most waiting."""
    return Overloaded(
        "Too many queries are waiting, most of them from your address.",
        "Send fewer queries at a time and wait for their answers; for bulk work download a dump.",
        retry_after=max(1, math.ceil(seconds)),
        zh="等待执行的查询过多，其中来自您所在地址的最多。",
        zh_hint="请减少同时发送的查询，等收到结果后再发；批量取数请下载数据文件。",
    )


def not_served(seconds: float, *, slow: bool) -> Overloaded:
    """Return the error for a query whose turn did not come in time, in the slow lane or not."""
    if not slow:
        return Overloaded(
            f"Too many queries are waiting: this one was not begun within {seconds:g} seconds.",
            "Try again later, or download a dump for bulk work.",
            retry_after=max(1, math.ceil(seconds)),
            zh=f"等待执行的查询过多：本查询在 {seconds:g} 秒内未能开始执行。",
            zh_hint="请稍后再试；批量取数请下载数据文件。",
        )
    return Overloaded(
        "The query needs longer than others and waits behind them: its turn did not come within "
        f"{seconds:g} seconds.",
        "Narrow the query so that it ends within a second, try again later, or download a dump.",
        retry_after=max(1, math.ceil(seconds)),
        zh=f"本查询耗时较长，需排队执行，{seconds:g} 秒内未轮到。",
        zh_hint="请缩小查询范围，使其在一秒内完成；或稍后再试，或下载数据文件。",
    )


def no_generation() -> StoreUnavailable:
    """Return the error for a store that was never published."""
    return StoreUnavailable(
        "There is no current generation of the store.",
        "Publish once, then query.",
        zh="数据尚未发布。",
        zh_hint="请先运行 credence publish。",
    )


def unavailable(reason: tuple[str, str] | None) -> StoreUnavailable:
    """Return the error for a pool without workers; `reason` in English and Chinese."""
    english, chinese = reason or ("The query service is shutting down.", "查询服务正在停止。")
    return StoreUnavailable(
        english,
        "Try again in a moment; if it stays so, the operator must look at the log.",
        zh=chinese,
        zh_hint="请稍后再试；如仍不行，请运行人员查看日志。",
    )


def died(code: int) -> QueryRefused | StoreUnavailable:
    """Lay a crash to the query, a kill to the host."""
    if -code in _CRASHES:
        return QueryRefused(
            "The query needed more memory or a deeper stack than it may have.",
            "Narrow the query, or download a dump.",
            zh="查询所需的内存或层数超过允许。",
            zh_hint="请缩小查询范围，或下载数据文件。",
        )
    return StoreUnavailable(
        "The query worker was ended from outside.",
        "Send the query again; a new worker stands by.",
        zh="查询进程被外部结束。",
        zh_hint="请重新发送查询。",
    )
