"""What `serve` loads before it answers: nothing that only some bridges or moments need."""

import subprocess
import sys
from pathlib import Path

from support.serving import environment

LATER = (
    "zeep",  # contract "custom"
    "psycopg",  # PostgreSQL
    "psycopg_pool",
    "jinja2",  # the console
    "bridge.web.console.roads",
    "bridge.wiring.console",
    "bridge.core.overview",
    "pydantic_settings",  # variables of the environment
    "yoyo",  # a schema to be brought up to date
    "rich",  # colours, where a tool has brought them
    "requests",  # the doctor
    "bridge.doctor",
    "bridge.demo",  # the Полигон
    "bridge.sim",
)
PROGRAM = """
import sys
from bridge import observe
from bridge.settings import load
import bridge.cli.serving
from bridge.wiring import assemble
from pathlib import Path
observe.configure()
bridge = assemble(load(Path("bridge.toml")))
print(*[name for name in sys.argv[1:] if name in sys.modules])
bridge.drain(at_once=True)
bridge.run()
"""


def run(folder: Path, *program: str) -> str:
    """What a program of Python said on standard output."""
    done = subprocess.run(
        [sys.executable, *program],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_serve_loads_nothing_that_others_need(tmp_path: Path) -> None:
    run(tmp_path, "-m", "bridge", "init")
    run(tmp_path, "-m", "bridge", "migrate")
    assert run(tmp_path, "-c", PROGRAM, *LATER).split() == []


def test_several_processes_agree_on_a_polygon_without_loading_it(tmp_path: Path) -> None:
    program = (
        "import sys; from bridge.cli.serving import _Sandbox; _Sandbox(json_lines=False).agree(); "
        "print(*[one for one in sys.modules if one.startswith(('bridge.demo.', 'bridge.sim'))])"
    )
    assert run(tmp_path, "-c", program).split() == ["bridge.demo.meeting"]


def test_a_command_loads_no_other(tmp_path: Path) -> None:
    program = "import sys, bridge.cli; print([one for one in sys.modules if one.startswith('bridge.cli.')])"
    assert run(tmp_path, "-c", program).strip() == "[]"
