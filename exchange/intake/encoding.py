"""Detects the encoding of a delivered text: UTF-8, UTF-8 with BOM, or GB18030.

The whole file is decoded once before any row is read, so that no row is ever taken from a
file whose end cannot be read, and a broken byte is reported at its line.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from exchange.intake.findings import CellLocation, Finding, finding

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK: Final = 1024 * 1024
# So many characters beyond ASCII that decode as UTF-8 are no accident: GB18030 text fails
# within a few bytes. One broken byte later then does not turn a whole file into GB18030.
_CERTAIN: Final = 5
_SAMPLE: Final = 64 * 1024  # bytes of which it is told whether text makes sense
_ENOUGH: Final = 20  # characters
_LEAST_COMMON: Final = 0.6
_LONGEST: Final = 4  # bytes of one character
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec name of Python and the name people know."""

    codec: str
    label: str


UTF8: Final = Encoding("utf-8", "UTF-8")
UTF8_BOM: Final = Encoding("utf-8-sig", "UTF-8 BOM")
GB18030: Final = Encoding("gb18030", "GB18030")


@dataclass(frozen=True, slots=True)
class _DecodeFailure:
    """Where decoding failed: the line, whether at the end, characters beyond ASCII before it."""

    line: int
    at_end: bool
    beyond_ascii: int


def detect_encoding(stream: BinaryIO, name: str) -> Encoding | Finding:
    """Return the encoding of the whole stream, or the finding that rejects the file."""
    head = stream.read(3)
    stream.seek(0)
    if head[:2] in _UTF16:
        return finding("encoding-utf16", CellLocation(name))
    with_bom = head == codecs.BOM_UTF8
    broken = _decode(stream, UTF8_BOM if with_bom else UTF8)
    if broken is None:
        return UTF8_BOM if with_bom else UTF8
    if with_bom or broken.beyond_ascii >= _CERTAIN:
        rule = "cut-character" if broken.at_end else "encoding-broken"
        return finding(rule, CellLocation(name, line=broken.line), encoding="UTF-8")
    worse = _decode(stream, GB18030)
    if worse is None:
        return (
            finding("encoding-unlikely", CellLocation(name))
            if _is_unlikely_chinese(stream)
            else GB18030
        )
    return finding(
        "cut-character" if worse.at_end else "encoding-unknown",
        CellLocation(name, line=max(broken.line, worse.line)),
        encoding="GB18030",
    )


def _is_unlikely_chinese(stream: BinaryIO) -> bool:
    """Whether text that decodes as GB18030 is hardly Chinese: nearly any bytes decode as it.

    Of text in use well over nine in ten characters are of GB 2312; Big5 or Shift_JIS taken for
    GB18030 gives some half, or none.
    """
    stream.seek(0)
    text = stream.read(_SAMPLE).decode(GB18030.codec, "ignore")
    beyond = [character for character in text if not character.isascii()]
    common = sum(len(character.encode("gb2312", "ignore")) > 0 for character in beyond)
    return len(beyond) >= _ENOUGH and common < _LEAST_COMMON * len(beyond)


def _decode(stream: BinaryIO, encoding: Encoding) -> _DecodeFailure | None:
    decoder = codecs.getincrementaldecoder(encoding.codec)("strict")
    line, beyond = 1, 0
    stream.seek(0)
    for chunk, final in _chunks(stream):
        try:
            text = decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            good = error.object[: error.start].decode(encoding.codec, "ignore")
            # The decoder prepends what it had kept of the chunk before; no line ends in it.
            line += error.object[: error.start].count(b"\n")
            rest = error.object[error.start :]
            at_end = final and b"\n" not in rest and len(rest) <= _LONGEST
            return _DecodeFailure(line, at_end, beyond + _beyond_ascii(good))
        line += text.count("\n")
        if beyond < _CERTAIN and not chunk.isascii():
            beyond += _beyond_ascii(text)
    return None


def _chunks(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    chunk = stream.read(_CHUNK)
    while True:
        following = stream.read(_CHUNK)
        yield chunk, not following
        if not following:
            return
        chunk = following


def _beyond_ascii(text: str) -> int:
    return sum(not character.isascii() for character in text[:4096]) if text else 0
