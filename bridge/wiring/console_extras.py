"""What the console gets from whoever starts the bridge, and how its first user gets in.

The console itself (`wiring.console`) is loaded when somebody first comes to it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bridge.core.accounts import Accounts
from bridge.observe import log
from bridge.settings import Settings

if TYPE_CHECKING:
    from bridge.web.console.roads import Found, Sandbox


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What only whoever starts the bridge can give its console; None: its page says so.

    `pretended`: the exchange of this bridge is a fake one, so no call by it is real.
    """

    doctor: "Callable[[], Iterator[Found]] | None" = None
    sandbox: "Callable[[], Sandbox] | None" = None
    pretended: bool = False


NO_EXTRAS = Extras()


def prefix_of(settings: Settings) -> str:
    """Where the console is, as people outside type it."""
    outside = urlsplit(settings.server.public_url)
    return f"{outside.scheme}://{outside.netloc}{outside.path.rstrip('/')}/console/"


def first_step(settings: Settings, accounts: Accounts) -> None:
    """Say how the first user of the console is made, while there is none."""
    if not accounts.anybody():
        log.warning("console_without_users", console=prefix_of(settings), then="vpbx-bridge console code")
