"""The sample is loaded in the office of the intake's tests."""

from __future__ import annotations

from tests.unit.exchange.intake.conftest import model, office

__all__ = ["model", "office"]
