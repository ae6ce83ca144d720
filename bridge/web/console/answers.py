"""Answers of the console: templates filled in, and the headers that keep a browser safe."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bridge.web.http import Reply

HERE = Path(__file__).parent
STATIC = HERE / "static"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAFE = {
    "Content-Security-Policy": CSP,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
MEDIA = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FOR_EVER = "public, max-age=31536000, immutable"


@cache
def templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(template: str, facts: Mapping[str, Any], *, status: int, headers: Mapping[str, str]) -> Reply:
    """A template filled in; nobody keeps a copy of it."""
    text = templates().get_template(template).render(facts)
    return Reply(
        status=status,
        body=text.encode("utf-8", "replace"),
        media="text/html; charset=utf-8",
        headers={**SAFE, **headers},
    )


def goto(address: str, headers: Mapping[str, str]) -> Reply:
    """To another page, by GET."""
    return Reply(status=303, body=b"", headers={**SAFE, "Location": address, **headers})


@cache
def versions() -> dict[str, str]:
    """Static files by name, each with the beginning of its hash: a new one has a new address."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in STATIC.iterdir()
        if path.suffix in MEDIA
    }


def static(name: str, version: str) -> Reply | None:
    """A file that travels with the console; None when there is none of that name."""
    known = versions().get(name)
    if known is None:
        return None
    path = STATIC / name
    kept = FOR_EVER if version == known else "no-cache"
    headers = {"Cache-Control": kept, "Content-Security-Policy": "default-src 'none'"}
    return Reply(status=200, body=path.read_bytes(), media=MEDIA[path.suffix], headers=headers)
