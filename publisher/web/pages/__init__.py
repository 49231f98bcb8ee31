"""What people read: one module a page, and what pages share."""
