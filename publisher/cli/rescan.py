"""`review --rescan`: what is public already, looked at again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exchange.intake import PersonalDataExposure
    from publisher.cli.context import CliContext
    from publisher.cli.shell_output import Console


def rescan_public(context: CliContext) -> int:
    """Name every record that says something of a private person; 1 where there is any."""
    console = context.console
    counts: Counter[str] = Counter(certain=0, likely=0, accepted=0)
    with context.open() as opened, console.progress() as move:
        label = console.text("rescanning")
        for exposure in opened.exchange().rescan(lambda done, total: move(label, done, total)):
            verdict = _verdict(exposure)
            counts[verdict] += 1
            _print_exposure(console, exposure, verdict)
    console.say("rescanned", **counts)
    if counts["certain"] or counts["likely"]:
        console.say("rescan-hint")
    console.result(dict(counts))
    return int(counts["certain"] + counts["likely"] > 0)


def _verdict(exposure: PersonalDataExposure) -> str:
    if exposure.accepted:
        return "accepted"
    certain = any(item.severity == "error" for item in exposure.problems)
    return "certain" if certain else "likely"


def _print_exposure(console: Console, exposure: PersonalDataExposure, verdict: str) -> None:
    if verdict != "accepted":
        console.line(exposure.iri)
        if not exposure.current:
            console.say("rescan-earlier")
        for item in exposure.problems:
            message = item.message.en if console.lang == "en" else item.message.zh
            console.line(f"  {item.field or ''}: {message}")
    console.note({"found": _document(exposure, verdict)})


def _document(exposure: PersonalDataExposure, verdict: str) -> dict[str, Any]:
    return {
        "id": exposure.iri,
        "kind": exposure.kind,
        "verdict": verdict,
        "current": exposure.current,
        "findings": [
            {
                "field": item.field,
                "rule": item.rule,
                "severity": item.severity,
                "message": {"zh": item.message.zh, "en": item.message.en},
            }
            for item in exposure.problems
        ],
    }
