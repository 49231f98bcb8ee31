"""What a reader typed -> what the full-text table is asked, and where it stands in a text (pure).

Nothing of what was typed reaches the query language but letters and digits, one a token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from exchange.domain.errors import UsageError
from exchange.domain.identifiers import USCC_LENGTH, normal_code, uscc_problem
from exchange.domain.keys import searchable
from publisher.surfaces.index.index_results import Highlight
from publisher.surfaces.index.index_row import BREAK, SUBJECT, kind_token, one_token_each

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

LONGEST_QUERY: Final = 200  # characters, as long as a name may be
_MOST_TERMS: Final = 8
_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015


def search_terms(text: str) -> list[str]:
    """Return the folded words of what was typed; none where nothing of it is written.

    Raises UsageError beyond 200 characters.
    """
    text = text.strip()
    if len(text) > LONGEST_QUERY:
        raise UsageError(
            f"A search has at most {LONGEST_QUERY} characters.",
            "Give a part of the name, a code or a document number.",
            zh=f"检索内容最多 {LONGEST_QUERY} 个字符。",
            zh_hint="请输入名称的一部分、代码或文号。",
        )
    parts = text.split()
    head, rest = parts[: _MOST_TERMS - 1], parts[_MOST_TERMS - 1 :]
    folded = (searchable(part) for part in (*head, "".join(rest)))
    return list(dict.fromkeys(term for term in folded if term))


def fts_queries(words: Sequence[str], kinds: Collection[str] = ()) -> list[tuple[bool, str]]:
    """Return (is_subject, FTS query) pairs, in the order in which to ask them."""
    all_of = " AND ".join(f'text : "{one_token_each(word)}"' for word in words)
    found = [(True, all_of)] if not kinds or SUBJECT in kinds else []
    others = sorted(kind_token(kind) for kind in set(kinds) - {SUBJECT})
    if others:
        found.append((False, f"{all_of} AND kind : ({' OR '.join(map(_quoted, others))})"))
    elif not kinds:
        found.append((False, all_of))
    return found


def match_rank(words: Sequence[str], folded: str) -> int:
    """Return 0 for a record of exactly that name, 1 for one that begins with it, 2 for others."""
    name = folded.partition(BREAK)[0]
    if name == words[0]:
        return 0
    return 1 if name.startswith(words[0]) else 2


def highlight(text: str, words: Sequence[str]) -> list[Highlight]:
    """Return the text cut into pieces, with those that match a word as hits."""
    folded, positions = _folded(text)
    hit = [False] * len(text)
    for word in words:
        at = folded.find(word)
        while at >= 0:
            for position in range(positions[at], positions[at + len(word) - 1] + 1):
                hit[position] = True
            at = folded.find(word, at + len(word))
    pieces: list[Highlight] = []
    start = 0
    for position in range(1, len(text) + 1):
        if position == len(text) or hit[position] != hit[start]:
            pieces.append(Highlight(text[start:position], hit[start]))
            start = position
    return pieces


def code_with_wrong_check_digit(text: str) -> str | None:
    """Return the typed code if only its check digit is wrong; None otherwise."""
    if len(text) > LONGEST_QUERY:
        return None
    code = normal_code(text)
    return code if uscc_problem(code) == "uscc-check-digit" else None


def likely_codes(code: str) -> list[str]:
    """Return valid codes that differ by one character or one swap of adjacent characters."""
    slips = {
        code[:position] + other + code[position + 1 :]
        for position in range(USCC_LENGTH)
        for other in _ALPHABET
    }
    slips |= {
        code[:position] + code[position + 1] + code[position] + code[position + 2 :]
        for position in range(USCC_LENGTH - 1)
    }
    return sorted(each for each in slips if uscc_problem(each) is None)


def _folded(text: str) -> tuple[str, list[int]]:
    """Return the folded text and for each of its characters the place it came from."""
    pieces = [(searchable(character), position) for position, character in enumerate(text)]
    positions = [position for piece, position in pieces for _ in piece]
    return "".join(piece for piece, _ in pieces), positions


def _quoted(name: str) -> str:
    return f'"{name}"'
