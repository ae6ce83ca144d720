"""Contract `mailbox`: the infobase publishes nothing and collects every event itself (`PollEvents`)."""

from bridge.core.calls import CallEvent
from bridge.core.delivery import Purpose
from bridge.core.ports import Telling
from bridge.onec.popups import is_popup

POLL_EVENTS = "PollEvents"


class MailboxContract:
    """Everything the exchange said is laid into the mailbox; who collects folds calls from it."""

    def tell_about(self, event: CallEvent) -> Telling | None:
        """A ring that deserves a card goes stale; any other is a step of the call, kept like the rest."""
        purpose = Purpose.POPUP if is_popup(event) else Purpose.JOURNAL
        return Telling(operation=POLL_EVENTS, purpose=purpose)
