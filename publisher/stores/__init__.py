"""Triple stores: the embedded engine in killable workers, and remote SPARQL servers."""
