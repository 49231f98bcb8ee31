"""Verbs that ask and change nothing: query, status, audit, ledger verify, config show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from exchange.domain.disclosure_levels import PUBLISHED_TIERS, Tier
from exchange.domain.errors import ClockDoubtful, VerificationFailed
from exchange.intake import HELD_KEY_PURPOSE, HeldRows
from publisher import settings
from publisher.cli.context import CliContext, common, pass_context
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
    from publisher.wiring import Deployment, OpenDeployment

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
@pass_context
def query(context: CliContext, *, sparql: str, tier: str) -> None:
    """用 SPARQL 查询。Ask a tier's triple store, under the same guard as strangers."""
    parsed = check(sparql)
    graph = parsed.form in {"CONSTRUCT", "DESCRIBE"}
    console = context.console
    _require_fit(context, Tier(tier))
    media = ("application/ld+json" if console.as_json else "text/turtle") if graph else _JSON
    with context.deployment.query_pool(Tier(tier)) as pool:
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


def _require_fit(context: CliContext, tier: Tier) -> None:
    """Return if the tier's triple store may be answered from, as the web would be.

    Raises EnvironmentFault while a restore is under way, StoreUnavailable for a store that shows
    another history or what had to leave.
    """
    context.deployment.ledger_opener().require_ledger()
    if context.deployment.has_ledger():
        with context.open_read_only() as opened:
            opened.guard(tier).require(TriplesReader.name)


def _show_rows(console: Console, found: dict[str, Any]) -> None:
    names = found["head"]["vars"]
    rows = found["results"]["bindings"]
    console.table(names, ([row.get(name, {}).get("value", "") for name in names] for row in rows))


@click.command("audit")
@click.argument("ref", metavar="[ID]", required=False)
@common
@pass_context
def audit_verb(context: CliContext, *, ref: str | None) -> int:
    """核对各公开位置与账本。Compare every surface with the ledger; 4 on any difference."""
    console = context.console
    with context.open_read_only() as opened, console.progress() as move:
        report = audit(opened.ledger, opened.readers(), ref, move)
        differing = opened.projector(lambda _: None).differences()
        removal = opened.ledger.removal(ref) if ref else None
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
    """Print a sentence about the record; if it is not visible, why not."""
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
@pass_context
def status(context: CliContext) -> None:
    """显示账本与公开位置的状态。Show what there is and what waits for somebody."""
    console = context.console
    with context.open_read_only() as opened:
        document = _status(context, opened)
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


def _status(context: CliContext, opened: OpenDeployment) -> dict[str, Any]:
    ledger, deployment = opened.ledger, context.deployment
    counts = ledger.counts()
    kinds: dict[str, dict[str, int]] = {}
    for (kind, state), number in counts.records.items():
        kinds.setdefault(kind, {})[state] = number
    alarms = {alarm.surface: alarm.message for alarm in standing_alarms(deployment.layout.surfaces)}
    projector = opened.projector(lambda _: None)
    positions, differences = projector.positions(), projector.differences()
    heads = {label(reader): ledger.head(reader.tier) for reader in opened.readers()}
    return {
        "ledger": {
            "base_url": ledger.genesis.base_url,
            "position": counts.position,
            "epoch": ledger.epoch(),
            "openDeliveries": counts.open_deliveries,
            "unfinishedErasures": counts.unfinished_erasures,
            "clockDoubt": deployment.clock_guard.doubt(),
        },
        "heldRows": _held_rows(deployment, ledger),
        "records": kinds,
        "surfaces": {
            name: {
                "position": max(position, 0),
                "behind": heads[name] - max(position, 0),
                "alarm": alarms.get(name)
                or (_reason(context, differences[name]) if name in differences else None),
            }
            for name, position in positions.items()
        },
        "pendingDecisions": [
            {"id": one.iri, "kind": one.kind, "relation": one.relation}
            for one in ledger.pending_decisions()
        ],
    }


def _held_rows(deployment: Deployment, ledger: Ledger) -> int:
    """Count what waits for review."""
    return HeldRows(
        deployment.layout.held, ledger.derived_key(HELD_KEY_PURPOSE), deployment.clock
    ).count()


def _reason(context: CliContext, reason: str) -> str:
    """Return why a surface is not of this ledger, for people."""
    return REASONS[reason][context.console.lang == "en"]


@click.group()
@common
def ledger() -> None:
    """账本。The ledger itself."""


@ledger.command("verify")
@common
@pass_context
def verify(context: CliContext) -> None:
    """校验树、密封、日志和摘要。Check tree, seals, journal and digests; 4 at the first fault."""
    with context.open_read_only() as opened:
        found = opened.ledger.verify()
    context.console.say("verified", events=found.events, records=found.records)
    context.console.result(
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
@pass_context
def show(context: CliContext) -> None:
    """列出每项设置的值和来源。Show each key, its value and where it came from."""
    console = context.console
    rows = _settings(context)
    console.table(
        console.text("config-columns").split("|"),
        [(row["key"], row["value"], row["origin"], row["help"]) for row in rows],
    )
    console.result(rows)


def _settings(context: CliContext) -> list[dict[str, Any]]:
    found, lang = context.deployment.settings, context.console.lang
    frozen: dict[str, str] = {}
    if context.deployment.has_ledger():
        with context.open_read_only() as opened:
            genesis = opened.ledger.genesis
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
