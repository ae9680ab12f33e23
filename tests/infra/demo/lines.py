"""Tickets for tests, in a few words."""

from infra.demo.log import Line
from infra.demo.story import Story

A, B = "Value 1", "Value 2"


def story(*lines: tuple[str, str], seriousness: str = "Value 1") -> Story:
    return Story([
        Line(
            number=number, timestamp=f"2010-01-{number:02}T00:00:00+00:00", ticket="Case 7", activity=activity, resource=resource,
            seriousness=seriousness, customer="Value 9", product="Value 3", service_level="", service_type="", workgroup="",
        )
        for number, (activity, resource) in enumerate(lines, 2)
    ])  # fmt: skip


JUDGED = ("Assign seriousness", A)
TAKEN = ("Take in charge ticket", A)
RESOLVED = ("Resolve ticket", A)
CLOSED = ("Closed", B)
