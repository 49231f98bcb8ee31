"""Finds texts whose encoding was lost before delivery: replacement characters and mojibake.

Chinese that was written in one encoding and read in another looks like 澶勭綒 (UTF-8 read as GBK),
å¤„ç½š (UTF-8 as Windows-1252) or ´¦·£ (GBK as Latin-1). Only the sender can restore the text.
"""

from __future__ import annotations

import codecs
import re
from typing import Final, Literal

# Continuation bytes of UTF-8 as Latin-1 and as Windows-1252 show them.
_CONTINUED: Final = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_LEADING: Final = "\u00c2-\u00d6\u00d8-\u00f4"  # without ×, which masks parts of names
_CERTAIN: Final = re.compile(
    rf"\ufffd|锟斤|斤拷|â€|ï¼|ã€|(?:[{_LEADING}][{_CONTINUED}]{{1,3}}){{2}}"
)
# Memory that nobody wrote to, read as GBK (CC CC, CD CD); a shop may be called so.
_POSSIBLE: Final = re.compile(r"烫{3}|屯{3}|\?{3}")
_LATIN: Final = re.compile("[\u00a1-\u00d6\u00d8-\u00f6\u00f8-\u00fe]{4,60}")
_CHINESE: Final = re.compile("[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]+")
_HANZI: Final = re.compile("[\u4e00-\u9fff]{2,}")


def _first_pairs() -> str:
    """Return the characters of GBK for the first two bytes of Chinese in UTF-8."""
    ranges = {0xE3: (0x80, 0x80), 0xE4: (0xB8, 0xBF), 0xEF: (0xBC, 0xBD)}
    ranges |= dict.fromkeys(range(0xE5, 0xEA), (0x80, 0xBF))
    pairs = (
        bytes((lead, trail))
        for lead, (first, last) in ranges.items()
        for trail in range(first, last + 1)
    )
    return "".join(pair.decode("gb18030") for pair in pairs)


_PAIR: Final = re.compile(f"[{_first_pairs()}]")
# Every text in which something is found has one of these.
SIGNS: Final = f"\ufffd锟斤烫屯?\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00fe{_first_pairs()}"
_WINDOW: Final = 6  # characters of GBK that are four of UTF-8
_SURE, _SHORTEST = 4, 2  # characters of Chinese that a window, or a whole cell, must give
_SEVERAL, _SHARE = 3, 4  # such characters, and one of so many: bytes between them were dropped


def encoding_loss(text: str) -> Literal["error", "held"] | None:
    """Return the severity of a lost encoding: error if certain, held if a person must look.

    None means that the text looks sound.
    """
    if _CERTAIN.search(text) or _gbk_as_latin(text):
        return "error"
    starts = [at.start() for at in _PAIR.finditer(text)]
    longest = max((_chinese(text[start:]) for start in starts), default=0)
    if longest >= _SURE:
        return "error"
    whole = longest >= _SHORTEST and _chinese(text.rstrip("?")) == longest and len(text) < _WINDOW
    dense = len(starts) >= max(_SEVERAL, len(text) // _SHARE)
    return "held" if whole or dense or _POSSIBLE.search(text) else None


def _gbk_as_latin(text: str) -> bool:
    for run in _LATIN.findall(text):
        try:
            read = run[: len(run) // 2 * 2].encode("latin-1").decode("gb2312")
        except UnicodeDecodeError:
            continue
        if _CHINESE.fullmatch(read) and _HANZI.search(read):
            return True
    return False


def _chinese(text: str) -> int:
    """Return how many Chinese characters a text gives whose GBK bytes are read as UTF-8."""
    raw = text[:_WINDOW].encode("gb18030", "replace")
    try:
        read = codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return 0
    return len(read) if _CHINESE.fullmatch(read) else 0
