"""Verbs that ask and change nothing: query, status, audit, ledger verify, config show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from exchange.domain.disclosure import PUBLISHED_TIERS, Tier
from exchange.domain.errors import ClockDoubtful, VerificationFailed
from exchange.intake import PURPOSE, HeldRows
from publisher import settings
from publisher.cli.context import Choices, common, pass_choices
from publisher.cli.lifecycle import removal_document, removal_words
from publisher.stores.query_guard import check
from publisher.surfaces.audit.run import audit
from publisher.surfaces.port import label
from publisher.surfaces.runtime.alarms import standing_alarms
from publisher.surfaces.runtime.checkpoints import REASONS
from publisher.surfaces.triples.surface import TriplesReader

if TYPE_CHECKING:
    from exchange.ledger import Ledger
    from exchange.ledger.removals import Removal
    from publisher.cli.shell_output import Console
    from publisher.surfaces.audit.findings import AuditReport
    from publisher.wiring import Bench, Station

_JSON = "application/sparql-results+json"


@click.command()
@click.argument("sparql", metavar="SPARQL")
@click.option(
    "--tier",
    type=click.Choice([tier.value for tier in PUBLISHED_TIERS]),
    default=Tier.PUBLIC.value,
    show_default=True,
)
@common
@pass_choices
def query(choices: Choices, *, sparql: str, tier: str) -> None:
    """用 SPARQL 查询。Ask a tier's triple store, under the same guard as strangers."""
    parsed = check(sparql)
    graph = parsed.form in {"CONSTRUCT", "DESCRIBE"}
    console = choices.console
    _require_fit(choices, Tier(tier))
    media = ("application/ld+json" if console.as_json else "text/turtle") if graph else _JSON
    with choices.station.query_pool(Tier(tier)) as pool:
        body = pool.query(parsed, media).body
    if graph and not console.as_json:
        console.raw(body.decode("utf-8"))
        return
    found = json.loads(body)
    if console.as_json:
        console.result(found)
    elif "boolean" in found:
        console.raw(str(found["boolean"]).lower())
    else:
        _show_rows(console, found)


def _require_fit(choices: Choices, tier: Tier) -> None:
    """Return if the tier's triple store may be answered from, as the web would be.

    Raises EnvironmentFault while a restore is under way, StoreUnavailable for a store that shows
    another history or what had to leave.
    """
    choices.station.access().require_ledger()
    if choices.station.has_ledger():
        with choices.opened_to_read() as bench:
            bench.guard(tier).require(TriplesReader.name)


def _show_rows(console: Console, found: dict[str, Any]) -> None:
    names = found["head"]["vars"]
    rows = found["results"]["bindings"]
    console.table(names, ([row.get(name, {}).get("value", "") for name in names] for row in rows))


@click.command("audit")
@click.argument("ref", metavar="[ID]", required=False)
@common
@pass_choices
def audit_verb(choices: Choices, *, ref: str | None) -> int:
    """核对各公开位置与账本。Compare every surface with the ledger; 4 on any difference."""
    console = choices.console
    with choices.opened_to_read() as bench, console.progress() as move:
        report = audit(bench.ledger, bench.readers(), ref, move)
        differing = bench.projector(lambda _: None).differences()
        removal = bench.ledger.removal(ref) if ref else None
    report = report.with_problems({at: REASONS[why] for at, why in differing.items()})
    _show_findings(console, report)
    document = report.to_json()
    if removal is not None:
        document["removed"] = removal_document(removal)
    _tell_audit(console, report, removal, about_one=ref is not None)
    console.result(document)
    return 0 if report.ok else VerificationFailed.exit_code


def _show_findings(console: Console, report: AuditReport) -> None:
    """Print a line for each surface, and every fault of its files that the line has no room for."""
    rows = [
        (
            name,
            one.position,
            one.missing.count,
            one.leftover.count,
            one.behind,
            one.note(console.lang),
        )
        for name, one in report.surfaces.items()
    ]
    console.table(console.text("audit-columns").split("|"), rows)
    for one in report.surfaces.values():
        for fault in one.faults.first[1:] if one.faults else ():
            console.line(f"  {fault.text(console.lang)}")


def _tell_audit(
    console: Console, report: AuditReport, removal: Removal | None, *, about_one: bool
) -> None:
    """Say in a sentence what was found; of a record that is not shown, why it is not."""
    if report.ok and removal is not None:
        words = removal_words(console, removal)
        console.say("audit-gone", places=len(report.surfaces), **words)
    elif report.ok and about_one and not report.records:
        console.say("audit-unknown", places=len(report.surfaces))
    else:
        console.say("audit-ok" if report.ok else "audit-bad", records=report.records)
    if report.to_rebuild:
        console.say("audit-mend", names=" ".join(report.to_rebuild))
    elif not report.ok:
        console.say("audit-behind")


@click.command()
@common
@pass_choices
def status(choices: Choices) -> None:
    """显示账本与公开位置的状态。Show what there is and what waits for somebody."""
    console = choices.console
    with choices.opened_to_read() as bench:
        document = _status(choices, bench)
    ledger = document["ledger"]
    console.say(
        "status-ledger",
        base_url=ledger["base_url"],
        position=ledger["position"],
        open=ledger["openDeliveries"],
        erasures=ledger["unfinishedErasures"],
    )
    if ledger["clockDoubt"]:
        console.error(ClockDoubtful(ledger["clockDoubt"]))
    kinds = document["records"]
    console.table(
        console.text("status-kinds").split("|"),
        [(kind, state, n) for kind, states in kinds.items() for state, n in states.items()],
    )
    console.table(
        console.text("status-surfaces").split("|"),
        [
            (name, found["position"], found["behind"], found["alarm"] or "")
            for name, found in document["surfaces"].items()
        ],
    )
    if document["heldRows"]:
        console.say("for-review", count=document["heldRows"])
    if document["pendingDecisions"]:
        console.say("status-pending", count=len(document["pendingDecisions"]))
    console.result(document)


def _status(choices: Choices, bench: Bench) -> dict[str, Any]:
    ledger, station = bench.ledger, choices.station
    counts = ledger.counts()
    kinds: dict[str, dict[str, int]] = {}
    for (kind, state), number in counts.records.items():
        kinds.setdefault(kind, {})[state] = number
    alarms = {alarm.surface: alarm.message for alarm in standing_alarms(station.layout.surfaces)}
    projector = bench.projector(lambda _: None)
    positions, differences = projector.positions(), projector.differences()
    heads = {label(reader): ledger.head(reader.tier) for reader in bench.readers()}
    return {
        "ledger": {
            "base_url": ledger.genesis.base_url,
            "position": counts.position,
            "epoch": ledger.epoch(),
            "openDeliveries": counts.open_deliveries,
            "unfinishedErasures": counts.unfinished_erasures,
            "clockDoubt": station.clock_guard.doubt(),
        },
        "heldRows": _held_rows(station, ledger),
        "records": kinds,
        "surfaces": {
            name: {
                "position": max(position, 0),
                "behind": heads[name] - max(position, 0),
                "alarm": alarms.get(name)
                or (_reason(choices, differences[name]) if name in differences else None),
            }
            for name, position in positions.items()
        },
        "pendingDecisions": [
            {"id": one.iri, "kind": one.kind, "relation": one.relation}
            for one in ledger.pending_decisions()
        ],
    }


def _held_rows(station: Station, ledger: Ledger) -> int:
    """Count what waits for review."""
    return HeldRows(station.layout.held, ledger.derived_key(PURPOSE), station.clock).count()


def _reason(choices: Choices, reason: str) -> str:
    """Return why a surface is not of this ledger, for people."""
    return REASONS[reason][choices.console.lang == "en"]


@click.group()
@common
def ledger() -> None:
    """账本。The ledger itself."""


@ledger.command("verify")
@common
@pass_choices
def verify(choices: Choices) -> None:
    """校验树、密封、日志和摘要。Check tree, seals, journal and digests; 4 at the first fault."""
    with choices.opened_to_read() as bench:
        found = bench.ledger.verify()
    choices.console.say("verified", events=found.events, records=found.records)
    choices.console.result(
        {
            "events": found.events,
            "records": found.records,
            "members": dict(found.members),
            "root": found.root.hex(),
            "erased": found.erased,
        }
    )


@click.group()
@common
def config() -> None:
    """设置。The settings."""


@config.command("show")
@common
@pass_choices
def show(choices: Choices) -> None:
    """列出每项设置的值和来源。Show each key, its value and where it came from."""
    console = choices.console
    rows = _settings(choices)
    console.table(
        console.text("config-columns").split("|"),
        [(row["key"], row["value"], row["origin"], row["help"]) for row in rows],
    )
    console.result(rows)


def _settings(choices: Choices) -> list[dict[str, Any]]:
    found, lang = choices.station.settings, choices.console.lang
    frozen: dict[str, str] = {}
    if choices.station.has_ledger():
        with choices.opened_to_read() as bench:
            genesis = bench.ledger.genesis
        frozen = {name: getattr(genesis, name) for name in settings.FROZEN}
    return [
        {
            "key": key.name,
            "value": frozen.get(key.name, getattr(found, key.name)),
            "origin": "genesis" if key.name in frozen else found.origin[key.name],
            "help": key.zh if lang == "zh" else key.en,
        }
        for key in settings.KEYS
    ]


VERBS = (query, audit_verb, status, ledger, config)
