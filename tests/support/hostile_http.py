"""HTTP as nobody should send it, and webhooks: bytes, each with the status that it must get."""

from support.hostile import GOOD, call, envelope
from support.world import ANNA, HOOK_SECRET

AUTH = f"Authorization: {GOOD['Authorization']}"
HOOK = f"/hooks/main/{HOOK_SECRET}"


def soap(*headers: str, body: bytes = b"", target: str = "/ws/Telephony", host: str = "Host: x") -> bytes:
    lines = [f"POST {target} HTTP/1.1", host, "Content-Type: text/xml", AUTH, *headers]
    return "\r\n".join([*(line for line in lines if line), "", ""]).encode("latin-1") + body


def whole(number: str, *headers: str) -> bytes:
    """A right call."""
    body = envelope(call(number=number)).encode()
    return soap(f"Content-Length: {len(body)}", *headers, body=body)


HELLO = b"5\r\nhello\r\n0\r\n\r\n"
FRAMING = {  # what frames the request: (bytes, status)
    "length-and-chunks": (soap("Content-Length: 5", "Transfer-Encoding: chunked", body=HELLO), 400),
    "chunks-and-length": (soap("Transfer-Encoding: chunked", "Content-Length: 5", body=HELLO), 400),
    "chunks-twice": (soap("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=HELLO), 400),
    "chunks-twice-case": (soap("Transfer-Encoding: chunked", "tRANSFER-eNCODING: chunked", body=HELLO), 400),
    "chunked-chunked": (soap("Transfer-Encoding: chunked, chunked", body=HELLO), 400),
    "chunked-comma": (soap("Transfer-Encoding: chunked,", body=HELLO), 400),
    "comma-chunked": (soap("Transfer-Encoding: ,chunked", body=HELLO), 400),
    "encoding-empty": (soap("Transfer-Encoding:", body=HELLO), 400),
    "encoding-identity": (soap("Transfer-Encoding: identity", body=HELLO), 501),
    "encoding-gzip": (soap("Transfer-Encoding: gzip, chunked", body=HELLO), 501),
    "encoding-quoted": (soap('Transfer-Encoding: "chunked"', body=HELLO), 501),
    "xchunked": (soap("Transfer-Encoding: xchunked", body=HELLO), 501),
    "chunked-x": (soap("Transfer-Encoding: chunked;x=1", body=HELLO), 501),
    "space-before-colon": (soap("Transfer-Encoding : chunked", body=HELLO), 400),
    "tab-before-colon": (soap("Transfer-Encoding\t: chunked", body=HELLO), 400),
    "vertical-tab": (soap("Transfer-Encoding: \x0bchunked", body=HELLO), 400),
    "nbsp": (soap("Transfer-Encoding: \xa0chunked", body=HELLO), 501),
    "encoding-in-http-1.0": (
        soap("Transfer-Encoding: chunked", body=HELLO).replace(b"HTTP/1.1", b"HTTP/1.0"),
        400,
    ),
    "encoding-in-http-1.0-kept": (
        soap("Transfer-Encoding: chunked", "Connection: keep-alive", body=HELLO).replace(
            b"HTTP/1.1", b"HTTP/1.0"
        ),
        400,
    ),
    "two-lengths": (soap("Content-Length: 5", "Content-Length: 5", body=b"hello"), 400),
    "two-lengths-differ": (soap("Content-Length: 5", "Content-Length: 6", body=b"hello"), 400),
    "two-lengths-joined": (soap("Content-Length: 5, 5", body=b"hello"), 400),
    "length-plus": (soap("Content-Length: +3", body=b"abc"), 400),
    "length-minus": (soap("Content-Length: -1", body=b"abc"), 400),
    "length-underscore": (soap("Content-Length: 1_0", body=b"abc"), 400),
    "length-hex": (soap("Content-Length: 0x3", body=b"abc"), 400),
    "length-float": (soap("Content-Length: 3.0", body=b"abc"), 400),
    "length-empty": (soap("Content-Length:", body=b"abc"), 400),
    "length-space": (soap("Content-Length: 1 0", body=b"abc"), 400),
    "length-superscript": (soap("Content-Length: \xb2", body=b"ab"), 400),
    "length-huge": (soap("Content-Length: 99999999999999999999"), 413),
    "length-5000-digits": (soap("Content-Length: " + "9" * 5_000), 400),
    "length-over-limit": (soap("Content-Length: 1048576"), 413),
    "length-over-limit-expected": (soap("Content-Length: 1048576", "Expect: 100-continue"), 413),
    "bad-and-expected": (
        soap("Content-Length: 5", "Transfer-Encoding: chunked", "Expect: 100-continue"),
        400,
    ),
    "chunk-negative": (soap("Transfer-Encoding: chunked", body=b"-5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-plus": (soap("Transfer-Encoding: chunked", body=b"+5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-0x": (soap("Transfer-Encoding: chunked", body=b"0x5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-underscore": (soap("Transfer-Encoding: chunked", body=b"0_5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-words": (soap("Transfer-Encoding: chunked", body=b"five\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-too-short": (soap("Transfer-Encoding: chunked", body=b"3\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-bad-extension": (soap("Transfer-Encoding: chunked", body=b"5;=\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-over-limit": (
        soap("Transfer-Encoding: chunked", body=b"ffffff\r\n" + b"x" * 1_100_000),
        413,
    ),
    "chunk-size-without-end": (soap("Transfer-Encoding: chunked", body=b"0" * 1_100_000), 413),
    "trailer-without-end": (soap("Transfer-Encoding: chunked", body=b"0\r\n" + b"a: b\r\n" * 200_000), 413),
}
HEADERS = {
    "nul-in-value": (whole("1", "X: canary\0"), 400),
    "nul-in-name": (whole("1", "X\0: canary"), 400),
    "cr-in-value": (whole("1", "X: canary\rY: 1"), 400),
    "lf-in-value": (whole("1", "X: canary\nY: 1"), 400),
    "escape-in-value": (whole("1", "X: canary\x1b[2J"), 400),
    "delete-in-value": (whole("1", "X: canary\x7f"), 400),
    "bell-in-forwarded": (whole("1", "X-Forwarded-For: canary\x07"), 400),
    "no-colon": (whole("1", "canary"), 400),
    "no-name": (whole("1", ": canary"), 400),
    "space-in-name": (whole("1", "X Y: canary"), 400),
    "non-ascii-name": (whole("1", "\xd0\x9f: canary"), 400),
    "folded": (whole("1", "X: a", " canary"), 400),
    "folded-tab": (whole("1", "X: a", "\tcanary"), 400),
    "folded-first": (soap(host=" Host: canary"), 400),
    "two-hosts": (whole("1", "Host: canary"), 400),
    "no-host": (soap("Content-Length: 0", host=""), 400),
    "host-underscore-only": (soap("Content-Length: 0", host="Ho_st: canary"), 400),
    "two-content-types": (whole("1", "Content-Type: canary/x"), 400),
    "two-authorizations": (whole("1", "Authorization: Basic canary"), 400),
    "65-headers": (whole("1", *(f"X-{n}: 1" for n in range(61))), 400),
    "5000-headers": (whole("1", *(f"X-{n}: 1" for n in range(5_000))), 431),
    "header-300000": (whole("1", "X: " + "a" * 300_000), 431),
    "header-name-300000": (whole("1", "a" * 300_000 + ": 1"), 431),
    "uri-300000": (soap("Content-Length: 0", target="/ws/Telephony?" + "a" * 300_000), 431),
}
LINES = {
    "method-lower": (b"post /ws/Telephony HTTP/1.1", 400),
    "method-brackets": (b"P(ST /ws/Telephony HTTP/1.1", 400),
    "method-space": (b" POST /ws/Telephony HTTP/1.1", None),  # waitress drops what is blank before a request
    "http-9.9": (b"POST /ws/Telephony HTTP/9.9", 400),
    "http-1.2": (b"POST /ws/Telephony HTTP/1.2", 400),
    "http-2.0": (b"POST /ws/Telephony HTTP/2.0", 400),
    "http-0.9": (b"POST /ws/Telephony", 400),
    "http-lower": (b"POST /ws/Telephony http/1.1", 400),
    "http-11": (b"POST /ws/Telephony HTTP/11", 400),
    "two-spaces": (b"POST  /ws/Telephony HTTP/1.1", 400),
    "tab": (b"POST\t/ws/Telephony\tHTTP/1.1", 400),
    "space-in-target": (b"POST /ws/Telephony x HTTP/1.1", 400),
    "cr-in-line": (b"POST /ws/\rTelephony HTTP/1.1", 400),
    "nul-in-target": (b"POST /ws/Telephony?a\0b HTTP/1.1", 400),
    "escape-in-target": (b"POST /ws/Telephony?\x1b[2J HTTP/1.1", 400),
    "half-ipv6": (b"POST http://[::1/ws/Telephony HTTP/1.1", 400),
    "no-line": (b"Host: canary", 400),
    "tls-hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
}


PATHS = {  # target -> status; 200 is SOAP, 404 is nobody's
    "/ws/Telephony/": 200,
    "//ws/Telephony": 200,  # leading slashes are one, as everywhere
    "/ws/Telephony#x": 200,
    "http://evil.example/ws/Telephony": 200,
    "/ws//Telephony": 404,
    "/ws/telephony": 404,
    "/ws/./Telephony": 404,
    "/hooks/../ws/Telephony": 404,
    "/hooks/%2e%2e/ws/Telephony": 404,
    "/ws/%2e%2e/ws/Telephony": 404,
    "/ws/..%2fws%2fTelephony": 404,
    "/ws/Telephony%00": 404,
    "/ws/Telephony%00.html": 404,
    "/ws/Telephony%0d%0aX:1": 404,
    "/ws/Telephony;x=1": 404,
    "/ws/Telephony%20": 404,
    "/ws/%ff%fe": 404,
    "/ws/Telephony/%c0%af": 404,
    "/ws/Teleph%6Fny": 200,
    "/ws\\Telephony": 404,
    "/../../etc/passwd": 404,
    "/..%5c..%5cwindows%5cwin.ini": 404,
    "/ws/" + "a" * 12_000: 404,
    "/ws/" + "%41" * 4_000: 404,
    "/" + "/" * 12_000: 404,
    "/ws/Telephony?" + "a" * 4_097: 414,
    "*": 404,
    "ws/Telephony": 404,
}


def hook(
    method: str, target: str, body: bytes = b"", media: str = "application/json", more: str = ""
) -> bytes:
    about = f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n{more}"
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\n{about}\r\n".encode("latin-1") + body


EVENT = b'{"uuid": "u-%s", "state": "START", "from": "89235292926", "to": "101", "time": 1700000000}'
STRANGERS = {
    "wrong-secret": f"/hooks/main/{HOOK_SECRET[:-1]}x",
    "secret-and-more": f"/hooks/main/{HOOK_SECRET}x",
    "secret-upper": f"/hooks/main/{HOOK_SECRET.upper()}",
    "no-secret": "/hooks/main/",
    "only-name": "/hooks/main",
    "dash": "/hooks/nobody/-",
    "unknown-exchange": f"/hooks/nobody/{HOOK_SECRET}",
    "empty-name": f"/hooks//{HOOK_SECRET}",
    "name-case": f"/hooks/Main/{HOOK_SECRET}",
    "dots": f"/hooks/../hooks/main/{HOOK_SECRET}",
    "nul": f"/hooks/main/{HOOK_SECRET}%00",
    "bytes": "/hooks/main/%ff%fe",
    "cyrillic": "/hooks/main/%D0%96",
    "long": "/hooks/main/" + "a" * 12_000,
    "not-a-hook": "/nothing",
}


GOOD_HOOKS = {
    "get": hook("GET", f"{HOOK}?key={ANNA.key}&number=89235292926"),
    "get-slash": hook("GET", f"{HOOK}/?key={ANNA.key}&number=89235292927"),
    "post-query": hook("POST", f"{HOOK}?key={ANNA.key}&number=89235292928"),
    "post-form": hook(
        "POST", HOOK, f"key={ANNA.key}&number=89235292929".encode(), "application/x-www-form-urlencoded"
    ),
    "post-json": hook("POST", HOOK, EVENT % b"json"),
    "post-json-as-form": hook("POST", HOOK, EVENT % b"form", "application/x-www-form-urlencoded"),
    "post-json-no-type": hook("POST", HOOK, EVENT % b"none", ""),
    "post-chunked": f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    + b"%x\r\n%s\r\n0\r\n\r\n" % (len(EVENT % b"chunks"), EVENT % b"chunks"),
    "cyrillic-percent": hook("GET", f"{HOOK}?key=%D0%96&number=89235292930"),
    "http-1.0": hook("GET", f"{HOOK}?key={ANNA.key}&number=89235292931").replace(b"HTTP/1.1", b"HTTP/1.0"),
}


BAD_HOOKS = {  # (request, status, a word of the answer)
    "repeated": (hook("GET", f"{HOOK}?key=canary&key=2&number=1"), 400, "повторён"),
    "repeated-case": (hook("GET", f"{HOOK}?key=canary&KEY=2&number=1"), 400, "повторён"),
    "repeated-other": (hook("GET", f"{HOOK}?key=canary&number=1&x=1&x=2"), 400, "повторён"),
    "repeated-escaped": (hook("GET", f"{HOOK}?key=canary&%6bey=2"), 400, "повторён"),
    "repeated-json": (hook("POST", HOOK, b'{"uuid":"canary","uuid":"2","state":"END"}'), 400, "повторено"),
    "repeated-form": (
        hook("POST", HOOK, b"key=canary&key=2", "application/x-www-form-urlencoded"),
        400,
        "повторён",
    ),
    "nothing": (hook("GET", HOOK), 400, "key"),
    "semicolons": (hook("GET", f"{HOOK}?canary;number=1"), 400, "key"),
    "template": (hook("GET", f"{HOOK}?key={{KEY}}&number={{NUMBER}}"), 400, "шаблон"),
    "not-json": (hook("POST", HOOK, b'{"canary": '), 400, "JSON"),
    "list": (hook("POST", HOOK, b'["canary"]'), 400, "список"),
    "deep": (hook("POST", HOOK, b'{"uuid":' + b"[" * 30_000 + b"]" * 30_000 + b"}"), 400, "JSON"),
    "nan": (hook("POST", HOOK, b'{"uuid":"canary","state":"END","time":NaN}'), 400, "JSON"),
    "long-number": (hook("POST", HOOK, b'{"uuid":' + b"9" * 5_000 + b',"state":"END"}'), 400, "число"),
    "long-field": (hook("POST", HOOK, b'{"uuid":"' + b"c" * 200 + b'","state":"END"}'), 400, "длиннее"),
    "many-digits": (hook("GET", f"{HOOK}?key=canary&number={'9' * 100}"), 400, "цифр"),
    "garbage": (hook("POST", HOOK, bytes(range(128, 256)) * 10), 400, "key"),
    "oversize": (hook("POST", HOOK, b"canary" * 12_000), 413, ""),
    "gzip": (hook("POST", HOOK, b"\x1f\x8bcanary", more="Content-Encoding: gzip\r\n"), 415, ""),
    "long-query": (hook("GET", f"{HOOK}?key=canary&number={'1' * 5_000}"), 414, ""),
}
