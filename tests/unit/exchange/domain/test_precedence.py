"""The order of the rules about older data, as a table."""

from __future__ import annotations

import pytest

from exchange.domain.precedence import Comparison, Precedence, judge

EQUAL = {"superseded": True}
CASES = [
    ({}, "review", None),
    # 1. the source's own time, before all
    ({"time": -1}, "review", ("outdated", "outdated-by-time", False)),
    ({"time": -1, "superseded": True}, "review", ("outdated", "outdated-by-time", False)),
    ({"time": -1}, "current", ("outdated", "outdated-by-time", False)),
    ({"time": 1, "bounded": True}, "review", None),
    # 2. delivered before in that very file
    ({**EQUAL, "repeated": True}, "review", ("outdated", "outdated-repeated", False)),
    ({**EQUAL, "repeated": True, "own": True}, "review", ("outdated", "outdated-repeated", False)),
    # 3. a table says what its database holds now
    ({**EQUAL, "repeated": True}, "current", None),
    ({"late": True, "bounded": True}, "current", None),
    # 4. equal to a superseded version, from another file
    (EQUAL, "review", ("outdated", "outdated-version", True)),
    ({**EQUAL, "time": 1}, "review", ("outdated", "outdated-version", True)),
    ({**EQUAL, "own": True}, "review", None),
    # What cannot be known is for a person.
    ({"late": True}, "review", ("outdated", "outdated-file", True)),
    ({"late": True, "time": 1}, "review", None),
    ({"late": True, "repeated": True, "time": 1}, "review", ("outdated", "outdated-file", True)),
    ({"bounded": True}, "review", ("held", "too-many-versions", True)),
]


@pytest.mark.parametrize(("found", "precedence", "verdict"), CASES)
def test_the_rules_stand_in_this_order(found, precedence, verdict):
    assert judge(Comparison(**found), Precedence(precedence)) == verdict


@pytest.mark.parametrize("found", [found for found, _, _ in CASES])
def test_a_person_may_apply_whatever_it_is(found):
    assert judge(Comparison(**found), Precedence.APPLY) is None
