"""Handshakes with a peer, and what its certificate says of itself even when nobody believes it."""

import socket
import ssl
from dataclasses import dataclass

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from bridge.doctor.reach import Peer, Reached, connect

WRONG_NAME = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL
_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL 1.1 and later; `ssl` gives it no name


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What a certificate says of itself, believed or not. Times are unix time."""

    names: tuple[str, ...]
    issuer: str
    not_before: float
    not_after: float


def trusting(peer: Peer) -> ssl.SSLContext:
    """As `bridge.wire` trusts; our own entrance as 1C does, by the authorities of the system."""
    if peer.called_by_1c:
        return ssl.create_default_context()
    return ssl.create_default_context(cafile=peer.ca_file or DEFAULT_CA_BUNDLE_PATH)


def _careless() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def accepts_tls12(peer: Peer, reached: Reached) -> bool:
    """Would a client that knows nothing newer get in? Its opinion of the certificate is not asked."""
    context = _careless()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        handshake(peer, reached, context).close()
    except OSError:
        return False
    return True


def named(peer: Peer, reached: Reached) -> bool:
    """Is the certificate, believed or not, in the name of the peer? True when it cannot be told."""
    try:
        context = _trusting_only_itself(peer, reached)
        context.check_hostname = True
        handshake(peer, reached, context).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_code not in WRONG_NAME
    except (OSError, ValueError):
        return True
    return True


def known_to_the_system(peer: Peer, reached: Reached) -> bool:
    """Would a program that trusts the system's authorities (Windows, 1C, a browser) believe it?"""
    try:
        handshake(peer, reached, ssl.create_default_context()).close()
    except OSError:
        return False
    return True


def unbelieved(peer: Peer, reached: Reached) -> Certificate | None:
    """What an untrusted certificate says. `ssl` decodes only what it verified: it is made its own anchor."""
    try:
        with handshake(peer, reached, _trusting_only_itself(peer, reached)) as talking:
            return certificate_of(talking)
    except (OSError, ValueError):
        return None


def handshake(peer: Peer, reached: Reached, context: ssl.SSLContext) -> ssl.SSLSocket:
    """
    Raises:
        ssl.SSLError: TLS did not come about; `SSLCertVerificationError` says what is wrong with whom.
        OSError: the connection was lost or silent.
    """
    sock: socket.socket = connect(reached.family, reached.address, peer.connect_s)
    try:
        return context.wrap_socket(sock, server_hostname=peer.host)
    except BaseException:
        sock.close()
        raise


def _trusting_only_itself(peer: Peer, reached: Reached) -> ssl.SSLContext:
    with handshake(peer, reached, _careless()) as talking:
        shown = talking.getpeercert(binary_form=True) or b""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=shown)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    return context


def certificate_of(talking: ssl.SSLSocket) -> Certificate:
    shown = talking.getpeercert() or {}
    alternative = shown.get("subjectAltName", ())
    issuer = _words(shown.get("issuer", ()))
    return Certificate(
        names=tuple(str(pair[1]) for pair in alternative)
        or (_words(shown.get("subject", ()))["commonName"],),
        issuer=issuer["organizationName"] or issuer["commonName"] or "неизвестно кем",
        not_before=ssl.cert_time_to_seconds(str(shown["notBefore"])),
        not_after=ssl.cert_time_to_seconds(str(shown["notAfter"])),
    )


def _words(name: object) -> dict[str, str]:
    """The parts of a distinguished name."""
    found = {"organizationName": "", "commonName": ""}
    for group in name if isinstance(name, tuple) else ():
        found |= {str(pair[0]): str(pair[1]) for pair in group}
    return found
