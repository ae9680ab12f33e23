"""A payment provider as a model: carries each key out once, remembers what it refused, and says how a payment stands now or stood before."""

from collections import Counter

import msgspec
from msgspec.structs import replace

from domain.payments.charge import Charge
from domain.payments.events import CallStarted
from domain.payments.step import Step

DONE, NOT_DONE, DECLINED = "done", "not done", "declined"


class Asked(msgspec.Struct, frozen=True):
    """A call on its way: what is asked, of which attempt."""

    step: Step
    amount: int
    key: str
    attempt: int


class Reply(msgspec.Struct, frozen=True):
    """What the provider said to a call, or to a question (`step` is query)."""

    asked: Asked
    outcome: str
    charge: Charge


class Provider:
    """One payment of it."""

    def __init__(self, worth: int) -> None:
        self.worth = worth
        self.charge = Charge()
        self.past = [Charge()]
        self.outcomes: dict[str, str] = {}
        self.params: dict[str, tuple[Step, int]] = {}
        self.effects: Counter[Step] = Counter()

    def carry_out(self, asked: Asked, *, refuses: bool) -> Reply:
        """Once per key; a key always comes with the same wish."""
        assert self.params.setdefault(asked.key, (asked.step, asked.amount)) == (asked.step, asked.amount), "a key was used for two things"
        if asked.key not in self.outcomes:
            self.outcomes[asked.key] = NOT_DONE if refuses else self._do(asked)
        return Reply(asked, self.outcomes[asked.key], self.charge)

    def _do(self, asked: Asked) -> str:
        is_open = self.charge.authorised and not self.charge.voided and not self.charge.captured
        match asked.step:
            case Step.AUTHORISE:
                self.become(authorised=self.charge.authorised + asked.amount)
            case Step.CAPTURE if is_open:
                self.become(captured=asked.amount)
            case Step.VOID if is_open:
                self.become(voided=asked.amount)
            case Step.REFUND if self.charge.refunded + asked.amount <= self.charge.captured:
                self.become(refunded=self.charge.refunded + asked.amount)
            case _:
                return DECLINED
        self.effects[asked.step] += 1
        return DONE

    def become(self, **amounts: int) -> None:
        """Stand otherwise, and be able to tell of it."""
        self.charge = replace(self.charge, **amounts)
        self.past.append(self.charge)


def asked_by(event: CallStarted, amount: int) -> Asked:
    return Asked(event.step, amount, event.key, event.attempt)
