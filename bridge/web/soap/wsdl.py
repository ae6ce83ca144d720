"""The published WSDL: a static file with only the address filled in, from the configured public URL."""

from xml.sax.saxutils import quoteattr

from bridge.resources import wsdl_text
from bridge.web.soap.vocabulary import Language

_PLACE = '<soapbind:address location="http://localhost:8080{path}"/>'


def published(language: Language, public_url: str) -> bytes:
    """The bytes served at `?wsdl`. The Host header has no say: it is the caller's."""
    place = _PLACE.format(path=language.path)
    text = wsdl_text(language.wsdl)
    if text.count(place) != 1:
        raise ValueError(f"{language.wsdl} has no address to fill in")
    address = quoteattr(public_url.rstrip("/") + language.path)
    return text.replace(place, f"<soapbind:address location={address}/>").encode()
