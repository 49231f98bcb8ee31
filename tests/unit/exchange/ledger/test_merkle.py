from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.domain.errors import VerificationFailed
from exchange.ledger.merkle import (
    EMPTY,
    Frontier,
    consistency_proof,
    entry,
    inclusion_proof,
    leaf_hash,
    node_hash,
    nodes_of,
    root,
    verify_consistency,
    verify_inclusion,
)

MOST = 33
LEAVES = [leaf_hash(bytes([number])) for number in range(MOST)]
ROOTS = [root(LEAVES[:size]) for size in range(MOST + 1)]
NODE = nodes_of(LEAVES)


def by_definition(leaves):
    """RFC 6962 §2.1, word by word."""
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(by_definition(leaves[:split]), by_definition(leaves[split:]))


def test_known_roots_of_the_certificate_transparency_test_vectors():
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    inputs.append("606162636465666768696a6b6c6d6e6f")
    leaves = [leaf_hash(bytes.fromhex(text)) for text in inputs]
    expected = {
        0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    assert {size: root(leaves[:size]).hex() for size in expected} == expected


def test_the_frontier_gives_the_root_of_the_definition_at_every_size():
    for size in range(MOST + 1):
        assert ROOTS[size] == by_definition(LEAVES[:size])


def test_a_stored_frontier_goes_on_where_it_stopped():
    for size in range(MOST):
        edge = Frontier()
        for leaf in LEAVES[:size]:
            edge.append(leaf)
        again = Frontier.load(size, edge.packed())
        for leaf in LEAVES[size:]:
            again.append(leaf)
        assert again.root() == ROOTS[MOST]
    with pytest.raises(VerificationFailed):
        Frontier.load(3, b"\0" * 32)


def test_appending_returns_each_subtree_once_when_it_is_complete():
    edge = Frontier()
    told = [done for leaf in LEAVES for done in edge.append(leaf)]
    assert len(told) == sum(MOST >> level for level in range(1, 6))
    assert all(NODE(level, number) == value for level, number, value in told)


def test_every_leaf_is_proven_in_every_tree_and_nowhere_else():
    for size in range(1, MOST + 1):
        for index in range(size):
            path = inclusion_proof(NODE, index, size)
            assert verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])
            for wrong in {0, size - 1, index + 1} - {index}:
                assert not verify_inclusion(LEAVES[index], wrong, size, path, ROOTS[size])
            assert not verify_inclusion(LEAVES[index], index, size, path, EMPTY)
            assert not verify_inclusion(LEAVES[index], index, size, [*path, EMPTY], ROOTS[size])


def test_every_tree_extends_every_smaller_one_and_no_other():
    for size in range(1, MOST + 1):
        for old in range(1, size + 1):
            path = consistency_proof(NODE, old, size)
            assert verify_consistency(old, size, path, ROOTS[old], ROOTS[size])
            assert not verify_consistency(old, size, path, EMPTY, ROOTS[size])
            assert not verify_consistency(old, size, path, ROOTS[old], EMPTY)
            assert not verify_consistency(old, size, [*path, EMPTY], ROOTS[old], ROOTS[size])
            if path:
                assert not verify_consistency(old, size, path[:-1], ROOTS[old], ROOTS[size])


@given(st.data())
def test_a_flipped_bit_of_a_proof_is_noticed(data):
    size = data.draw(st.integers(2, MOST))
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(NODE, index, size)
    at = data.draw(st.integers(0, len(path) - 1))
    bit = data.draw(st.integers(0, 255))
    step = bytearray(path[at])
    step[bit // 8] ^= 1 << bit % 8
    path[at] = bytes(step)
    assert not verify_inclusion(LEAVES[index], index, size, path, ROOTS[size])


def test_proofs_outside_the_tree_are_refused():
    for ask in (
        lambda: inclusion_proof(NODE, 5, 5),
        lambda: consistency_proof(NODE, 0, 5),
        lambda: consistency_proof(NODE, 6, 5),
    ):
        with pytest.raises(VerificationFailed):
            ask()
    assert not verify_inclusion(LEAVES[0], 5, 5, [], ROOTS[5])
    assert not verify_consistency(6, 5, [], ROOTS[5], ROOTS[5])


def test_an_entry_is_33_bytes_for_every_event():
    assert len(entry(b"a" * 32, b"b" * 32, b"c" * 32)) == 33
    assert entry(b"a" * 32, b"b" * 32, b"c" * 32)[0] == 1
