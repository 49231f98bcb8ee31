"""Failpoints: named moments between two durable steps, at which crash tests kill the process.

Purpose: one table of every commit, rename and swap after which the program must be able to
resume. Code calls the hook that it was given, `failpoint(Failpoint.COMMITTED)`; outside crash
tests the hook is `no_failpoint`. docs/reliability.md holds the table and a test keeps it equal.
Source: docs/design/ledger.md "Removal" (order of erase), docs/design/surfaces.md "The port"
(surfaces save position with result).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Self


class Failpoint(StrEnum):
    """A moment between two durable steps: its name, what is done and what is not yet done."""

    done: str
    not_yet: str

    def __new__(cls, name: str, done: str, not_yet: str) -> Self:
        """Create a member with the value `name` and the texts `done` and `not_yet`."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.done, member.not_yet = done, not_yet
        return member

    # --- a ledger begins ---
    SECRET_MADE = "secret-made", "the secret is on the disk", "the tables"
    TABLES_MADE = "tables-made", "the tables and an empty head are committed", "the genesis"
    # --- a transaction of the ledger ---
    SIGNED = "signed", "credentials are signed", "the events that carry them"
    SEALS_WRITTEN = "seals-written", "the seals are committed", "the events they open"
    BEFORE_COMMIT = "before-commit", "all rows are written", "their commit"
    COMMITTED = "committed", "the transaction is committed", "its journal line"
    JOURNAL_WRITTEN = "journal-written", "journal lines stand in the file", "their sync"
    JOURNALLED = "journalled", "the journal is synced", "the receipt"
    # --- a delivery ---
    COPY_STAGED = "copy-staged", "the staged copy is synced", "any event of it"
    REJECTS_WRITTEN = "rejects-written", "rejects and findings are synced", "the receipt"
    HELD_KEPT = "held-kept", "held rows of a batch are on the disk", "the close of their delivery"
    REVIEW_LOGGED = "review-logged", "a decision on a held row is committed", "the item's end"
    # --- an erasure ---
    SCRUB_BEGUN = "scrub-begun", "the rejects are marked as being searched", "the event"
    HELD_MARKED = "held-marked", "held rows that are to go are marked", "the event"
    SEALS_DESTROYED = "seals-destroyed", "the record's seals are overwritten", "a note of it"
    SCRUB_WRITTEN = "scrub-written", "a cleaned rejects file is synced aside", "its rename"
    SCRUBBED = "scrubbed", "all rejects are clean", "the end of the mark"
    SURFACES_REBUILT = "surfaces-rebuilt", "every surface is rebuilt", "the ledger's note of it"
    # --- any small file that is replaced as a whole ---
    FILE_WRITTEN = "file-written", "the new bytes are synced aside", "their rename"
    FILE_RENAMED = "file-renamed", "the new file is in its place", "the directory's sync"
    # --- the triple store ---
    VOCABULARY_LOADED = "vocabulary-loaded", "the vocabulary is in the store", "its digest"
    CHUNK_LOADED = "chunk-loaded", "new records are bulk-loaded", "the chunk's changes, position"
    GROUP_REPLACED = "group-replaced", "one transaction of a chunk is done", "the next ones"
    CHUNK_APPLIED = "chunk-applied", "a chunk and its position are done", "a generation of it"
    REDACTED = "redacted", "withdrawn records have left the writer", "a generation without them"
    GENERATION_COPIED = "generation-copied", "a generation is copied", "its announcement"
    GENERATION_NAMED = "generation-named", "readers are sent to it", "the end of the old ones"
    WRITER_ASIDE = "writer-aside", "the old store is set aside", "the rebuilt one in its place"
    WRITER_SWAPPED = "writer-swapped", "the rebuilt store is in place", "its generation"
    # --- the feed ---
    STAGE_SYNCED = "stage-synced", "all documents are staged and synced", "the mark of it"
    STAGE_MARKED = "stage-marked", "the stage is marked complete", "the first move"
    DOCUMENT_MOVED = "document-moved", "a document is moved", "the next one; the state is last"
    DOCUMENTS_SYNCED = "documents-synced", "all moves are synced", "the end of the mark"
    MARK_REMOVED = "mark-removed", "the mark is gone", "the end of the empty stage"
    TREE_LINKED = "tree-linked", "a link to the new tree stands aside", "its rename"
    TREE_SERVED = "tree-served", "readers are sent to the new tree", "the end of the old one"
    # --- the index ---
    INDEX_WRITTEN = "index-written", "rows and position are written", "their commit"
    INDEX_UNFORGOTTEN = "index-unforgotten", "what left has no row", "the end of the log"


# Failpoints that no code calls yet: credentials are not signed so far.
RESERVED: Final = frozenset({Failpoint.SIGNED})

FailpointHook = Callable[[Failpoint], None]


def no_failpoint(_: Failpoint) -> None:
    """Do nothing: the hook of every process that is not under a crash test."""


def table() -> str:
    """Return the table of docs/reliability.md in Markdown."""
    rows = ["| failpoint | done | not yet |", "|---|---|---|"]
    for point in Failpoint:
        name = f"`{point.value}`" + (" (reserved)" if point in RESERVED else "")
        rows.append(f"| {name} | {point.done} | {point.not_yet} |")
    return "\n".join(rows) + "\n"
