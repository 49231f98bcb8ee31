"""Reads the SHACL shapes of shapes/ and compiles each kind: rows, records, checks, bodies."""

from exchange.model.compiled_kind import CONTEXT, CompiledKind, compile_kind
from exchange.model.kinds import Column, Concept, Field, FieldType, Kind, Label, Model
from exchange.model.model_loader import load_model, read_model
from exchange.model.rule_messages import HIDDEN_VALUE, Problem

__all__ = [
    "CONTEXT",
    "HIDDEN_VALUE",
    "Column",
    "CompiledKind",
    "Concept",
    "Field",
    "FieldType",
    "Kind",
    "Label",
    "Model",
    "Problem",
    "compile_kind",
    "load_model",
    "read_model",
]
