"""Generates the sample: invented files of every kind, in national field codes, deterministic."""

from exchange.sample.generator import generate

__all__ = ["generate"]
