"""Words and decisions of the bridge. No I/O, no clock, no chance, no logging."""
