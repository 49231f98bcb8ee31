"""Every place where a record can be seen, and the runner that keeps them at the head."""
