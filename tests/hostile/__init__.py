"""Everything that strangers may throw at a running bridge, at every entrance, and what it costs.

python -m tests.hostile
"""
