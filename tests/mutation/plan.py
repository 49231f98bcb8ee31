"""Which modules are mutated, and which tests have to notice.

Each module carries a promise of the README: what leaves stays away, nothing is lost, nothing
private is shown. The tests are those that a developer would run first for it; all of them are
fast, and of them only those run that reach the mutated statement (`touching`).
"""

from __future__ import annotations

from typing import Final

WHOLE_FILE = "*"  # stands for every test of a file
ALWAYS = "tests/unit/test_dataclasses.py"  # of every class, so that no module reaches it

DOMAIN = "tests/unit/exchange/domain"
LEDGER = "tests/unit/exchange/ledger tests/contracts/test_ledger.py"
INTAKE = "tests/unit/exchange/intake"
MODEL = "tests/unit/exchange/model"
EXCHANGE = f"{DOMAIN} {MODEL} {INTAKE} {LEDGER} tests/unit/exchange/test_commands.py"
SURFACES = "tests/unit/publisher/surfaces tests/contracts/test_surface.py"
STORES = "tests/unit/publisher/stores"
WEB = "tests/unit/publisher/web"

PLAN: Final[dict[str, str]] = {
    "exchange/domain/access.py": EXCHANGE,
    "exchange/domain/body.py": EXCHANGE,
    "exchange/domain/clock_trust.py": EXCHANGE,
    "exchange/domain/id_numbers.py": EXCHANGE,
    "exchange/domain/identity.py": EXCHANGE,
    "exchange/domain/keys.py": EXCHANGE,
    "exchange/domain/lifecycle.py": EXCHANGE,
    "exchange/domain/near_keys.py": EXCHANGE,
    "exchange/domain/personal_data.py": EXCHANGE,
    "exchange/domain/precedence.py": EXCHANGE,
    "exchange/domain/recovery.py": EXCHANGE,
    "exchange/domain/resemblance.py": EXCHANGE,
    "exchange/intake/delivery.py": f"{INTAKE} tests/unit/exchange/test_commands.py",
    "exchange/intake/held.py": f"{INTAKE} tests/unit/exchange/test_commands.py",
    "exchange/intake/older_rows.py": f"{INTAKE} tests/unit/exchange/test_commands.py",
    "exchange/intake/ordering.py": f"{INTAKE} tests/unit/exchange/test_commands.py",
    "exchange/intake/pending_erasure.py": f"{INTAKE} tests/unit/exchange/test_commands.py",
    "exchange/intake/rejects.py": f"{INTAKE} tests/unit/exchange/test_commands.py",
    "exchange/intake/rescan.py": f"{INTAKE} tests/unit/exchange/test_commands.py",
    "exchange/intake/reviewing.py": f"{INTAKE} tests/unit/exchange/test_commands.py",
    "exchange/intake/scrubbing.py": f"{INTAKE} tests/unit/exchange/test_commands.py",
    "exchange/ledger/appending.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/batch.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/departures.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/erasing.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/heartbeat.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/journal.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/links.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/meeting.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/older.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/operations.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/recovering.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/removals.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/resemblance.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/reviewing.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/sealing.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/sequence.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/showing.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/versions.py": f"{LEDGER} {INTAKE}",
    "exchange/model/rows.py": f"{MODEL} {INTAKE}",
    "publisher/midnight.py": "tests/unit/publisher/test_midnight.py",
    "publisher/projector.py": "tests/unit/publisher/test_projector.py",
    "publisher/stores/generations.py": f"{STORES} {SURFACES}",
    "publisher/stores/guard.py": f"{STORES} {SURFACES}",
    "publisher/stores/lanes.py": f"{STORES} {SURFACES}",
    "publisher/stores/queueing.py": f"{STORES} {SURFACES}",
    "publisher/surfaces/checkpoints.py": SURFACES,
    "publisher/surfaces/dumps/writer.py": SURFACES,
    "publisher/surfaces/feed/writer.py": SURFACES,
    "publisher/surfaces/guarding.py": SURFACES,
    "publisher/surfaces/index/rows.py": SURFACES,
    "publisher/surfaces/recovery.py": SURFACES,
    "publisher/surfaces/runner.py": SURFACES,
    "publisher/surfaces/triples.py": SURFACES,
    "publisher/web/caching.py": WEB,
    "publisher/web/http.py": WEB,
    "publisher/web/problems.py": WEB,
}
