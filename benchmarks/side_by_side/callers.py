"""Who is calling: a name that the bridge knows, asked over HTTP and over SOAP as the exchange asks 1C.

1C would take 20 ms; the bridge answers from its memory.
"""

from contextlib import ExitStack
from html import escape

from benchmarks.side_by_side.bench import Bench, rotated
from benchmarks.side_by_side.envelope import HOOK_SECRET, basic, post
from benchmarks.side_by_side.goals import Goal
from benchmarks.side_by_side.servers import bare_waitress, bridge

PART = "callers"
CASE = "SayName of a known number"
CONNECTIONS = (1, 8, 64)
NAMESPACE = "http://VATSCalls"
TITLE = "ООО «Ромашка»"
CARD = f"<data><title>{TITLE}</title><category>VIP</category><manager><phone>101</phone></manager></data>"
ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>{}</soap:Body>'
    "</soap:Envelope>"
)
ASKED = ENVELOPE.format(f'<m:SayName xmlns:m="{NAMESPACE}"><m:Number>89160000001</m:Number></m:SayName>')
SAID = ENVELOPE.format(
    f'<m:SayNameResponse xmlns:m="{NAMESPACE}"><m:return>{escape(CARD)}</m:return></m:SayNameResponse>'
)
SOAP = post("/ws/VATScalls", f"{NAMESPACE}#VATScalls:SayName", basic("main", HOOK_SECRET), ASKED)
HTTP = f"GET /caller/main/{HOOK_SECRET}?number=89160000001 HTTP/1.1\nHost: 127.0.0.1\n\n"
GOALS: list[Goal] = []


def run(bench: Bench) -> None:
    with ExitStack() as alive:
        onec = bench.answerer("1C asked directly, 20 ms", SAID, delay_ms=20)
        published = (
            f'contract = "vatscalls"\nurl = "http://127.0.0.1:{onec.port}/ws/VATScalls"\n'
            f'namespace = "{NAMESPACE}"'
        )
        one = bridge(bench, "bridge P", infobase=published)
        two = bridge(bench, "bridge PP", infobase=published, workers=2)
        bare = bare_waitress(bench, name="limit: bare waitress pinned", answer=SAID)
        alive.enter_context(bench.alive(onec, one, two, bare))
        soap, http = bench.request(SOAP), bench.request(HTTP)
        asked = [
            ("bridge P, HTTP", one, http),
            ("bridge P, SOAP", one, soap),
            ("bridge PP, HTTP", two, http),
            ("bridge PP, SOAP", two, soap),
            (bare.name, bare, soap),
            (onec.name, onec, soap),
        ]
        for _, server, request in asked:
            bench.raw_load(server.port, request, connections=8, seconds=1.0)  # learns the name
        for turn in range(bench.options.rounds):
            for number in CONNECTIONS:
                for name, server, request in rotated(asked, turn):
                    sample = bench.load(server, request, connections=number, expect=TITLE, beside=[onec])
                    bench.note(PART, CASE, name, number, turn, **vars(sample))
