"""The names of the targets, for a runner that must not import them before they are instrumented."""

NAMES = (
    "soap",
    "hook",
    "number",
    "card",
    "onec_answer",
    "dial_answer",
    "journal",
    "json",
    "head",
    "entrances",
)
