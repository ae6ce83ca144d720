"""Marked secrets and numbers, how each may be spelled, where which may be seen, and leaks to plant."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, unquote_to_bytes
from xml.sax.saxutils import escape

SECRETS = {  # nobody is ever shown any of these
    "journal_token": "LEAK-account/token+777==",
    "api_password": 'LEAK-api"password<888>',
    "node_token": "LEAK-node-токен-999",
    "hook_secret": "LEAK-hook-secret_0001",
    "old_hook_secret": "LEAK-old-hook-secret-0002",
    "link_secret": "LEAK-secret-of-links-for-tests-000000001",
    "password of 1C": 'LEAK-пароль & "1С" №7',
    "password of an infobase": "LEAK-token-of-an-infobase_0001",
    "token in an address": "LEAK-a-token-the-settings-do-not-know",
    "nearly the hook_secret": "LEAK-hook-secret_0007",  # what somebody mistypes
    "password of the console": "LEAK-console&password=0001",
    "password that was issued": "LEAK-token-that-was-issued_0001",
}
KEY = {"key of a subscriber": "LEAKkeyOfAnna01"}
# ten digits, as they stand behind 8, 7 and +7
NUMBERS = {"number of a caller": "9164420017", "number that was dialled": "9235558822"}
CALLER, DIALLED = (f"8{digits}" for digits in NUMBERS.values())
MARKS = SECRETS | KEY | NUMBERS

# Who may see what, by the beginning of the name of an output; everything else may hold none of the marks
_CALLS = frozenset(NUMBERS) | frozenset(KEY)  # an event as the exchange told it: its `userkey` is the key
SHOWN: Mapping[str, frozenset[str]] = {
    "1C was told": _CALLS,
    "soap PollEvents": _CALLS,
    "soap ПолучитьСобытия": _CALLS,
    "soap GetCall": frozenset(NUMBERS),  # info and journal: the firm's own calls
    "soap ПолучитьЗ": frozenset(NUMBERS),
    "soap ПолучитьЖурнал": frozenset(NUMBERS),
    "soap MakeCall": frozenset({"number that was dialled"}),  # told back to who dialled it
    "soap Позвонить": frozenset({"number that was dialled"}),
    "api": frozenset({"number that was dialled"}),
    "show --full": frozenset(NUMBERS),
    "console of a stranger": frozenset({"number of a caller"}),  # typed for a name, and still in its field
    "console of an operator": frozenset(NUMBERS),
    "console, a whole event": _CALLS,
    "console, a real call": frozenset({"number that was dialled"}),  # told back to who dials it
    "console, what was looked for": frozenset(NUMBERS),  # in the field that it was typed into
    "console, the hook's address": frozenset({"hook_secret"}),
    "console, issued": frozenset({"password that was issued"}),  # once, to who asked for it
    "token issue": frozenset({"password that was issued"}),
    "database": _CALLS,
    # the body of an event as it came, with whatever the exchange itself put into it
    "bod": _CALLS | {"journal_token", "api_password", "node_token", "token in an address"},
}
_BETWEEN = re.compile(rb"(?<=\d)[ ()\-.\xa0]{1,3}(?=\d)")


def spellings(mark: str) -> set[bytes]:
    """How a mark may look in an output."""
    raw = mark.encode()
    texts = {mark, quote(mark, safe=""), quote(mark), quote_plus(mark), escape(mark)}
    texts |= {
        json.dumps(mark)[1:-1],
        json.dumps(mark, ensure_ascii=False)[1:-1],
        escape(mark, {'"': "&quot;"}),
        repr(mark)[1:-1],
        ascii(mark)[1:-1],
    }
    found = {text.encode() for text in texts} | {text.lower().encode() for text in texts}
    for encoding in ("utf-8", "cp1251"):
        coded = mark.encode(encoding, "replace")
        found |= {coded, coded.hex().encode()}
        for shift in range(3):  # of a text that it begins anywhere in; its edges depend on the neighbours
            inner = base64.b64encode(b"\0" * shift + coded)[4 : -4 if len(raw) > 8 else None]
            found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


SPELLED = {name: spellings(mark) for name, mark in MARKS.items()}


def seen_in(raw: bytes) -> set[str]:
    """The marks that an output holds, whole, spelled in whatever way."""
    texts = (raw, raw.lower(), unquote_to_bytes(raw), _BETWEEN.sub(b"", raw))
    return {name for name, ways in SPELLED.items() if any(one in text for one in ways for text in texts)}


@dataclass
class Outputs:
    """Everything that left the bridge, by where it was seen."""

    seen: dict[str, bytes] = field(default_factory=dict)

    def add(self, where: str, what: str | bytes) -> None:
        raw = what if isinstance(what, bytes) else what.encode("utf-8", "surrogateescape")
        self.seen[where] = self.seen.get(where, b"") + b"\n" + raw

    def leaks(self) -> list[str]:
        return sorted(
            f"{name} — {where}" for where, raw in self.seen.items() for name in seen_in(raw) - shown_in(where)
        )


def shown_in(where: str) -> frozenset[str]:
    return frozenset().union(*(marks for start, marks in SHOWN.items() if where.startswith(start)))


# --- leaks to plant: into the program that is named, as Python that runs before it --------------------
_HOOK, _TOKEN = SECRETS["hook_secret"], SECRETS["password of an infobase"]
_NUMBER = "number of a caller"
Plant = tuple[str, str]  # the mark that it leaks, the Python that makes it
SERVE_PLANTS: dict[str, Plant] = {  # the beginning of the name of an output -> a leak into it
    "log": ("journal_token", "from bridge import observe; observe.scrub = lambda text: text"),
    "1C was told": (
        "journal_token",
        "from bridge.onec import vatscalls; vatscalls.cleaned = lambda value, secrets=(): value",
    ),
    "metrics": (
        _NUMBER,
        "from bridge.web import health; told = health.generate_latest;"
        f" health.generate_latest = lambda registry: told(registry) + b'# {CALLER}'",
    ),
    "health": (
        "hook_secret",
        "from bridge.web import health; from dataclasses import replace;"
        " said = health.HealthEndpoint._answer;"
        f" health.HealthEndpoint._answer = lambda *a: replace(said(*a), headers={{'X-Leak': '{_HOOK}'}})",
    ),
    "hooks": (
        _NUMBER,
        "from bridge.web import hooks; from dataclasses import replace; heard = hooks.HookEndpoint._heard;"
        f" hooks.HookEndpoint._heard = lambda *a: replace(heard(*a), body=b'ok {CALLER}')",
    ),
    "strangers": (
        "hook_secret",
        f"from bridge.web import path_secret, http; path_secret.NOT_FOUND = http.Reply.text(404, '{_HOOK}')",
    ),
    "soap Ping": (
        _NUMBER,
        f"from bridge.wiring import entrances; entrances._ping = lambda: '+7 {CALLER[1:]}'",
    ),
    "api": (
        "password of an infobase",
        f"from bridge.web import manual_call; manual_call.STARTED = '{_TOKEN}'",
    ),
    "caller": (
        "hook_secret",
        f"from bridge.web import callerid; callerid.NO_STORE = {{'X-Leak': '{_HOOK}'}}",
    ),
    "records": (
        "link_secret",
        f"from bridge.web import records; records.NOSNIFF = ('X-Leak', '{MARKS['link_secret']}')",
    ),
    "console of a viewer": (
        _NUMBER,
        "from bridge.web.console import look; look.mask = lambda text: text",
    ),
    "console of an operator": (
        "link_secret",
        f"from bridge.web.console import answers; answers.SAFE['X-Leak'] = '{MARKS['link_secret']}'",
    ),
    "console of a stranger": (
        "hook_secret",
        f"from bridge.web.console.pages import login; login.WRONG = '{_HOOK}'",
    ),
    "as 1C": (
        "key of a subscriber",
        f"from bridge.web.as_onec import endpoint; endpoint.TAKEN = '{MARKS['key of a subscriber']}'",
    ),
    "database": (
        "password of 1C",
        "from bridge.onec import faults; faults.clean = lambda text, limit, secrets=(): text",
    ),
}
_UNMASKED = "from bridge.core import numbers; numbers.mask = lambda text: text"
_TALKATIVE = (
    "import click; echo = click.echo;"
    f" click.echo = lambda text='', **more: echo(f'{{text}} {MARKS['link_secret']}', **more)"
)
COMMAND_PLANTS: dict[str, Plant] = {
    "events list": (_NUMBER, _UNMASKED),
    "dials list": ("number that was dialled", _UNMASKED),
    "events show": (_NUMBER, _UNMASKED),
    "check": (
        "password of 1C",
        "from bridge.onec import pages; pages.clean = lambda text, limit, secrets=(): text",
    ),
    "wrong setting": (
        "old_hook_secret",
        "from bridge.settings import loading; line = loading._line;"
        " loading._line = lambda detail: f\"{line(detail)} {detail['input']}\"",
    ),
    "show --full": ("link_secret", _TALKATIVE),
    "audit list": ("link_secret", _TALKATIVE),
    "records listened": ("link_secret", _TALKATIVE),
    "reconcile": ("link_secret", _TALKATIVE),
    "erase": ("link_secret", _TALKATIVE),
    "backup": ("link_secret", _TALKATIVE),
}


def planted(plants: Mapping[str, Plant]) -> str:
    """All of them as one Python text."""
    return "\n".join(dict.fromkeys(code for _, code in plants.values()))


PLANTED = "PLANTED_LEAKS"  # the variable that plants all of one program
# what is issued is by chance, and here it is marked; not on a command line, which neighbours see
ISSUED = {"MARK_OF_ISSUED": SECRETS["password that was issued"]}
_ISSUED = (
    "from bridge.wiring import tokens; mark = os.environ['MARK_OF_ISSUED']; tokens.new_token = lambda: mark"
)
# the program itself, as talkative as it and its libraries can be, and one more that tells every address
SERVE = f"""
import logging, os, sys
exec(os.environ.get("{PLANTED}", ""))
{_ISSUED}
from bridge import observe
quiet = observe.configure
def loud(**options):
    quiet(**{{**options, "level": "DEBUG"}})
    logging.getLogger().setLevel(logging.DEBUG)
observe.configure = loud
from bridge import wire
apart = wire.taken_apart
def talking(url):
    logging.getLogger("talkative").debug("a library goes to %s", url)
    return apart(url)
wire.taken_apart = talking
from bridge.cli import main
main(["serve", "--config", sys.argv[1]])
"""
# many commands of an administrator, one after another, each as if it were alone
COMMANDS = f"""
import json, os, sys
exec(os.environ.get("{PLANTED}", ""))
{_ISSUED}
from bridge import observe
from bridge.cli import main
plain = dict(os.environ)
for words, variables in json.loads(sys.argv[1]):
    observe._secrets.clear()
    os.environ.clear()
    os.environ.update(plain | variables)
    print("\\x1e" + json.dumps(words), flush=True)
    try:
        main(words, standalone_mode=False)
    except SystemExit:
        pass
    except Exception as error:
        print(getattr(error, "message", "") or repr(error))
    sys.stderr.flush()
    sys.stdout.flush()
"""
