"""The console's texts in English, by the Russian of the templates and `texts`, word for word."""

from collections.abc import Mapping

from bridge.web.console.english.calls import CALLS
from bridge.web.console.english.frame import FRAME
from bridge.web.console.english.queue import QUEUE
from bridge.web.console.english.sandbox import SANDBOX
from bridge.web.console.english.setup import SETUP
from bridge.web.console.english.today import TODAY

IN_ENGLISH: Mapping[str, str] = {**FRAME, **TODAY, **CALLS, **QUEUE, **SANDBOX, **SETUP}
