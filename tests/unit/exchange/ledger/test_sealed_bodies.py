from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain import record_body
from exchange.domain.disclosure_levels import DisclosureLevel, Tier
from exchange.domain.errors import VerificationFailed
from exchange.domain.events import EventType
from exchange.ledger.sealed_bodies import (
    EventMeta,
    canonical_json,
    commit,
    commitments,
    new_seals,
    seal_body,
    unseal,
    views,
)

META = EventMeta(7, "publish", 1_795_406_400_000, 1, 3, "public")
IRI = "https://credit.example/record/aaaaaaaaaaaaaaaaaaaaaaaaaa"
LINES = st.lists(
    st.tuples(
        st.sampled_from(list(DisclosureLevel)),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9),
        st.none() | st.integers(0, 12),
    ),
    max_size=8,
)


def test_frozen_metadata_bytes():
    assert META.aad() == (
        b'{"at":1795406400000,"delivery":1,"format":1,"name":"publish",'
        b'"position":7,"record":3,"tier":"public"}'
    )


def test_frozen_key_salts_and_commitments():
    seal = bytes(range(32))
    assert unseal(seal, META, seal_body(seal, META, b"text")) == b"text"
    assert commit(seal, Tier.PUBLIC, b"view").hex() == (
        "2bf8ec2f26fd23b41a12e39518ca7ce5598bcdeb253a8796814de57339951e5d"
    )
    assert seal_body(seal, META, b"").hex() == "4d5014375e8ef205d67b29f51130014d1d10bed0dab3250f"


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_with_its_seal(text):
    (seal,) = new_seals(1)
    assert unseal(seal, META, seal_body(seal, META, text)) == text


@pytest.mark.parametrize(
    "change",
    [
        {"position": 8},
        {"name": "revise"},
        {"at": 0},
        {"delivery": None},
        {"record": 4},
        {"tier": "government"},
        {"format": 2},
    ],
)
def test_a_flipped_column_is_found(change):
    (seal,) = new_seals(1)
    sealed = seal_body(seal, META, b"text")
    with pytest.raises(VerificationFailed, match="does not open"):
        unseal(seal, META._replace(**change), sealed)


@given(st.integers(0, 7), st.data())
def test_a_flipped_bit_is_found(bit, data):
    (seal,) = new_seals(1)
    sealed = bytearray(seal_body(seal, META, b"some text"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << bit
    with pytest.raises(VerificationFailed):
        unseal(seal, META, bytes(sealed))


@given(LINES)
def test_views_are_the_bytes_of_the_body_module(parts):
    text = record_body.assemble_body(
        [
            record_body.statement_line(leaf, f'<urn:p> "{said}"', number)
            for leaf, said, number in parts
        ]
    )
    for widest in Tier:
        held = views(text.encode(), IRI, widest)
        for tier, view in zip(Tier, held, strict=True):
            narrower = tier.rank >= widest.rank
            assert view == (record_body.view(text, IRI, tier) if narrower else None)
        for narrowest in Tier:
            shown = views(text.encode(), IRI, widest, narrowest)
            assert shown == held[: max(narrowest.rank + 1, widest.rank)]


@given(LINES)
def test_what_only_the_page_shows_is_what_its_disclosure_level_says(parts):
    line = '<urn:p> "{}"'
    text = record_body.assemble_body(
        [
            record_body.statement_line(leaf, line.format(said), number)
            for leaf, said, number in parts
        ]
    )
    own = sorted(
        line.format(said) for leaf, said, _ in parts if leaf is DisclosureLevel.PUBLIC_PAGE
    )
    wanted = "".join(f"<{IRI}> {statement} .\n" for statement in own)
    assert record_body.page_only_view(text, IRI).decode() == wanted


def test_commitments_of_absent_views_are_random():
    (seal,) = new_seals(1)
    first, second = (commitments(seal, (None, None, b"body")) for _ in range(2))
    assert first[2] == second[2]
    assert {len(item) for item in first} == {32}
    assert not set(first[:2]) & set(second[:2])


@given(
    numbers=st.tuples(*[st.integers(0, 2**53)] * 2),
    delivery=st.none() | st.integers(0, 2**53),
    record=st.none() | st.integers(0, 2**53),
    tier=st.none() | st.sampled_from([tier.value for tier in Tier]),
    name=st.sampled_from([name.value for name in EventType]),
)
def test_what_is_authenticated_beside_a_body_is_canonical_json(
    numbers, delivery, record, tier, name
):
    meta = EventMeta(numbers[0], name, numbers[1], delivery, record, tier)
    assert meta.aad() == canonical_json(meta._asdict())
