"""What can be said of a database without its library."""


def is_server(address: str) -> bool:
    """True for PostgreSQL, which several processes may open."""
    return address.startswith(("postgres://", "postgresql://"))


def said(error: BaseException) -> str:
    """What the server or the library said, on one line, bounded."""
    return " ".join(str(error).split())[:300]
