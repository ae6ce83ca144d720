"""What a supervisor, a proxy and Prometheus see."""

from pathlib import Path

import pytest
import requests

from bridge.observe import Figures
from support.world import PETR, eventually, world


def figures(url: str) -> dict[str, float]:
    lines = requests.get(f"{url}/metrics", timeout=5).text.splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")
    }


def test_a_bridge_is_alive_and_ready(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        for path, text in (("/healthz", "alive"), ("/readyz", "ready")):
            answer = requests.get(here.url + path, timeout=5)
            assert (answer.status_code, answer.text) == (200, text)


def test_the_figures_show_what_waits_and_who_cannot_hear(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        here.onec_server.stop()
        here.exchange.ring("missed", "89160000001", PETR)
        assert eventually(lambda: figures(here.url).get('bridge_infobase_away{infobase="buh"}') == 1)
        seen = figures(here.url)
        assert seen['bridge_waiting{infobase="buh"}'] == 4
        assert seen['bridge_oldest_waiting_seconds{infobase="buh"}'] > 0
        here.onec_server.start()
        assert eventually(lambda: figures(here.url)['bridge_waiting{infobase="buh"}'] == 0)
        assert figures(here.url)['bridge_infobase_away{infobase="buh"}'] == 0


def test_no_number_and_no_key_is_in_the_figures(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        here.exchange.ring("answered", "89160000001", PETR)
        text = requests.get(f"{here.url}/metrics", timeout=5).text
    assert "89160000001" not in text
    assert PETR.key not in text


@pytest.mark.parametrize("name", sorted(vars(Figures())))
def test_every_figure_is_in_the_manual(name: str) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    figure = vars(Figures())[name]
    if name != "registry":
        assert figure.describe()[0].name in manual, name
