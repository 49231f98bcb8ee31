"""The invented sample: files of every kind, deterministic, in national field codes."""

from exchange.sample.generator import generate

__all__ = ["generate"]
