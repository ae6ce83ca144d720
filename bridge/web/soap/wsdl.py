"""The published WSDL: a static file with only the address filled in, from the configured public URL."""

from xml.sax.saxutils import quoteattr

from bridge.resources import wsdl_text
from bridge.web.soap.vocabulary import Language


def published(language: Language, public_url: str) -> bytes:
    """The bytes served at `?wsdl`. The Host header has no say: it is the caller's."""
    return addressed(language.wsdl, f"http://localhost:8080{language.path}", public_url, language.path)


def addressed(wsdl: str, place: str, public_url: str, path: str) -> bytes:
    """The file `wsdl` with our address wherever it has `place`, once for each version of SOAP."""
    text, place = wsdl_text(wsdl), f':address location="{place}"'
    if text.count(place) != text.count(":address ") or place not in text:
        raise ValueError(f"{wsdl} has no address to fill in")
    address = quoteattr(public_url.rstrip("/") + path)
    return text.replace(place, f":address location={address}").encode()
