"""Where accepted events wait. One contract (`core.ports.Outbox`, `DialLog`), one suite for every store."""
