"""The library's infrastructure factory on Daybook's log: `PERSISTENCE_MODULE=infra.eventsourcing.factory`."""

from typing import Final

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType, resolve_topic

from infra.eventsourcing.datastore import Datastore
from infra.eventsourcing.recorders import (
    LogAggregateRecorder,
    LogApplicationRecorder,
    LogProcessRecorder,
    LogTrackingRecorder,
    SnapshotRecorder,
)

DATABASE_URL: Final = "DATABASE_URL"


class LogFactory(InfrastructureFactory[LogTrackingRecorder]):
    """Recorders on the database at DATABASE_URL, which Daybook's migrations made. One log for all applications on it."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        url = self.env.get(DATABASE_URL)
        if not url:
            raise InfrastructureFactoryError(f"{DATABASE_URL} is not set in the environment of the application")
        self.datastore = Datastore(url)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Streams of the log, or the table beside it for snapshots."""
        return SnapshotRecorder(self.datastore) if purpose == "snapshots" else LogAggregateRecorder(self.datastore)

    def application_recorder(self) -> ApplicationRecorder:
        """The log."""
        return LogApplicationRecorder(self.datastore)

    def tracking_recorder(self, tracking_recorder_class: type[LogTrackingRecorder] | None = None) -> LogTrackingRecorder:
        """Positions of what was processed; a subclass by argument or TRACKING_RECORDER_TOPIC."""
        topic = self.env.get(self.TRACKING_RECORDER_TOPIC)
        chosen: type[TrackingRecorder] = tracking_recorder_class or (resolve_topic(topic) if topic else LogTrackingRecorder)
        if not issubclass(chosen, LogTrackingRecorder):
            raise InfrastructureFactoryError(f"{chosen.__name__} is not a LogTrackingRecorder")
        return chosen(self.datastore)

    def process_recorder(self) -> ProcessRecorder:
        """Events and positions together."""
        return LogProcessRecorder(self.datastore)

    def close(self) -> None:
        """Disconnect."""
        self.datastore.close()
