"""The bench: starts processes on loopback, loads them, measures them, and ends whatever it started."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.side_by_side import machine
from benchmarks.side_by_side.report import progress
from benchmarks.side_by_side.results import Results
from benchmarks.side_by_side.tools import Missing, Tools, build, cache_folder

ROOT = Path(__file__).parent.parent.parent
START_S = 30.0
# byte code is kept between starts, as that of an installed program is
NOT_OURS = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How long and how often. `peers`: words, a peer's name must hold one of them; empty: all peers.

    `long`: what takes minutes too.
    """

    rounds: int = 5
    seconds: float = 1.0
    peers: Sequence[str] = ()
    long: bool = False


@dataclass
class Running:
    """A started peer: where it listens, the roots of its process tree, the folder of what it writes."""

    name: str
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    folder: Path = Path()

    def pids(self) -> list[int]:
        return machine.tree(one.pid for one in self.processes if one.poll() is None)

    def end(self) -> None:
        """The whole tree, now."""
        for one in self.processes:
            end(one)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One load of one server. Rates per second, times in ms; `cpu_us` is of the server's tree, per answer.

    `foreign`: cores that neither the server nor the bench's own processes used.
    """

    rate: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float
    mean_ms: float
    cpu_us: float
    foreign: float
    sent: int
    ok: int
    failed: int
    seconds: float


class Bench:
    """Used as a context: at its end, even by Ctrl+C, nothing that it started runs."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.results = Results()
        self.cache = cache_folder()
        self.first = 0  # the sequence number of the next request, so that no two requests are the same
        self._environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self._environment |= {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(self.cache / "pycache")}
        self._ending = ExitStack()
        self._started: dict[int, Callable[[], subprocess.Popen[bytes]]] = {}

    def __enter__(self) -> Self:
        self.tools: Tools = build(self.cache)
        temporary = tempfile.TemporaryDirectory(prefix="vpbx-bench-", ignore_cleanup_errors=True)
        self.folder = Path(self._ending.enter_context(temporary))
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def say(self, text: str) -> None:
        print(text, flush=True)

    def wants(self, peer: str) -> bool:
        return not self.options.peers or any(word in peer for word in self.options.peers)

    def note(self, part: str, case: str, peer: str, at: int, turn: int, **figures: float) -> None:
        """Keep figures of one round, and say so."""
        self.results.add(part, case, peer, at, turn, **figures)
        self.say(progress(self.results.records[-1]))

    def skip(self, what: str, why: Missing | str) -> None:
        self.results.skipped.append((what, str(why)))
        self.say(f"  skipped: {what}: {why}")

    def place(self, name: str) -> Path:
        """A new folder for what one peer writes; gone at the end."""
        return Path(tempfile.mkdtemp(prefix=f"{name.replace(' ', '-').replace('/', '-')}-", dir=self.folder))

    # --- processes -------------------------------------------------------------------------------
    def start(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        core: int | None = None,
        output: str = "log",
    ) -> subprocess.Popen[bytes]:
        """A process in a group of its own, its words in the file `output` of `folder`.

        Args:
            core: the only processor core for it and its children.
        """

        def before() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if core is not None:
                os.sched_setaffinity(0, {core})

        with (folder / output).open("ab") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=folder,
                env={**self._environment, "TMPDIR": str(folder), **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=before,  # the bench has no threads
            )
        self._ending.callback(end, process)
        self._started[process.pid] = lambda: self.start(
            command, folder=folder, environment=environment, core=core, output=output
        )
        return process

    def start_again(self, running: Running) -> None:
        """What was ended or killed, with the same words in the same folder, so at the same port."""
        running.processes[:] = [self._started.pop(one.pid)() for one in running.processes]

    def answerer(
        self,
        name: str,
        post: str,
        *,
        get: str | None = None,
        media: str = "text/xml; charset=utf-8",
        delay_ms: float = 0,
        log: Path | None = None,
        find: str = "",
        length: int = 25,
        port: int = 0,
    ) -> Running:
        """The responder in C: a fake 1C or exchange that answers always the same after exactly `delay_ms`.

        Args:
            log, find, length: what it notes of each request; see answer.c.
        """
        folder = self.place(name)
        (folder / "post").write_text(post, encoding="utf-8")
        command: list[str | Path] = [self.tools.answer, "--post", "post", "--media", media]
        command += ["--delay-ms", str(delay_ms), "--port", str(port)]
        if get is not None:
            (folder / "get").write_text(get, encoding="utf-8")
            command += ["--get", "get"]
        if log is not None:
            command += ["--log", log, "--find", find, "--length", str(length)]
        process = self.start(command, folder=folder)
        words = _until(lambda: (folder / "log").read_text().split(), "the responder", process, folder)
        return Running(name, int(words[1]), [process])

    @contextmanager
    def alive(self, *running: Running) -> Iterator[None]:
        """Ends these when it is left."""
        try:
            yield
        finally:
            for one in running:
                one.end()

    # --- load ------------------------------------------------------------------------------------
    def request(self, text: str) -> Path:
        """A file for `load`: a raw HTTP request with @TOKEN@ and @NUMBER@ where they shall be."""
        place = Path(tempfile.mkstemp(prefix="request-", dir=self.folder)[1])
        place.write_text(text, encoding="utf-8")
        return place

    def raw_load(
        self,
        port: int,
        request: Path,
        *,
        connections: int,
        seconds: float | None = None,
        count: int | None = None,
        rate: float | None = None,
        expect: str = "",
        log: Path | None = None,
        timeout_s: float = 10.0,
    ) -> dict[str, Any]:
        """What `load` printed; see load.c. Numbers go on from load to load."""
        command = self._load_command(
            [request],
            port=port,
            connections=connections,
            seconds=seconds,
            count=count,
            rate=rate,
            expect=expect or None,
            log=log,
            timeout=timeout_s,
        )
        limit_s = (seconds or 0) + (3600 if count else 0) + 3 * timeout_s + 10
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
        if done.returncode:
            raise Missing(f"the load broke off: {done.stderr.strip()}")
        said: dict[str, Any] = json.loads(done.stdout)
        self.first += said["sent"]
        return said

    def begin_load(
        self,
        port: int,
        requests: Sequence[Path],
        *,
        connections: int,
        seconds: float,
        rate: float,
        log: Path,
        timeout_s: float = 10.0,
    ) -> subprocess.Popen[str]:
        """A load under which something may be done; `json.loads(popen.communicate()[0])` is its report.

        Each request has a connection of its own, at most `connections` at once; a call (@CALL@) has as many
        of them in a row as there are `requests`, and begins anew here.
        """
        each = len(requests)
        self.first = -(-self.first // each) * each
        command = self._load_command(
            requests,
            port=port,
            connections=connections,
            seconds=seconds,
            rate=rate,
            log=log,
            timeout=timeout_s,
            fresh=1,
        )
        self.first += int(seconds * rate) + each
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        self._ending.callback(end, process)
        return process

    def _load_command(self, requests: Sequence[Path], **words: object) -> list[str]:
        """What is None stays unsaid."""
        options = [("first", self.first), *words.items(), *(("request", one) for one in requests)]
        said = ((f"--{name}", str(value)) for name, value in options if value is not None)
        return [str(self.tools.load), *(word for option in said for word in option)]

    def load(
        self,
        server: Running,
        request: Path,
        *,
        connections: int,
        count: int | None = None,
        expect: str = "",
        beside: Sequence[Running] = (),
    ) -> Sample:
        """Load `server` for the seconds of the options, or with `count` requests, and measure it.

        Args:
            beside: whose processor time is ours too: the fake 1C, the fake exchange.
        """
        seconds = None if count else self.options.seconds
        machine.wait_for_quiet(min(1.0, seconds or 1.0))
        known, helpers = server.pids(), [pid for one in beside for pid in one.pids()]
        spent, helped, own = machine.cpu_s(known), machine.cpu_s(helpers), own_s()
        busy, began = machine.busy_s(), time.monotonic()
        said = self.raw_load(
            server.port, request, connections=connections, seconds=seconds, count=count, expect=expect
        )
        lasted = time.monotonic() - began
        server_s = machine.cpu_s(server.pids()) - spent
        ours_s = server_s + machine.cpu_s(helpers) - helped + own_s() - own
        answered = max(1, said["answered"])
        return Sample(
            rate=said["rate"],
            p50_ms=said["p50_ms"],
            p90_ms=said["p90_ms"],
            p99_ms=said["p99_ms"],
            max_ms=said["max_ms"],
            mean_ms=said["mean_ms"],
            cpu_us=server_s / answered * 1e6,
            foreign=max(0.0, (machine.busy_s() - busy - ours_s) / lasted),
            sent=said["sent"],
            ok=said["ok"],
            failed=said["sent"] - said["ok"],
            seconds=said["seconds"],
        )


def end(process: subprocess.Popen[Any]) -> None:
    """A process and everybody in its group, by force."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError:
        process.kill()
    process.wait(10)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ready(process: subprocess.Popen[bytes], url: str, folder: Path, *, limit_s: float = START_S) -> None:
    """Until `url` answers anything at all below 500.

    Raises:
        Missing: the process ended or did not answer in time; with its last words.
    """

    def answers() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                return bool(answer.status < 500)
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False

    _until(answers, url, process, folder, limit_s=limit_s)


def _until(
    look: Callable[[], Any],
    what: str,
    process: subprocess.Popen[bytes],
    folder: Path,
    *,
    limit_s: float = START_S,
) -> Any:
    until = time.monotonic() + limit_s
    while time.monotonic() < until and process.poll() is None:
        if found := look():
            return found
        time.sleep(0.002)
    words = (folder / "log").read_text(encoding="utf-8", errors="replace").strip()[-500:]
    raise Missing(f"{what} did not start: {words or process.poll()}")


def own_s() -> float:
    """Processor time of the bench itself and of the loads that ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def rotated(items: Sequence[Any], turn: int) -> list[Any]:
    """A B C, then B C A, then C A B: nobody is always the first."""
    shift = turn % len(items) if items else 0
    return [*items[shift:], *items[:shift]]
