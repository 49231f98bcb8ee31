from __future__ import annotations

import hmac
from dataclasses import replace

import pytest

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import Gone, NotFound
from exchange.ledger.merkle import entry, leaf_hash, verify_consistency, verify_inclusion

PUBLIC, GOVERNMENT, ARCHIVE = Tier


def checks(receipt, view):
    """What somebody who has the view and the receipt computes."""
    held = list(receipt.commitments)
    held[receipt.tier.rank] = hmac.digest(receipt.salt, view, "sha256")
    leaf = leaf_hash(entry(*held))
    head = receipt.head
    return verify_inclusion(leaf, receipt.index, head.size, receipt.path, head.root)


def test_a_receipt_proves_a_view_and_only_that_view(desk, rows):
    iri = desk.one(rows.row())
    desk.load(*(rows.row(number=number) for number in range(2, 9)))
    position = desk.ledger.read(PUBLIC, iri).position
    for tier in Tier:
        view = desk.ledger.read(tier, iri).view
        receipt = desk.ledger.receipt(position, tier)
        assert checks(receipt, view)
        assert not checks(receipt, view + b" ")
        assert not checks(replace(receipt, salt=bytes(32)), view)


@pytest.mark.slow
def test_receipts_hold_across_kept_subtrees_of_a_large_log(desk, rows):
    desk.load(*(rows.row(number=number) for number in range(700)))
    desk.ledger.verify()
    head = desk.ledger.tree()
    for change in desk.ledger.changes(PUBLIC, 0, 700)[::97]:
        position = desk.ledger.read(PUBLIC, change.iri).position
        assert checks(desk.ledger.receipt(position, PUBLIC), change.view)
    sizes = [2, *range(3, head.size, 250), head.size]
    known = [size for size in sizes if _has(desk, size)]
    for old in known:
        path = desk.ledger.consistency(old, head.size)
        before = desk.ledger.tree(old)
        assert verify_consistency(old, head.size, path, before.root, head.root)


def _has(desk, size):
    try:
        desk.ledger.tree(size)
    except NotFound:
        return False
    return True


def test_a_tier_gets_no_receipt_of_what_it_may_not_see(desk, rows):
    iri = desk.one(rows.row(tier=GOVERNMENT))
    position = desk.ledger.read(GOVERNMENT, iri).position
    for asked, tier in ((position, PUBLIC), (1, GOVERNMENT), (999, ARCHIVE)):
        with pytest.raises(NotFound):
            desk.ledger.receipt(asked, tier)
    desk.ledger.erase(iri)
    with pytest.raises(Gone):
        desk.ledger.receipt(position, GOVERNMENT)
