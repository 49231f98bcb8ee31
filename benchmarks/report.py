"""Writes docs/performance.md from the results kept under benchmarks/results/.

    python -m benchmarks.report

Every result gets a section, known or not; what a figure means stands in the benchmark's module,
why it is what it is in docs/decisions/. A test holds the document to the results.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.harness import RESULTS, ROOT
from benchmarks.machine_load import is_crowded

GOALS: Final = json.loads((ROOT / "benchmarks" / "goals.json").read_text(encoding="utf-8"))
DOCUMENT = ROOT / "docs" / "performance.md"
# Of results written before they named their command themselves, by how their names begin.
COMMANDS = {
    "dumps-publish": "python benchmarks/dumps/publish.py --records 20000 --rounds 3",
    "dumps-redact": "python benchmarks/dumps/redact.py --records 100000 --repairs 7",
    "surfaces-load-publish": (
        "python -m benchmarks.surfaces.load_publish --rows 100000 --rounds 1"
    ),
    "surfaces-takedown": "python -m benchmarks.surfaces.takedown --rows 20000 --repairs 5",
    "index-apply": "python benchmarks/index/apply.py",
    "index-pages": "python benchmarks/index/pages.py",
    "index-search": "python benchmarks/index/search.py",
    "intake-memory": "python benchmarks/intake/memory.py --rows 10000 100000",
    "intake-": "python benchmarks/peers/compare.py",
    "sparql-bombs": "python benchmarks/sparql/bombs.py",
    "sparql-fair": "python -m benchmarks.sparql.fair",
}
HEAD = """# Performance

Written by `python -m benchmarks.report` from `benchmarks/results/*.json` and
`benchmarks/goals.json`; do not edit. Each section names the command that measures it anew, and its
goals with whether they are met; `make bench` runs those that take minutes, `make bench-scale` the
one that takes hours.

Both sides of a comparison run by turns, ratios are taken within a round, and the median of the
rounds stands before the least and the greatest: `0.53 [0.48-0.55]`. While a benchmark runs it
measures how much of the machine others use, in all and in each round. Figures of an hour in which
that was more than a tenth, or in which it was not measured, are kept in the results and not quoted
here: a crowded hour favours whoever has more processes. Memory is PSS over all processes. What was
found and mended on the way stands in [decision 0011](decisions/0011-what-a-query-costs.md).
"""
NOT_QUOTED = {
    True: "Measured before the load of the machine was kept: to be measured again.",
    False: "Measured on a crowded machine: to be measured again.",
}
Figures = dict[str, Any]


def document(folder: Path = RESULTS) -> str:
    """Return the whole document."""
    results = [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))
    ]
    return "\n".join([HEAD, *map(section, results)])


def section(result: Figures) -> str:
    """Return what one result says: its command, its goals, its figures where they may be quoted."""
    name, figures = result["benchmark"], result["figures"]
    known = (line for begin, line in COMMANDS.items() if name.startswith(begin))
    command = result.get("command") or next(known, f"see benchmarks/, {name}")
    told = GOALS.get(name, {})
    body = list(goals(told.get("goals", []), figures if quotable(result) else None))
    body += [""] if body else []
    if "remark" in told:
        body += [told["remark"], ""]
    if quotable(result):
        body += {"sparql": sparql, "scale": scale}.get(name, plain)(figures)
    else:
        body.append(NOT_QUOTED[result.get("load") is None])
    return "\n".join([f"## {name}", "", f"`{command}`", "", *body, "", origin(result), ""])


def quotable(result: Figures) -> bool:
    """Return whether the machine was known to be quiet while the result was measured."""
    load = result.get("load")
    return load is not None and not is_crowded(load)


def goals(wanted: list[list[Any]], figures: Figures | None) -> Iterator[str]:
    """Yield a line for each goal: met, missed, or not known where figures may not be quoted."""
    measured = dict(flat(figures)) if figures is not None else {}
    for name, bound, limit in wanted:
        value = measured.get(name)
        value = value["median"] if isinstance(value, dict) else value
        if value is None:
            verdict = "not known"
        else:
            met = value >= limit if bound == "at least" else value <= limit
            verdict = f"{'met' if met else 'MISSED'} ({shown(value)})"
        yield f"- Goal: {name} {bound} {shown(limit)}: {verdict}."


def origin(result: Figures) -> str:
    """Return when, on what and with which versions."""
    machine = result["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    rounds = f"{len(result['rounds'])} rounds kept, " if result["rounds"] else ""
    where = f"{machine['cores']} cores, {machine['architecture']}"
    load = result.get("load")
    others = f", others used {100 * load['others']:.0f} % of it" if load else ""
    return f"{result['at'][:10]}, {rounds}{where}{others}; {versions}."


def plain(figures: Figures) -> Iterator[str]:
    """Yield a table with a line for each figure, whatever their shape."""
    yield from table("figure", "value")
    for name, value in flat(figures):
        yield f"| {name} | {shown(value)} |"


def flat(figures: Figures, before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every figure with its whole name; a spread is one figure."""
    for key, value in figures.items():
        name = f"{before}{key}".replace("_", " ")
        if isinstance(value, dict) and "median" not in value:
            yield from flat(value, f"{name}: ")
        elif isinstance(value, list):
            for number, each in enumerate(value, 1):
                yield from flat(
                    each if isinstance(each, dict) else {"": each}, f"{name} {number}: "
                )
        else:
            yield name, value


def shown(value: Any) -> str:
    """Return a figure as people read it: three digits that count, the spread behind."""
    if isinstance(value, dict):
        text = f"{shown(value['median'])} [{shown(value['min'])}-{shown(value['max'])}]"
        return text + (f", goal {shown(value['goal'])}" if "goal" in value else "")
    if isinstance(value, float) and not value.is_integer():
        digits = max(0, 2 - len(str(int(abs(value)))) + (1 if abs(value) >= 1 else 0))
        return f"{value:,.{digits}f}" if abs(value) >= 1 else f"{value:.2g}"
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def table(*heads: str) -> list[str]:
    """Return the first two lines of a table."""
    return [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]


def sparql(figures: Figures) -> Iterator[str]:
    """Yield a table a sort of question: servers, their figures, ours in proportion."""
    yield (
        f"{shown(figures['records'])} records, {figures['connections']} connections, slots of "
        f"{shown(figures['slot_seconds'])} s; all isolation on, no question asked twice. "
        f"{figures.get('note', '')} Against {figures['peers']}."
    )
    titles = {
        "construct": "CONSTRUCT of one record",
        "lookup": "By code, with all statements of all its records",
    }
    for sort, title in titles.items():
        if sort in figures:
            yield from ("", f"**{title}**", "")
            yield from table(
                "server", "answers a second", "p50 ms", "p99 ms", "processor us", "ours to it"
            )
            yield from servers(figures[sort])


def servers(found: Figures) -> Iterator[str]:
    """Yield the lines of one sort of question."""
    for name, value in found.items():
        if isinstance(value, dict) and "rps" in value:
            ratio = found.get(f"ours / {name}")
            cells = [shown(value[key]) for key in ("rps", "p50_ms", "p99_ms", "cpu_us")]
            yield f"| {name} | {' | '.join(cells)} | {shown(ratio) if ratio else '1'} |"
    yield ""
    for name, value in found.items():
        if name.startswith("cpu, "):
            yield f"- processor time an answer, {name[5:]}: {shown(value)}"
    for name, value in found.get("for information", {}).items():
        yield f"- {name}: {shown(value)}, the same few questions again and again"


def scale(figures: Figures) -> Iterator[str]:
    """Yield a table of every step at every size, and how each figure grows."""
    sizes = figures["sizes"]
    yield "Growth: slope of the logarithms; 1 is linear, 0 is flat. Seconds, MB."
    yield ""
    yield from table("figure", *(f"{shown(size['rows'])} rows" for size in sizes), "growth")
    by_size = [dict(flat(size)) for size in sizes]
    for name in dict.fromkeys(name for size in by_size for name in size):
        if name not in {"rows", "unfinished"}:
            cells = [shown(size.get(name, "")) for size in by_size]
            grown = figures["growth"].get(name.replace(": ", " "), "")
            yield f"| {name} | {' | '.join(cells)} | {shown_growth(grown)} |"
    for size in sizes:
        if "unfinished" in size:
            yield f"\n{shown(size['rows'])} rows ended in {size['unfinished']}."
    if "remark" in figures:
        yield f"\n{figures['remark']}"


def shown_growth(value: Any) -> str:
    """Return an exponent with its two decimals."""
    return f"{value:.2f}" if value != "" else ""


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
