"""HTTP: the query service, records, pages and probes, made of parts by `create_app`."""
