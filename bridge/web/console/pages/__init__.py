"""Pages: each takes a visit and answers it."""
