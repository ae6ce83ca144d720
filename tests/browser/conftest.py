"""A real browser before a real bridge: Debian's Chromium, the stage of the demo."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bridge.core.accounts import Role
from bridge.demo.sandbox import on_stage
from bridge.demo.stage import OPERATOR, Script, Stage, staged
from bridge.store.beside import accounts_at
from bridge.web.console import passwords
from bridge.wiring.console_extras import Extras

FOLDER = Path(__file__).parent
AXE = FOLDER / "node" / "node_modules" / "axe-core" / "axe.min.js"
# where the pictures of a run stay
SCREENSHOTS = Path(os.environ.get("BRIDGE_SCREENSHOTS", FOLDER / "screenshots"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "no Chromium, playwright or axe-core: apt install chromium, npm ci in tests/browser/node"
VIEWER, VIEWER_PASSWORD = "viewer", "looks and no more"
WIDTHS = {"phone": (360, 740), "desktop": (1280, 900)}
SHORT_POPUP_S = 2.0
PATIENCE_MS = 30_000
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One clear line where there is no browser."""
    skipped = terminalreporter.stats.get("skipped", [])
    count = sum(MISSING in str(one.longrepr) for one in skipped)
    if count:
        terminalreporter.write_line(f"{count} tests in a browser were skipped: {MISSING}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if sync_playwright is None or CHROMIUM is None or not AXE.is_file():
        if "browser" in os.environ.get("BRIDGE_TESTS_MUST_RUN", ""):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    # in a container the sandbox of Chromium has no rights to build itself
    alone = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=alone)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stage(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A bridge with both fakes, its sandbox on itself, as `demo --serve` has it."""
    standing: list[Stage] = []
    script = Script(data=tmp_path_factory.mktemp("stage"), popup_lifetime_s=SHORT_POPUP_S)
    with staged(script, Extras(sandbox=on_stage(lambda: standing[0]), pretended=True)) as made:
        standing.append(made)
        with accounts_at(str(made.database)) as accounts:
            accounts.add(VIEWER, Role.VIEWER, passwords.hashed(VIEWER_PASSWORD))
        yield made


@dataclass
class Visitor:
    """Somebody at a browser. What no page may cause is remembered, and looked at in the end."""

    page: Any
    stage: Stage
    width: str
    troubles: list[str] = field(default_factory=list)

    def open(self, page: str = "") -> None:
        self.page.goto(self.stage.console + page)

    def enter(self, name: str = OPERATOR, password: str = "") -> None:
        self.open("login")
        self.page.fill("#name", name)
        self.page.fill("#password", password or self.stage.console_password)
        self.page.press("#password", "Enter")
        self.page.wait_for_selector("#live")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def reads(self, text: str | re.Pattern[str]) -> None:
        """The text is there, or comes."""
        self.page.get_by_text(text).first.wait_for(timeout=PATIENCE_MS)

    def picture(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{self.width}-{name}.png", full_page=True)

    def barriers(self) -> list[str]:
        """What axe finds on this page."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate(
            "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
        )
        return [
            f"{one['impact']} {one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        return int(
            self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        )


@contextmanager
def visiting(chromium: Any, stage: Stage, width: str) -> Iterator[Visitor]:
    """Somebody before this stage; in the end nothing may have gone wrong that a browser notices."""
    wide, high = WIDTHS[width]
    context = chromium.new_context(viewport={"width": wide, "height": high}, locale="ru-RU")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    one = Visitor(page=page, stage=stage, width=width)
    ours = urlsplit(stage.url).netloc
    page.on("console", lambda said: said.type in ("error", "warning") and one.troubles.append(said.text))
    page.on("pageerror", lambda error: one.troubles.append(str(error)))
    page.on("request", lambda asked: urlsplit(asked.url).netloc == ours or one.troubles.append(asked.url))
    yield one
    context.close()
    assert one.troubles == []


@pytest.fixture(params=WIDTHS)
def visitor(request: pytest.FixtureRequest, chromium: Any, stage: Stage) -> Iterator[Visitor]:
    with visiting(chromium, stage, request.param) as one:
        yield one
