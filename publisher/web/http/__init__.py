"""HTTP apart from what is asked: replies, problems, bodies, ranges, caching, clients."""
