"""Whatever happens to the records, in whatever order, readers end with what the ledger says."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.domain.disclosure_levels import Tier
from exchange.domain.errors import Conflict
from publisher.surfaces.audit.run import audit
from publisher.surfaces.dumps.addresses import FORMS

if TYPE_CHECKING:
    from collections.abc import Callable

MOVES: dict[str, Callable[[Any, str], object]] = {
    "withdraw": lambda city, iri: city.ledger.withdraw(iri, "repair"),
    "suspend": lambda city, iri: city.ledger.suspend(iri),
    "resume": lambda city, iri: city.ledger.resume(iri),
    "object": lambda city, iri: city.ledger.set_objection(iri, True),
    "close": lambda city, iri: city.ledger.set_objection(iri, False),
    "expire": lambda city, iri: city.ledger.expire(iri),
    "erase": lambda city, iri: city.ledger.erase(iri),
    "reinstate": lambda city, iri: city.ledger.reinstate(iri, "d"),
}
PROJECTOR = ("publish", "step", "restart", "rebuild", "redact", "erasures")
STEPS = st.tuples(st.sampled_from([*MOVES, *PROJECTOR, *PROJECTOR]), st.integers(0, 50))


def take(city: Any, runner: Any, iris: list[str], step: tuple[str, int]) -> Any:
    name, number = step
    if name in MOVES:
        with suppress(Conflict):
            made = MOVES[name](city, iris[number % len(iris)])
            iris += [made] if isinstance(made, str) else []
    elif name == "publish":
        iris += (
            city.publish(number, tier=(Tier.PUBLIC, Tier.GOVERNMENT)[number % 2]) if number else []
        )
    elif name == "step":
        runner.step()
    elif name == "rebuild":
        assert runner.rebuild()
    elif name == "erasures":
        assert runner.finish_erasures()
    elif name == "redact":
        for surface in city.surfaces:
            gone = city.ledger.removals(surface.tier, surface.position(), 1_000)
            surface.redact([iri for _, iri in gone])
            surface.publish(at_head=False)
    else:
        city.close_surfaces()
        return city.runner(chunk=100)
    return runner


def settle(runner: Any) -> None:
    """Let digests of dumps follow what took text away, a file a step."""
    for _ in range(len(FORMS) * 2):
        runner.step()


def documents(city: Any) -> dict[str, bytes]:
    """Return every file of the feeds and newest dumps that readers have, by its path."""
    found = {}
    for tier in Tier:
        current = city.root / tier / "feed" / "current"
        files = [path for path in current.rglob("*") if path.is_file()]
        found |= {f"{tier}/{path.relative_to(current)}": path.read_bytes() for path in files}
        found |= {f"{tier}/{name}": content for name, content in dumps(city, tier).items()}
    return found


def dumps(city: Any, tier: Tier) -> dict[str, bytes]:
    """Return indexes and parts of the newest versions; older ones are gone after a rebuild."""
    folder = city.root / tier / "dumps" / "current"
    if not folder.exists():
        return {}
    newest = {
        k: names[0]
        for k, names in json.loads((folder / "state.json").read_bytes())["kinds"].items()
    }
    found = {}
    for kind, version in newest.items():
        name = f"{kind}/{version}.json"
        found[name] = (folder / name).read_bytes()
        for part in json.loads(found[name])["parts"]:
            for file, *_ in part["forms"].values():
                found[file] = (folder / file).read_bytes()
    return found


@settings(max_examples=3)
@given(steps=st.lists(STEPS, min_size=4, max_size=14))
def test_after_any_history_every_surface_equals_the_ledger(
    new_city: Any, steps: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        city = new_city(Path(folder), feeds=True)
        iris = city.publish(5)
        runner = city.runner(chunk=100)
        for step in steps:
            runner = take(city, runner, iris, step)
        assert runner.finish_erasures()
        assert runner.catch_up()
        settle(runner)
        report = audit(city.ledger, city.readers())
        assert report.ok, report.to_json()
        followed = documents(city)
        assert "public/feed/all.trig.gz" in followed
        assert any(name.endswith(".csv.gz") for name in followed)
        assert runner.rebuild()
        settle(runner)
        assert documents(city) == followed, "a rebuilt feed has the same bytes"
        assert city.alarms == []
        city.close()
