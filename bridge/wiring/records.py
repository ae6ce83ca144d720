"""Recordings: the exchanges that have them, the links to them, and the entrance that plays them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial

from bridge.core.ports import StoredEvent
from bridge.core.records import RecordGone, Recording, RecordSource, Span, Traces, record_addresses
from bridge.observe import Figures, log
from bridge.onec.vatscalls import EventData, data
from bridge.settings import ExchangeSection, Settings
from bridge.store.opening import Store
from bridge.store.record_files import RecordFiles
from bridge.vpbx.mobilon.client import BASE_URLS, MobilonApi
from bridge.vpbx.mobilon.record_places import Places
from bridge.vpbx.mobilon.records import MobilonRecords
from bridge.web.records import Listened, RecordsEndpoint
from bridge.web.signing import RecordLinks, Signed
from bridge.wire import Wire
from bridge.wiring.seats import Seats

CONNECT_S = 5.0
TOTAL_S = 300.0  # an hour of talk over a slow line
IDLE_S = 20.0
MAX_RECORD_BYTES = 512 * 1024 * 1024


def record_links(settings: Settings) -> RecordLinks:
    """What signs and reads links to recordings."""
    server = settings.server
    return RecordLinks(server.link_secret.get_secret_value(), server.public_url, server.record_link_s)


def record_sources(settings: Settings) -> dict[str, RecordSource]:
    """Exchange -> where its recordings are."""
    return {name: _source(section) for name, section in settings.exchange.items()}


def exchange_secrets(section: ExchangeSection) -> list[str]:
    """What of an exchange nobody outside of the bridge may read, in any text."""
    secrets = (
        section.journal_token,
        section.api_password,
        section.node_token,
        section.hook_secret,
        section.old_hook_secret,
    )
    return [text for secret in secrets if (text := secret.get_secret_value())]


def event_data(settings: Settings, infobase: str) -> EventData:
    """What an infobase finds in `Data` of an event."""
    exchange = settings.infobase[infobase].exchange
    section = settings.exchange[exchange]
    links, source = record_links(settings), _source(section)

    def record_url(stored: StoredEvent) -> str:
        told = stored.event.fields
        traces = Traces(addresses=record_addresses(told), call_ids=[stored.event.call_id])
        return links.link(infobase, exchange, stored.event.call_id) if source.better(traces) else ""

    return partial(data, record_url=record_url, secrets=exchange_secrets(section))


def records_entrance(
    settings: Settings, store: Store, figures: Figures, *, outside: threading.BoundedSemaphore
) -> RecordsEndpoint:
    """The entrance at `/records/`."""
    hearing: dict[str, set[str]] = {}
    for name, infobase in settings.infobase.items():
        hearing.setdefault(infobase.exchange, set()).add(name)
    return RecordsEndpoint(
        record_links(settings),
        opener(settings, store),
        infobases=hearing,
        seats=Seats(settings.server.threads // 4, outside),
        note=_noting(store),
        figures=figures,
    )


def opener(
    settings: Settings, store: Store
) -> Callable[[Signed, Span | None], AbstractContextManager[Recording]]:
    """Opens the recording that a link is for: our own copy, else the exchange's."""
    files = RecordFiles(settings.server.records_dir)
    sources = record_sources(settings)

    @contextmanager
    def opened(signed: Signed, span: Span | None) -> Iterator[Recording]:
        with ExitStack() as held:
            kept = store.recordings.find(signed.exchange, signed.call_id)
            if kept is not None and kept.file:
                try:
                    recording = held.enter_context(files.open(kept, span))
                except OSError as error:  # another machine's folder, or somebody tidied up
                    log.warning("record_copy_missing", call_id=signed.call_id, reason=type(error).__name__)
                else:
                    yield recording
                    return
            source = sources.get(signed.exchange)
            if source is None:
                raise RecordGone("Этой ВАТС больше нет в настройках моста")
            traces = store.recordings.traces(signed.exchange, signed.call_id)
            yield held.enter_context(source.open(traces, span))

    return opened


def _noting(store: Store) -> Callable[[Listened], None]:
    def note(listened: Listened) -> None:
        signed = listened.signed
        store.recordings.note_listening(
            infobase=signed.infobase,
            exchange=signed.exchange,
            call_id=signed.call_id,
            peer=listened.peer,
            status=listened.status,
            sent=listened.sent,
        )

    return note


def _source(section: ExchangeSection) -> RecordSource:
    """The recordings of an exchange: by `callid` they are at the API that has the journal.

    The later lines of the API document none (Mobilon, contents/vpbx/api.md, 2017-06-02).
    """
    api = MobilonApi(section.api)
    own = section.base_url or BASE_URLS[api]
    journal = section.journal_url or (own if api is MobilonApi.CONNECT else BASE_URLS[MobilonApi.CONNECT])
    return MobilonRecords(
        Wire(connect_s=CONNECT_S, total_s=TOTAL_S, idle_s=IDLE_S, max_bytes=MAX_RECORD_BYTES, reuse=False),
        Places(
            base_url=journal,
            own_urls=(own,),
            token=section.journal_token.get_secret_value(),
            hosts=section.record_hosts,
            allow_http=section.allow_http,
            secrets=exchange_secrets(section),
        ),
    )
