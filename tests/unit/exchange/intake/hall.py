"""An office with the use cases over it: held rows wait there, and people decide on them."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import select

from exchange.domain.disclosure_levels import Tier
from exchange.intake import Reviewer
from exchange.ledger import schema
from exchange.ledger.sealed_bodies import unseal
from exchange.ledger.transaction import meta_of
from exchange.use_case_types import Workspace
from exchange.use_cases import Exchange

ANNA = Reviewer("安某", "文字中没有个人信息")


class Hall:
    """An office with the use cases over its ledger and folders."""

    def __init__(self, office, write, table):
        self.ledger = office.ledger
        self.office = office
        self._write = write
        self._table = table
        self._desk = Workspace(
            office.staging, office.rejects, office.held, lambda: 1_790_000_000_000
        )
        self.exchange = self.stopping_at(lambda _: None)

    def stopping_at(self, at):
        """Return an exchange whose hook at failpoints is `at`."""
        desk = replace(self._desk, failpoint=at)
        return Exchange(self.ledger, self.office.model, desk, lambda _: None)

    def file(self, *rows, name="penalty.csv"):
        return self._write(self._table(rows), name)

    def load(self, *rows, **more):
        return self.office.load(self.file(*rows), **more)

    def waiting(self):
        with self.exchange.reviews() as reviews:
            return list(reviews.waiting())

    def accept(self, item):
        with self.exchange.reviews() as reviews:
            return reviews.accept(item.id, ANNA)[1]

    def views(self):
        return "\n".join(view.decode() for _, _, view in self.ledger.live(Tier.PUBLIC))

    @contextmanager
    def ledger_stops(self, at):
        """Have the ledger call `at` at its own failpoints."""
        parts = self.ledger._context
        self.ledger._context = replace(parts, failpoint=at)
        try:
            yield
        finally:
            self.ledger._context = parts

    def bodies(self, name):
        """Return the bodies of the events of a name, opened."""
        parts, event = self.ledger._context, schema.event
        with parts.database.reading() as connection:
            statement = select(event).where(event.c.name == name).order_by(event.c.position)
            rows = connection.execute(statement).all()
        seals = parts.seals.get([row.seal for row in rows])
        return [json.loads(unseal(seals[row.seal], meta_of(row), row.body)) for row in rows]


class Killed(BaseException):
    """Stands for the end of the process."""


def nth(point, number):
    """Return a hook that ends the process when it passes a point for the nth time."""
    passed = []

    def stop(at):
        passed.append(at)
        if at is point and passed.count(point) == number:
            raise Killed

    return stop
