"""Shapes -> fields -> compiled row, record, body and check functions; and what is derived."""

from exchange.model.compiled_kind import CONTEXT, Compiled, compile_kind
from exchange.model.kinds import Column, Concept, Field, Kind, Label, Model, Sort
from exchange.model.model_loader import load_model, read_model
from exchange.model.rule_messages import HIDDEN, Problem

__all__ = [
    "CONTEXT",
    "HIDDEN",
    "Column",
    "Compiled",
    "Concept",
    "Field",
    "Kind",
    "Label",
    "Model",
    "Problem",
    "Sort",
    "compile_kind",
    "load_model",
    "read_model",
]
