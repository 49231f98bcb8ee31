"""The reader of LDES feeds: documents are fetched within bounds and read as a follower would.

The linter of feeds (`publisher.verify`) is made of it; so is whoever follows a peer.
"""
