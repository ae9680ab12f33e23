"""The library's own recorder test cases pass on Daybook's log, unchanged, on both servers.

They are `unittest` cases that make their recorder themselves; here pytest runs their methods with a recorder on a database of each server.
"""

import pytest
from eventsourcing.persistence import AggregateRecorder, ApplicationRecorder

from infra.eventsourcing.datastore import Datastore
from infra.eventsourcing.recorders import (
    LogAggregateRecorder,
    LogApplicationRecorder,
    LogProcessRecorder,
    LogTrackingRecorder,
    SnapshotRecorder,
)
from tests.eventsourcing.library import persistence as cases

PROMISED = [
    (cases.AggregateRecorderTestCase, LogAggregateRecorder),
    (cases.AggregateRecorderTestCase, SnapshotRecorder),
    (cases.ApplicationRecorderTestCase, LogApplicationRecorder),
    (cases.ApplicationRecorderTestCase, LogProcessRecorder),
    (cases.TrackingRecorderTestCase, LogTrackingRecorder),
    (cases.ProcessRecorderTestCase, LogProcessRecorder),
    (cases.NonInterleavingNotificationIDsBaseCase, LogApplicationRecorder),
]
LONG = {"test_concurrent_no_conflicts"}
"""Ten thousand events in ten threads: once is enough, with the recorder that applications use."""


def methods(case, recorder):
    names = [name for name in dir(case) if name.startswith(("test", "optional_test")) and callable(getattr(case, name))]
    return [name for name in names if name not in LONG or recorder is LogApplicationRecorder]


@pytest.mark.parametrize(
    ("case", "recorder", "method"),
    [pytest.param(case, recorder, method, id=f"{recorder.__name__}-{method}") for case, recorder in PROMISED for method in methods(case, recorder)],
)
def test_the_librarys_own_case_passes(empty_log, case, recorder, method):
    datastore = Datastore(empty_log.app_url, size=10)

    class Case(case):
        EXPECT_CONTIGUOUS_NOTIFICATION_IDS = True

        def create_recorder(self):
            return recorder(datastore)

        def runTest(self):  # noqa: N802 — the library's word.
            getattr(self, method)()

    try:
        Case().runTest()
    finally:
        datastore.close()


def test_no_case_of_the_library_for_recorders_is_left_out():
    known = {case for case, _ in PROMISED}
    there = {case for name, case in vars(cases).items() if name.endswith(("RecorderTestCase", "BaseCase")) and case is not cases.RecorderTestCase}
    assert there == known
    assert {recorder for _, recorder in PROMISED} >= {LogApplicationRecorder, LogTrackingRecorder, LogProcessRecorder}
    assert issubclass(LogApplicationRecorder, ApplicationRecorder)
    assert issubclass(SnapshotRecorder, AggregateRecorder)
