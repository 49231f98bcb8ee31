"""pySHACL over a file of N-Triples: prints how many results it reports."""

from __future__ import annotations

import sys

import pyshacl
import rdflib

rdflib.NORMALIZE_LITERALS = False
data = rdflib.Graph().parse(sys.argv[1], format="nt")
shapes = rdflib.Graph().parse(sys.argv[2], format="turtle")
conforms, report, _ = pyshacl.validate(data, shacl_graph=shapes)
print(conforms, len(report))
