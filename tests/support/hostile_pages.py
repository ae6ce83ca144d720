"""Requests to the entrances that are not SOAP, and bytes that are not HTTP, each with what it must get."""

from collections.abc import Iterator
from urllib.parse import quote

from support.hostile import GOOD, call, envelope
from support.world import ANNA, HOOK_SECRET

FORM = "application/x-www-form-urlencoded"
PLAIN, JSON, XML, FIGURES = "text/plain", "application/json", "text/xml", "text/plain"
CALLER = f"/caller/main/{HOOK_SECRET}"
API = "/api/call/CallToSubscriber"
KEY = f"key={ANNA.key}"

Row = tuple[str, bytes, int, str]  # name, request, status, media type of the answer


def http(target: str, *headers: str, method: str = "GET", body: bytes = b"", host: str = "x") -> bytes:
    length = [f"Content-Length: {len(body)}"] if body or method == "POST" else []
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *length, *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


AS_BUH = f"Authorization: {GOOD['Authorization']}"
AS_FORM = f"Content-Type: {FORM}"

# a query -> whether it holds each parameter once; `{}` is the parameter's name
ODD_QUERIES = {
    "none": "",
    "other": "x=1",
    "repeated": "{0}=1&{0}=2",
    "repeated-same": "{0}=1&{0}=1",
    "repeated-escaped": "{0}=1&%{1:x}{2}=2",
    "repeated-far": "{0}=1&a=1&b=2&c=3&{0}=2",
    "semicolon": "x=1;{0}=1",
    "case": "{3}=1",
    "array": "{0}[]=1",
    "not-utf-8": "{0}=%ff%fe",
    "overlong-utf-8": "{0}=%c0%ae",
    "surrogate": "{0}=%ed%a0%80",
    "fields-17": "{0}=1&" + "&".join(f"a{n}=1" for n in range(16)),
    "fields-700": "{0}=1&" + "&".join(f"a{n}" for n in range(700)),
}
# values that a question may hold; an answer must hold none of their controls
ODD_NUMBERS = {
    "hidden": "",
    "crlf": "8916%0d%0aX-Evil:%201",
    "nul": "8916%00",
    "escape": "%1b[2J%1b]0;x%07",
    "bidi": "%e2%80%ae8916",
    "sql": "' OR 1=1 --",
    "script": "<script>alert(1)</script>",
    "template": "${jndi:ldap://127.0.0.1/a}",
    "path": "../../etc/passwd",
    "letters": "FLOWERS",
    "digits-4000": "9" * 4_000,
    "emoji": "%f0%9f%98%80",
    "noncharacter": "%ef%bf%bf",
    "percent": "%25s%25n",
}


def _query(pattern: str, name: str) -> str:
    return pattern.format(name, ord(name[0]), name[1:], name.upper())


def caller() -> Iterator[Row]:
    """Who is calling?"""
    for name, pattern in ODD_QUERIES.items():
        yield name, http(f"{CALLER}?{_query(pattern, 'number')}"), 400, PLAIN
    for name, value in ODD_NUMBERS.items():
        spelled = quote(value, safe="%")
        yield f"number-{name}", http(f"{CALLER}?number={spelled}"), 200, XML
        yield f"json-{name}", http(f"{CALLER}?number={spelled}", "Accept: application/json"), 200, JSON
    both = http(f"{CALLER}?number=1", AS_FORM, method="POST", body=b"number=2")
    yield "query-and-form", both, 400, PLAIN
    yield "form-repeated", http(CALLER, AS_FORM, method="POST", body=b"number=1&number=2"), 400, PLAIN
    yield "form-4097", http(CALLER, AS_FORM, method="POST", body=b"number=" + b"9" * 4_090), 400, PLAIN
    yield "form-bytes", http(CALLER, AS_FORM, method="POST", body=b"number=\xff"), 400, PLAIN
    yield "form-1-mb", http(CALLER, AS_FORM, method="POST", body=b"number=" + b"9" * 900_000), 400, PLAIN
    gzipped = http(CALLER, AS_FORM, "Content-Encoding: gzip", method="POST", body=b"\x1f\x8b\x08number=1")
    yield "form-gzip", gzipped, 400, PLAIN
    json = http(CALLER, f"Content-Type: {JSON}", method="POST", body=b'{"number": "1"}')
    yield "json-body", json, 400, PLAIN
    accepts = {
        "endless": "a/b," * 2_000,
        "weights": "application/json;q=1e999999",
        "bytes": "\xff\xfe;q=\xb2",
    }
    for name, accept in accepts.items():
        yield f"accept-{name}", http(f"{CALLER}?number=1", f"Accept: {accept}"), 200, XML
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        yield f"method-{method}", http(f"{CALLER}?number=1", method=method), 405, PLAIN
    for name, path in {
        "wrong-secret": f"/caller/main/{HOOK_SECRET[:-1]}x?number=1",
        "secret-in-query": f"/caller/main/?secret={HOOK_SECRET}&number=1",
        "no-secret": "/caller/main?number=1",
        "nobody": f"/caller/nobody/{HOOK_SECRET}?number=1",
        "secret-of-hooks-path": f"/caller/../hooks/main/{HOOK_SECRET}?number=1",
        "nul": f"/caller/main/{HOOK_SECRET}%00?number=1",
        "bytes": "/caller/main/%ff?number=1",
    }.items():
        yield f"stranger-{name}", http(path), 404, PLAIN
    yield "query-4097", http(f"{CALLER}?number={'9' * 4_097}"), 414, PLAIN


def api() -> Iterator[Row]:
    """The exchange's own manual against us."""
    number = "outboundNumber=89235292926"
    for name, pattern in ODD_QUERIES.items():
        wrong = _query(pattern, "key")
        yield f"key-{name}", http(f"{API}?{wrong}&{number}", AS_BUH), 400, JSON
        wrong = _query(pattern, "outboundNumber")
        yield f"number-{name}", http(f"{API}?{KEY}&{wrong}", AS_BUH), 400, JSON
    for name, value in ODD_NUMBERS.items():
        spelled = quote(value, safe="%")
        yield f"number-{name}", http(f"{API}?{KEY}&outboundNumber={spelled}", AS_BUH), 200, JSON
        yield f"key-{name}", http(f"{API}?key={spelled}&{number}", AS_BUH), 200, JSON
    for name, value in {"premium": "88095551234", "abroad": "%2B19005551234", "short": "112"}.items():
        yield f"number-{name}", http(f"{API}?{KEY}&outboundNumber={value}", AS_BUH), 200, JSON
    form = http(f"{API}?{KEY}", AS_BUH, AS_FORM, method="POST", body=b"key=1&" + number.encode())
    yield "query-and-form", form, 400, JSON
    json = http(API, AS_BUH, f"Content-Type: {JSON}", method="POST", body=b'{"key": "1"}')
    yield "json-body", json, 400, JSON
    yield "form-4097", http(API, AS_BUH, AS_FORM, method="POST", body=b"key=" + b"9" * 4_094), 400, JSON
    asked = f"{API}?{KEY}&{number}"
    yield "nobody", http(asked), 401, JSON
    yield "nobody-hostile", http(f"{API}?key=1&key=2"), 401, JSON
    for name, header in {
        "empty": "",
        "scheme": "Basic",
        "bearer": "Bearer x",
        "garbage": "Basic !!!",
    }.items():
        yield f"nobody-{name}", http(asked, f"Authorization: {header}"), 401, JSON
    yield "nobody-cookie", http(asked, f"Cookie: Authorization={GOOD['Authorization']}"), 401, JSON
    yield "nobody-forwarded", http(asked, "X-Forwarded-For: 127.0.0.1", "X-Remote-User: buh"), 401, JSON
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        yield f"method-{method}", http(asked, AS_BUH, method=method), 405, JSON
    yield "query-4097", http(f"{API}?{KEY}&outboundNumber={'9' * 4_097}", AS_BUH), 414, PLAIN
    for name, path in {"case": API.lower(), "deeper": f"{API}/x", "dots": f"/x/..{API}"}.items():
        yield f"path-{name}", http(f"{path}?{KEY}&{number}", AS_BUH), 404, PLAIN


def records() -> Iterator[Row]:
    """Recordings without a link that is right."""
    right = "of=main&for=buh&until=4102444800&sig=" + "A" * 43
    for name, query in {
        "none": "",
        "forged": right,
        "expired": right.replace("4102444800", "1"),
        "repeated": right + "&of=main",
        "repeated-sig": right + "&sig=" + "B" * 43,
        "reordered": "sig=" + "A" * 43 + "&of=main&for=buh&until=4102444800",
        "escaped": right.replace("main", "%6dain"),
        "until-digits-4000": right.replace("4102444800", "4" * 4_000),
        "until-minus": right.replace("4102444800", "-1"),
        "until-zeros": right.replace("4102444800", "04102444800"),
        "sig-short": right[:-1],
        "sig-long": right + "A",
        "sig-padded": right[:-1] + "=",
        "sig-empty": right[:-43],
        "infobase-case": right.replace("buh", "BUH"),
        "infobase-other": right.replace("buh", "open"),
        "path-in-name": right.replace("main", "../main"),
        "crlf": right + "%0d%0aX-Evil:1",
        "token": "token=x&callid=1",
    }.items():
        yield name, http(f"/records/call-1?{query}"), 403, PLAIN
    for name, path in {
        "empty": "/records/",
        "dots": "/records/..",
        "up": "/records/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "nul": "/records/a%00b",
        "bytes": "/records/%ff%fe",
        "address": "/records/http:%2f%2f127.0.0.1%2f",
        "long": "/records/" + "a" * 12_000,
    }.items():
        yield f"path-{name}", http(f"{path}?{right}"), 403, PLAIN
    for name, span in {
        "huge": "bytes=0-" + "9" * 4_000,
        "minus": "bytes=-" + "9" * 4_000,
        "many": "bytes=" + "0-1," * 3_000,
        "words": "lines=0-1",
        "bytes": "bytes=\xff-\xfe",
    }.items():
        yield f"range-{name}", http(f"/records/call-1?{right}", f"Range: {span}"), 403, PLAIN
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
        yield f"method-{method}", http(f"/records/call-1?{right}", method=method), 405, PLAIN
    yield "query-4097", http(f"/records/call-1?{'a' * 4_097}"), 414, PLAIN


def health() -> Iterator[Row]:
    """What a supervisor asks."""
    for page, media in {"/healthz": PLAIN, "/readyz": PLAIN, "/metrics": FIGURES}.items():
        yield f"repeated{page}", http(f"{page}?a=1&a=2"), 200, media
        yield f"query-4097{page}", http(f"{page}?{'a' * 4_097}"), 414, PLAIN
        yield f"accept{page}", http(page, "Accept: " + "a/b," * 2_000), 200, media
        yield f"gzip{page}", http(page, "Accept-Encoding: gzip, br"), 200, media
        yield f"body{page}", http(page, method="POST", body=b"<!DOCTYPE x>" * 100), 405, PLAIN
        yield f"host{page}", http(page, host="evil.example"), 200, media
        yield f"dots{page}", http(f"/x/..{page}"), 404, PLAIN
        yield f"deeper{page}", http(f"{page}/x"), 404, PLAIN
        yield f"case{page}", http(page.upper()), 404, PLAIN
        yield f"nul{page}", http(f"{page}%00"), 404, PLAIN


def unknown() -> Iterator[Row]:
    """Paths of other people's software, and none."""
    for path in (
        *(
            "/",
            "/admin",
            "/.env",
            "/.git/config",
            "/wp-login.php",
            "/konsole/",
            "/index.html",
            "/favicon.ico",
        ),
        *("/robots.txt", "/..;/manager/html", "/cgi-bin/.%2e/.%2e/bin/sh", "/actuator/env", "/server-status"),
        *(
            "/telephony/hs/x",
            "/telephony/odata/standard.odata",
            "/ws",
            "/ws/",
            "/ws/Unknown",
            "/ws/Telephony2",
        ),
        *("/bridge.toml", "/bridge.db", "/hooks", "/caller", "/records", "/api", "/api/call", "/debug/pprof"),
        *("/%00", "/%0d%0aSet-Cookie:x=1", "/" + "%2f" * 3_000, "/<script>", "/?" + "x=1&" * 1_000),
    ):
        yield path[:24], http(path), 404, PLAIN
    body = envelope(call()).encode()
    soap = http("/", "Content-Type: text/xml", AS_BUH, method="POST", body=body)
    yield "soap-at-the-root", soap, 404, PLAIN
    for method in ("OPTIONS", "PROPFIND", "CONNECT", "TRACE", "DELETE"):
        yield f"method-{method}", http("/", method=method), 404, PLAIN
    upgrade = http("/", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    yield "websocket", upgrade, 404, PLAIN
    yield "h2c", http("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"), 404, PLAIN


# what other protocols say first; each ends with an empty line, so that it is a whole request to us
STRANGE = {
    "http-2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "smtp": b"EHLO x\r\n\r\n",
    "redis": b"*1\r\n$4\r\nPING\r\n\r\n",
    "rdp": b"\x03\x00\x00\x13\x0e\xe0\x00\x00\r\n\r\n",
    "smb": b"\x00\x00\x00\x85\xffSMB\r\n\r\n",
    "socks": b"\x05\x01\x00\r\n\r\n",
    "sip": b"INVITE sip:101@x SIP/2.0\r\nVia: SIP/2.0/TCP x\r\n\r\n",
    "rtsp": b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "proxy-protocol": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "nuls": b"\0" * 500 + b"\r\n\r\n",
    "high-bytes": b"\xff" * 500 + b"\r\n\r\n",
    "letters": b"a" * 500 + b"\r\n\r\n",
}
