"""The triples surface: what SPARQL and the RDF of a record are read from."""
