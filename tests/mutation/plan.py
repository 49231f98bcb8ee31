"""Which modules are mutated, and which tests have to notice.

Each module carries a promise of the README: what leaves stays away, nothing is lost, nothing
private is shown. The tests are those that a developer would run first for it; all of them are fast.
"""

from __future__ import annotations

from typing import Final

LEDGER = "tests/unit/exchange/ledger tests/contracts/test_ledger.py"
INTAKE = "tests/unit/exchange/intake"
SURFACES = "tests/unit/publisher/surfaces"
WEB = "tests/unit/publisher/web"

PLAN: Final[dict[str, str]] = {
    "exchange/domain/access.py": f"tests/unit/exchange/domain {LEDGER}",
    "exchange/domain/body.py": f"tests/unit/exchange/domain {LEDGER}",
    "exchange/domain/clock_trust.py": "tests/unit/exchange/domain",
    "exchange/domain/identity.py": "tests/unit/exchange/domain tests/unit/exchange/model",
    "exchange/domain/keys.py": f"tests/unit/exchange/domain {LEDGER}",
    "exchange/domain/lifecycle.py": f"tests/unit/exchange/domain {LEDGER}",
    "exchange/domain/resemblance.py": f"tests/unit/exchange/domain {INTAKE}",
    "exchange/intake/delivery.py": INTAKE,
    "exchange/intake/rejects.py": INTAKE,
    "exchange/intake/scrubbing.py": f"{INTAKE} tests/unit/exchange/test_commands.py",
    "exchange/ledger/appending.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/batch.py": LEDGER,
    "exchange/ledger/departures.py": LEDGER,
    "exchange/ledger/erasing.py": LEDGER,
    "exchange/ledger/heartbeat.py": LEDGER,
    "exchange/ledger/journal.py": LEDGER,
    "exchange/ledger/meeting.py": LEDGER,
    "exchange/ledger/operations.py": LEDGER,
    "exchange/ledger/resemblance.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/sealing.py": LEDGER,
    "exchange/ledger/sequence.py": LEDGER,
    "exchange/ledger/showing.py": LEDGER,
    "exchange/model/rows.py": "tests/unit/exchange/model",
    "publisher/midnight.py": "tests/unit/publisher/test_midnight.py",
    "publisher/projector.py": "tests/unit/publisher/test_projector.py",
    "publisher/stores/generations.py": "tests/unit/publisher/stores/test_generations.py "
    f"{SURFACES}/test_triples.py",
    "publisher/stores/guard.py": "tests/unit/publisher/stores/test_guard.py",
    "publisher/surfaces/dumps/writer.py": f"{SURFACES}/dumps {SURFACES}/test_any_history.py",
    "publisher/surfaces/feed/writer.py": f"{SURFACES}/feed {SURFACES}/test_any_history.py",
    "publisher/surfaces/index/rows.py": f"{SURFACES}/index",
    "publisher/surfaces/runner.py": f"{SURFACES}/test_runner.py {SURFACES}/test_pace.py",
    "publisher/surfaces/triples.py": f"{SURFACES}/test_triples.py "
    f"{SURFACES}/test_damaged_store.py tests/contracts/test_surface.py",
    "publisher/web/caching.py": f"{WEB}/test_feed.py {WEB}/test_dump.py",
    "publisher/web/http.py": f"{WEB}/test_records.py {WEB}/test_dump.py {WEB}/test_feed.py",
    "publisher/web/problems.py": f"{WEB}/test_records.py {WEB}/test_problems.py "
    f"{WEB}/test_sparql.py",
}
