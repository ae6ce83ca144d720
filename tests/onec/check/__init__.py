"""A closed-world checker of modules: every name must be known, by the platform, the dump or the module."""
