"""What programs ask: SPARQL, feeds, downloads, catalogue, model files, metrics."""
