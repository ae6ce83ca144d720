"""The exchanges, one package each: how each one speaks of a call, and how it is asked to dial."""
