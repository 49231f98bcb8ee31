"""Shapes -> fields -> compiled row, record, body and check functions; and what is derived."""

from exchange.model.compile import CONTEXT, PERSON_IRI, Compiled, compile_kind
from exchange.model.kinds import (
    Column,
    Concept,
    Condition,
    Field,
    Kind,
    Label,
    Model,
    Scheme,
    Sort,
)
from exchange.model.load import load_model, read_model
from exchange.model.messages import Problem

__all__ = [
    "CONTEXT",
    "PERSON_IRI",
    "Column",
    "Compiled",
    "Concept",
    "Condition",
    "Field",
    "Kind",
    "Label",
    "Model",
    "Problem",
    "Scheme",
    "Sort",
    "compile_kind",
    "load_model",
    "read_model",
]
