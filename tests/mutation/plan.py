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
EXCHANGE = f"{DOMAIN} {MODEL} {INTAKE} {LEDGER} tests/unit/exchange/test_use_cases.py"
SURFACES = "tests/unit/publisher/surfaces tests/contracts/test_surface.py"
STORES = "tests/unit/publisher/stores"
WEB = "tests/unit/publisher/web"

PLAN: Final[dict[str, str]] = {
    "exchange/domain/disclosure_levels.py": EXCHANGE,
    "exchange/domain/record_body.py": EXCHANGE,
    "exchange/domain/clock_trust.py": EXCHANGE,
    "exchange/domain/id_numbers.py": EXCHANGE,
    "exchange/domain/identifiers.py": EXCHANGE,
    "exchange/domain/keys.py": EXCHANGE,
    "exchange/domain/lifecycle.py": EXCHANGE,
    "exchange/domain/key_suggestions.py": EXCHANGE,
    "exchange/domain/personal_data.py": EXCHANGE,
    "exchange/domain/precedence.py": EXCHANGE,
    "exchange/domain/restore_reconciliation.py": EXCHANGE,
    "exchange/domain/resemblance.py": EXCHANGE,
    "exchange/intake/delivery.py": f"{INTAKE} tests/unit/exchange/test_use_cases.py",
    "exchange/intake/held_store.py": f"{INTAKE} tests/unit/exchange/test_use_cases.py",
    "exchange/intake/outdated_rows.py": f"{INTAKE} tests/unit/exchange/test_use_cases.py",
    "exchange/intake/load_order.py": f"{INTAKE} tests/unit/exchange/test_use_cases.py",
    "exchange/intake/erasure_marker.py": f"{INTAKE} tests/unit/exchange/test_use_cases.py",
    "exchange/intake/rejects.py": f"{INTAKE} tests/unit/exchange/test_use_cases.py",
    "exchange/intake/public_rescan.py": f"{INTAKE} tests/unit/exchange/test_use_cases.py",
    "exchange/intake/review.py": f"{INTAKE} tests/unit/exchange/test_use_cases.py",
    "exchange/intake/erasure_scrubbing.py": f"{INTAKE} tests/unit/exchange/test_use_cases.py",
    "exchange/ledger/row_appender.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/transaction.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/cascade.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/erasure.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/clock_heartbeat.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/withdrawal_journal.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/record_links.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/key_resolution.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/key_index.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/outdated_rows.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/lifecycle_operations.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/restore_merge.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/removals.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/resemblance.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/resemblance_backfill.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/review_decisions.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/sealed_bodies.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/feed_pagination.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/visibility.py": f"{LEDGER} {INTAKE}",
    "exchange/ledger/received_versions.py": f"{LEDGER} {INTAKE}",
    "exchange/model/row_reader.py": f"{MODEL} {INTAKE}",
    "publisher/expiry.py": "tests/unit/publisher/test_expiry.py",
    "publisher/projector.py": "tests/unit/publisher/test_projector.py",
    "publisher/stores/generations.py": f"{STORES} {SURFACES}",
    "publisher/stores/query_guard.py": f"{STORES} {SURFACES}",
    "publisher/stores/query_lanes.py": f"{STORES} {SURFACES}",
    "publisher/stores/fair_queue.py": f"{STORES} {SURFACES}",
    "publisher/surfaces/runtime/checkpoints.py": SURFACES,
    "publisher/surfaces/dumps/writer.py": SURFACES,
    "publisher/surfaces/feed/writer.py": SURFACES,
    "publisher/surfaces/runtime/freshness_guard.py": SURFACES,
    "publisher/surfaces/index/row_statements.py": SURFACES,
    "publisher/surfaces/runtime/removal_recovery.py": SURFACES,
    "publisher/surfaces/runtime/runner.py": SURFACES,
    "publisher/surfaces/triples/surface.py": SURFACES,
    "publisher/web/http/cache_control.py": WEB,
    "publisher/web/http/replies.py": WEB,
    "publisher/web/http/problems.py": WEB,
}
