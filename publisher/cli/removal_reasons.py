"""Short words for the reasons by which sound rows are not applied, Chinese and English."""

from __future__ import annotations

from typing import Final

from exchange.domain.lifecycle import (
    HELD_RESEMBLES,
    REJECTED_AMBIGUOUS_KEY,
    REJECTED_AMBIGUOUS_TARGET,
    REJECTED_UNKNOWN_TARGET,
    SUPPRESSED_BASIS,
    SUPPRESSED_CLOCK,
    SUPPRESSED_ENDED,
    SUPPRESSED_REMOVED,
    SUPPRESSED_REVOKED,
)
from exchange.domain.precedence import (
    HELD_UNCOMPARED,
    OUTDATED_BY_TIME,
    OUTDATED_FILE,
    OUTDATED_REPEATED,
    OUTDATED_VERSION,
)

WORDS: Final[dict[str, tuple[str, str]]] = {
    SUPPRESSED_REMOVED: ("记录已撤下", "record left"),
    SUPPRESSED_REVOKED: ("自报已撤销", "says it was revoked"),
    SUPPRESSED_ENDED: ("公示期已过", "publicity ended"),
    SUPPRESSED_CLOCK: ("时钟存疑", "clock in doubt"),
    SUPPRESSED_BASIS: ("依据已撤下", "its basis left"),
    HELD_RESEMBLES: ("与已撤下的记录相似", "like a record that left"),
    HELD_UNCOMPARED: ("版本过多，未能比较", "too many versions"),
    OUTDATED_REPEATED: ("旧文件重复导入", "older file again"),
    OUTDATED_VERSION: ("与被取代的版本相同", "equal to a superseded version"),
    OUTDATED_FILE: ("较早报送的文件", "older file"),
    OUTDATED_BY_TIME: ("来源更新时间较早", "earlier source time"),
    REJECTED_UNKNOWN_TARGET: ("找不到要修复的记录", "repair of nothing known"),
    REJECTED_AMBIGUOUS_TARGET: ("要修复的记录不止一条", "several to repair"),
    REJECTED_AMBIGUOUS_KEY: ("对应不止一条记录", "fits several records"),
    "refused-in-review": ("曾审核不予通过", "refused in review"),
    "review-full": ("待审已满", "no room for review"),
}


def words(reason: str, lang: str) -> str:
    """Return a short text for a reason; a rule about a cell is given by its name."""
    return WORDS.get(reason, (reason, reason))[lang == "en"]
