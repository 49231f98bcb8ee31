"""Writes an RML mapping of the penalty form for morph-kgc, made of the model's own columns.

RML cannot split several values of a cell, map labels to codes, turn 10,000 yuan into yuan or
check anything: the peer does less work than we do.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from exchange.model import load_model
from exchange.model.public_shape import public_shape

HEAD = """@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
<#Penalty> a rr:TriplesMap ;
  rml:logicalSource [ rml:source "{source}" ; rml:referenceFormulation ql:CSV ] ;
  rr:subjectMap [ rr:template "https://c.example/record/{{CF_WSH}}" ; rr:class <{class_iri}> ]
"""
PREDICATE = """  ; rr:predicateObjectMap [ rr:predicate <{iri}> ;
      rr:objectMap [ rml:reference "{column}" {more} ] ]
"""


def main() -> None:
    """Turn the CSV named first into one with code headers, and a mapping and a config for it."""
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    kind = load_model().kinds["penalty"]
    columns = [(field, field.columns["2018"]) for field in kind.fields if "2018" in field.columns]
    by_label = {column.label: column.code for _, column in columns}
    plain = folder / "penalty.csv"
    with (
        source.open(encoding="utf-8-sig", newline="") as read,
        plain.open("w", encoding="utf-8", newline="") as write,
    ):
        rows = csv.reader(read)
        writer = csv.writer(write)
        writer.writerow(by_label[label] for label in next(rows))
        writer.writerows(rows)
    mapping = HEAD.format(source=plain, class_iri=kind.class_iri)
    for field, column in columns:
        more = f"; rr:datatype <{field.datatype}>" if field.datatype else "; rr:termType rr:Literal"
        mapping += PREDICATE.format(iri=field.iri, column=column.code, more=more)
    (folder / "mapping.ttl").write_text(mapping + " .\n", encoding="utf-8")
    (folder / "shape.ttl").write_bytes(public_shape(kind))
    (folder / "morph.ini").write_text(
        "[CONFIGURATION]\n"
        f"output_file = {folder / 'morph.nt'}\n"
        "number_of_processes = 1\nlogging_level = WARNING\n"
        f"[Source]\nmappings = {folder / 'mapping.ttl'}\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
