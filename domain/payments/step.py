"""What can be asked of a payment provider."""

from domain.shared.word import Word


class Step(Word):
    """One call. `query` asks how things stand, and changes nothing."""

    AUTHORISE = "authorise"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    QUERY = "query"
