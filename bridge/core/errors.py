"""What can go wrong, drawn as a tree; each error says in Russian what its reader should do next.

::

    BridgeError
    ├── BadNumber        the text is not a telephone number we can dial
    ├── BadEvent         the exchange's request holds no call event
    ├── BadSettings      a setting is missing or wrong
    ├── StoreUnavailable events cannot be made durable now: the caller must be told to come again
    ├── UnknownRecord    there is no such event, delivery or infobase
    ├── ClaimLost        another replica took the infobase over while we were telling it
    ├── JournalRefused   the exchange's journal of calls cannot be had now
    └── TooMuch          more was asked for than is given at once
"""


class BridgeError(Exception):
    """Base of all errors that the bridge raises on purpose; ``str(error)`` is a Russian sentence."""


class BadNumber(BridgeError):
    """The text is not a telephone number. The message never repeats the text (it may be a secret)."""


class BadEvent(BridgeError):
    """A hook request that holds no call event; answered 400, nothing is stored."""


class BadSettings(BridgeError):
    """A setting is missing or wrong; the message names it and shows a right value."""


class StoreUnavailable(BridgeError):
    """The store cannot commit now (locked, full, gone); answered 503 so that the exchange knows."""


class RowLocked(StoreUnavailable):
    """Somebody holds what this one work needs; the others may be committed."""


class UnknownRecord(BridgeError):
    """Asked by id or name for something that is not there."""


class ClaimLost(BridgeError):
    """This process may no longer write what became of a delivery: its lease ran out meanwhile."""


class JournalRefused(BridgeError):
    """The exchange did not give its journal, or gave something that is none; nothing was changed."""


class TooMuch(BridgeError):
    """More was asked for than one answer holds; a part of it would be taken for the whole."""
