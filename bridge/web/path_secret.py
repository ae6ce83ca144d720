"""The secret in a path: `<prefix><exchange>/<secret>`, the only proof that a stock exchange can give."""

import hmac
from collections.abc import Mapping


def proved(path: str, prefix: str, secrets: Mapping[str, str]) -> str | None:
    """Whose path it is; None for a wrong secret and for an unknown name, which nobody can tell apart."""
    name, _, secret = path.removeprefix(prefix).partition("/")
    expected = secrets.get(name)
    same = hmac.compare_digest(secret.rstrip("/").encode(), (expected or "-").encode())
    return name if expected and same else None
