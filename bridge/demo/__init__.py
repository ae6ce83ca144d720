"""The whole road on one computer: a fake exchange, a fake 1C and a real bridge, on loopback only."""
