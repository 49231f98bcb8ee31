"""Finds or creates the random local IRIs of natural persons, by the HMAC of the ID number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from exchange.domain import record_body
from exchange.domain.identifiers import new_id
from exchange.ledger import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exchange.domain.record import Submission
    from exchange.ledger.rows import RecordRow
    from exchange.ledger.transaction import Transaction


class NaturalPersons:
    """Replaces the placeholder in a row's body by the IRI of its person."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._secret = tx.context.secret
        self._known: dict[bytes, str] = {}

    def fetch(self, rows: Sequence[Submission]) -> None:
        """Read the persons of the rows in one query."""
        macs = sorted({self._secret.person(row.person) for row in rows if row.person})
        person = schema.person
        if macs:
            known = self._tx.connection.execute(select(person).where(person.c.mac.in_(macs)))
            self._known.update((row.mac, row.public_id) for row in known)

    def assign(self, row: Submission, record: RecordRow) -> str:
        """Return the row's body with its person's IRI; a new person gets a new IRI."""
        if row.person is None:
            record.person = None
            return row.body
        mac = self._secret.person(row.person)
        public_id = self._known.get(mac)
        if public_id is None:
            public_id = self._known[mac] = new_id()
            self._tx.pending_rows.persons.append({"mac": mac, "public_id": public_id})
        record.person = public_id
        return self._with_iri(row, public_id)

    def body(self, row: Submission) -> str:
        """Return the row's body with its person's IRI where the person is known."""
        known = self._known.get(self._secret.person(row.person)) if row.person else None
        return row.body if known is None else self._with_iri(row, known)

    def _with_iri(self, row: Submission, public_id: str) -> str:
        text = row.body.replace(record_body.PERSON, f"<{self._tx.context.person_iri(public_id)}>")
        return record_body.assemble_body([line for line in text.split("\n") if line])
