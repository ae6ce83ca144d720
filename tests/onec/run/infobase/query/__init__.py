"""A small strict engine for the query language: what it does not know, it refuses."""
