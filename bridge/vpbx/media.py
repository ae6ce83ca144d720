"""Kinds of recordings that a browser plays, by the name a server gives and by their first bytes."""

from collections.abc import Mapping

# what servers call them -> the registered name
BY_NAME: Mapping[str, str] = {
    "audio/mpeg": "audio/mpeg",
    "audio/mp3": "audio/mpeg",
    "audio/x-mpeg": "audio/mpeg",
    "audio/wav": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/ogg": "audio/ogg",
    "application/ogg": "audio/ogg",
    "audio/mp4": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
}
UNNAMED = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/force-download"})


def sniffed(first: bytes) -> str | None:
    """The kind of a recording by its beginning; None when it is none of ours.

    >>> sniffed(b"RIFF....WAVEfmt "), sniffed(b"ID3...."), sniffed(b"<html>")
    ('audio/wav', 'audio/mpeg', None)
    """
    if first[:4] == b"RIFF" and first[8:12] == b"WAVE":
        return "audio/wav"
    if first[:4] == b"OggS":
        return "audio/ogg"
    if first[4:8] == b"ftyp":
        return "audio/mp4"
    layer_known = len(first) > 1 and first[0] == 0xFF and first[1] & 0xE0 == 0xE0 and first[1] & 0x06 != 0
    return "audio/mpeg" if first[:3] == b"ID3" or layer_known else None


def looks_like_text(first: bytes | bytearray) -> bool:
    """JSON, XML or a page of HTML, whatever it is called.

    >>> looks_like_text(b"  <html>"), looks_like_text(b"ID3")
    (True, False)
    """
    return first.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[", b"<")
