"""1C is told: one claimed delivery is attempted, and its next move decided."""

from dataclasses import dataclass

from bridge.core.delivery import Outcome, Verdict, decide
from bridge.core.ports import Claim, Contract


@dataclass(frozen=True)
class Attempt:
    """What 1C answered and what follows; it counts once `Outbox.settle` has written it."""

    claim: Claim
    outcome: Outcome
    verdict: Verdict


def deliver(claim: Claim, *, contract: Contract, limit: int, dice: float) -> Attempt:
    """Tell 1C once.

    Args:
        limit: attempts after which a failing event goes to the dead letters.
        dice: in [0, 1), for the jitter of the next attempt.
    """
    return attempted(claim, contract.deliver(claim.operation, claim.stored), limit=limit, dice=dice)


def attempted(claim: Claim, outcome: Outcome, *, limit: int, dice: float) -> Attempt:
    """What follows from an answer; `limit` and `dice` as in `deliver`."""
    return Attempt(claim, outcome, decide(outcome, tries=claim.tries, limit=limit, dice=dice))
