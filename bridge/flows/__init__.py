"""The roads of the bridge, one file each. They import the core only; the world comes as arguments."""
