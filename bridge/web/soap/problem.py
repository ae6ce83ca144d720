"""What is wrong with a SOAP request, and the Fault that says so in Russian.

SOAP 1.1 and 1.2 envelopes are written here by hand for whatever fails before Spyne or inside it:
the last answer must not depend on what has just failed. Shape: SOAP 1.1 §4.4 (faultcode a bare
QName, no empty faultactor: WS-I BP 1.1 R1031), SOAP 1.2 part 1 §5.4.
"""

import re
from enum import StrEnum
from xml.sax.saxutils import escape

# who asks below it, expects SOAP; a 1C that we stand in for may have had the name of its base before it
PATHS = re.compile(r"(?:/[^/\r\n]+)?/ws/")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Version(StrEnum):
    """SOAP by the namespace of its envelope."""

    V11 = "http://schemas.xmlsoap.org/soap/envelope/"
    V12 = "http://www.w3.org/2003/05/soap-envelope"

    @property
    def media(self) -> str:
        return "text/xml; charset=utf-8" if self is Version.V11 else "application/soap+xml; charset=utf-8"


class Blame(StrEnum):
    """Who must change something; the values are SOAP 1.1's fault codes."""

    CLIENT = "Client"
    SERVER = "Server"
    VERSION = "VersionMismatch"
    HEADER = "MustUnderstand"


_CODE_12 = {
    Blame.CLIENT: "Sender",
    Blame.SERVER: "Receiver",
    Blame.VERSION: "VersionMismatch",
    Blame.HEADER: "MustUnderstand",
}


class SoapError(Exception):
    """A request that gets a Fault. `status` None: the one that SOAP prescribes."""

    def __init__(
        self,
        text: str,
        *,
        blame: Blame = Blame.CLIENT,
        version: Version = Version.V11,
        status: int | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.blame = blame
        self.version = version
        self._status = status

    @property
    def status(self) -> int:
        """SOAP 1.1 over HTTP: always 500 (§6.2); SOAP 1.2: 400 when the sender is to blame."""
        if self._status:
            return self._status
        return 400 if self.version is Version.V12 and self.blame is Blame.CLIENT else 500


def clean(text: str) -> str:
    """Drop the characters that XML 1.0 cannot carry, so that an answer is never lost for one of them."""
    return _NOT_XML.sub("", text)


def fault(problem: SoapError) -> bytes:
    """The whole envelope of a Fault."""
    text = escape(clean(problem.text))
    if problem.version is Version.V11:
        body = (
            f"<soap:Fault><faultcode>soap:{problem.blame.value}</faultcode>"
            f"<faultstring>{text}</faultstring></soap:Fault>"
        )
    else:
        body = (
            f"<soap:Fault><soap:Code><soap:Value>soap:{_CODE_12[problem.blame]}</soap:Value></soap:Code>"
            f'<soap:Reason><soap:Text xml:lang="ru">{text}</soap:Text></soap:Reason></soap:Fault>'
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<soap:Envelope xmlns:soap="{problem.version.value}"><soap:Body>{body}</soap:Body></soap:Envelope>'
    ).encode()


def refusal(path: str, content_type: str, text: str, *, blame: Blame = Blame.CLIENT) -> tuple[str, bytes]:
    """Media type and body of an answer that is given beside SOAP: a Fault where SOAP was asked.

    Args:
        content_type: of the request; it alone tells the version before the envelope is read.
    """
    if not PATHS.match(path):
        return "text/plain; charset=utf-8", text.encode()
    version = Version.V12 if "application/soap+xml" in content_type.lower() else Version.V11
    return version.media, fault(SoapError(text, blame=blame, version=version))
