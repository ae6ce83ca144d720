"""TLS of a peer: would it be trusted, for how long, and if not, why exactly."""

import ssl
import time
from collections.abc import Generator, Iterator

from bridge.doctor.codes import Code
from bridge.doctor.finding import Finding, bad, doubtful, good
from bridge.doctor.handshakes import (
    WRONG_NAME,
    certificate_of,
    handshake,
    known_to_the_system,
    named,
    trusting,
    unbelieved,
)
from bridge.doctor.reach import Peer, Reached
from bridge.doctor.texts import DAY_S, day

SOON_S = 21 * DAY_S
# X509_V_ERR_* of OpenSSL, include/openssl/x509_vfy.h
_EARLY, _EXPIRED, _SELF_SIGNED = 9, 10, 18
_UNKNOWN = (2, 19, 20, 21, 27)

# `reason` of an ssl.SSLError -> what it means; other reasons are told as they are
_TOO_OLD = (
    "UNSUPPORTED_PROTOCOL",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "NO_PROTOCOLS_AVAILABLE",
    "UNSUPPORTED_SSL",
)
_NOT_TLS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "RECORD_LAYER_FAILURE",
    "UNKNOWN_PROTOCOL",
    "PACKET_LENGTH",
)


def tls_findings(peer: Peer, reached: Reached) -> Generator[Finding, None, bool]:
    """Yields what there is to say; returns False when nobody would talk over this connection."""
    if not peer.secure:
        if not peer.here:
            yield _plain(peer)
        return True
    try:
        context = trusting(peer)
    except (OSError, ssl.SSLError):
        yield bad(
            peer.link,
            Code.TLS_CA_FILE,
            f"файл {peer.ca_file} не читается как сертификаты PEM",
            f"{peer.ca_setting}: нужен текстовый файл с «BEGIN CERTIFICATE»; из .cer и .der его делает "
            "openssl x509 -inform der -in файл.cer -out ca.pem",
        )
        return False
    try:
        with handshake(peer, reached, context) as talking:
            yield _valid(peer, talking)
            return True
    except ssl.SSLCertVerificationError as error:
        yield from _untrusted(peer, reached, error)
    except ssl.SSLError as error:
        yield _broken(peer, error.reason or "")
    except OSError as error:
        kind = "замолчал" if isinstance(error, TimeoutError) else "оборвал связь"
        said = f"{peer.host}:{peer.port}: сервер {kind} в начале TLS"
        yield bad(
            peer.link, Code.TLS_BROKEN, said, "проверьте, что на этом порту https, и что не мешает прокси"
        )
    return False


def _valid(peer: Peer, talking: ssl.SSLSocket) -> Finding:
    certificate = certificate_of(talking)
    left_s = certificate.not_after - time.time()
    said = f"сертификат действует до {day(certificate.not_after)}, выдан {certificate.issuer}"
    if left_s < SOON_S:
        said = f"сертификат кончится через {left_s / DAY_S:.0f} дн ({day(certificate.not_after)})"
        return doubtful(
            peer.link, Code.TLS_EXPIRES, said, "продлите его и проверьте, что продление само работает"
        )
    return good(peer.link, Code.TLS_GOOD, f"{said}, {talking.version()}")


def _untrusted(peer: Peer, reached: Reached, error: ssl.SSLCertVerificationError) -> Iterator[Finding]:
    """Every reason at once: mending one must not uncover the next."""
    certificate = unbelieved(peer, reached)
    code, now = error.verify_code, time.time()
    expired = certificate is not None and certificate.not_after < now
    early = certificate is not None and certificate.not_before > now
    if code == _SELF_SIGNED:
        said = "сертификат самоподписанный: его никто не заверил"
        yield bad(peer.link, Code.TLS_SELF_SIGNED, said, _other_authority(peer))
    elif code in _UNKNOWN:
        issuer = f" ({certificate.issuer})" if certificate else ""
        known = known_to_the_system(peer, reached)
        said = f"сертификат выдал неизвестный центр{issuer}, или сервер не отдаёт промежуточный сертификат"
        advice = _other_authority(peer)
        if known and peer.ca_setting:
            said = f"центр{issuer} известен Windows (системе), но не мосту"
            advice = f"выгрузите сертификат этого центра в PEM и укажите в {peer.ca_setting}"
        yield bad(peer.link, Code.TLS_UNKNOWN_CA, said, advice)
    if expired or code == _EXPIRED:
        since = f" {day(certificate.not_after)}" if certificate else ""
        advice = "продлите сертификат на сервере; если он свежий — проверьте часы этого компьютера"
        yield bad(peer.link, Code.TLS_EXPIRED, f"срок сертификата истёк{since}", advice)
    if early or code == _EARLY:
        since = f": только с {day(certificate.not_before)}" if certificate else ""
        advice = "проверьте часы этого компьютера и сервера"
        yield bad(peer.link, Code.TLS_EARLY, f"сертификат ещё не действует{since}", advice)
    if code in WRONG_NAME or (certificate and not named(peer, reached)):
        names = ", ".join(certificate.names[:6]) if certificate else ""
        said = f"сертификат не на имя {peer.host}; в нём: {names or 'имён нет'}"
        advice = f"укажите в {peer.setting} имя из сертификата или выпустите его на {peer.host}"
        yield bad(peer.link, Code.TLS_WRONG_NAME, said, advice)
    if code not in (_SELF_SIGNED, _EXPIRED, _EARLY, *_UNKNOWN, *WRONG_NAME):
        said = f"сертификату нельзя доверять ({error.verify_message})"
        yield bad(peer.link, Code.TLS_UNTRUSTED, said, _other_authority(peer))


def _other_authority(peer: Peer) -> str:
    if peer.called_by_1c:
        return (
            "поставьте сертификат известного центра (подойдёт Let's Encrypt) вместе с промежуточными: "
            "1С на платформе 8.3.24 и новее проверяет цепочку и отзыв строго"
        )
    if peer.ca_setting:
        return (
            f"поставьте серверу сертификат известного центра или укажите его центр (сам сертификат, "
            f"если он самоподписанный) файлом PEM в {peer.ca_setting}"
        )
    return "TLS на пути подменяет антивирус или прокси, или устарел набор центров: обновите пакет certifi"


def _plain(peer: Peer) -> Finding:
    if peer.called_by_1c:
        said = "адрес моста начинается с http: ключи и номера идут по сети открыто"
        return doubtful(peer.link, Code.OWN_PLAIN, said, "поставьте прокси с TLS: docs/install.md")
    said = f"{peer.host}: http без шифрования, пароль и номера идут по сети открыто"
    return doubtful(
        peer.link, Code.NET_PLAIN, said, f"включите https на веб-сервере и исправьте {peer.setting}"
    )


def _broken(peer: Peer, reason: str) -> Finding:
    where = f"{peer.host}:{peer.port}"
    if reason in _TOO_OLD:
        said = f"{where}: сервер знает только устаревшие TLS 1.0 и 1.1"
        return bad(peer.link, Code.TLS_OLD, said, "включите на нём TLS 1.2 (IIS Crypto, обновление Apache)")
    if reason in _NOT_TLS:
        advice = f"исправьте https на http (или порт) в {peer.setting}"
        return bad(peer.link, Code.TLS_NONE, f"{where}: на этом порту не https", advice)
    said = (
        f"{where}: сервер и мост не договорились о TLS ({reason.lower().replace('_', ' ') or 'без причины'})"
    )
    advice = "часто это сервер, где разрешён только ГОСТ или слабые ключи: включите обычные наборы TLS 1.2"
    return bad(peer.link, Code.TLS_BROKEN, said, advice)
