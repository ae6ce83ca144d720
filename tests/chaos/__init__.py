"""Faults on purpose: processes killed, disks that forget, clocks that jump; and the ledger that judges."""
