"""Whatever is asked in whatever order: no stream holds a forbidden step, one lease lives at most, and only its token has an effect."""

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule
from msgspec import UNSET

from application.shared.context import Caller
from application.tasks.assignment import AssignTask, ClaimTask
from application.tasks.deadlines import ExpireLease, RetryWhenDue
from application.tasks.node import DrainNode, ResumeNode
from application.tasks.people import AddAssignee, AddWatcher, MoveTask, RemoveAssignee, RemoveWatcher
from application.tasks.progress import ChangeTaskStatus, Heartbeat, NoteProgress
from application.tasks.steps_back import ReopenTask, RetryTask, SendBackTask
from application.tasks.task import CreateTask, DeleteTask, EditTask, RestoreTask
from domain.shared.refused import Refused
from domain.tasks import events as e
from domain.tasks.status import LEASED, Priority, Status
from domain.tasks.task import Task
from projections.tasks.node_queue import NODE_QUEUE
from projections.tasks.task_board import TASK_BOARD
from projections.tasks.task_counts import TASK_COUNTS, contrib
from projections.tasks.task_history import TASK_HISTORY
from tests.scenario import World, folded
from tests.tasks import agreement
from tests.tasks import people as p
from tests.tasks.steps import only_allowed_steps

CALLERS = st.sampled_from([None, None, None, p.ADMIN, p.ANN, p.BOB, p.NODE, p.OTHER_NODE])
"""Somebody, or (None) whoever may: else most of what is asked would be refused for that alone."""
PEOPLE = st.sampled_from([p.ADMIN, p.ANN])
NODE_IDS = st.sampled_from([p.NODE_ID, p.OTHER_ID])
LOCKS = st.none() | st.integers(1, 300)
TOKENS = st.none() | st.none() | st.integers(1, 12)
NAMES = st.sampled_from([p.ANN.id, p.BOB.id, p.CAT.id])
PLACES = st.sampled_from([None, p.GARDEN, p.CELLAR])
SECONDS = st.none() | st.integers(-60, 300)
UNCHANGED = st.just(UNSET)


def run(asked: Coroutine[Any, Any, Any]) -> Any:
    """Nothing in memory ever waits, so no event loop is needed."""
    try:
        asked.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


def few(machine: "Tasks") -> bool:
    """Steps on the same few tasks, not ever more of them."""
    return len(machine.streams) < 4


class Tasks(RuleBasedStateMachine):
    """Two nodes, people with two projects, the clock, and whatever they come up with."""

    tasks = Bundle("tasks")

    def __init__(self) -> None:
        super().__init__()
        self.world: World = run(p.world_with_nodes())
        run(p.with_projects(self.world))

    def ask(self, command: Any, caller: Caller | None) -> Task | None:
        caller = caller or self.whoever_may(command)
        try:
            result = run(self.world.do(command, caller))
        except Refused:
            return None
        return result if isinstance(result, Task) else None

    def whoever_may(self, command: Any) -> Caller:
        """The node that works on the task, where only it may; else an administrator."""
        works = isinstance(command, ChangeTaskStatus | Heartbeat | ClaimTask)
        node_id = self.task(command.task_id).assigned_node_id if works else None
        return {p.NODE_ID: p.NODE, p.OTHER_ID: p.OTHER_NODE}.get(node_id, p.ADMIN)

    @initialize(target=tasks, node_id=st.none() | NODE_IDS)
    def begin(self, node_id):
        return run(self.world.do(CreateTask(title="Sweep", assigned_node_id=node_id, retry_seconds=20), p.ADMIN)).id

    @precondition(few)
    @rule(
        target=tasks,
        caller=PEOPLE,
        node_id=st.none() | NODE_IDS,
        lock=LOCKS,
        attempts=st.integers(1, 3),
        priority=st.sampled_from(Priority),
    )
    def create_a_nodes(self, caller, node_id, lock, attempts, priority):
        until = self.world.now + timedelta(seconds=lock) if lock and node_id else None
        fields = {"assigned_node_id": node_id, "lock_expires_at": until, "max_attempts": attempts, "priority": priority}
        task = self.ask(CreateTask(title="Sweep", retry_seconds=20, **fields), caller)
        return multiple(task.id) if task else multiple()

    @precondition(few)
    @rule(target=tasks, caller=PEOPLE, status=st.sampled_from(Status), due=SECONDS, place=PLACES, assignees=st.lists(NAMES, max_size=2))
    def create(self, caller, status, due, place, assignees):
        wish = CreateTask(title="Water", status=status, due_date=self.at(due), project_id=place, assignee_ids=tuple(assignees), retry_seconds=20)
        task = self.ask(wish, caller)
        return multiple(task.id) if task else multiple()

    def at(self, seconds):
        return None if seconds is None else self.world.now + timedelta(seconds=seconds)

    @rule(task_id=tasks, node_id=NODE_IDS, lock=LOCKS, force=st.booleans())
    def assign(self, task_id, node_id, lock, force):
        until = self.world.now + timedelta(seconds=lock) if lock else None
        self.ask(AssignTask(task_id=task_id, node_id=node_id, lock_expires_at=until, force=force), p.ADMIN)

    @rule(task_id=tasks, caller=st.sampled_from([None, p.NODE, p.OTHER_NODE]), seconds=st.integers(1, 100))
    def claim(self, task_id, caller, seconds):
        self.ask(ClaimTask(task_id=task_id, lease_seconds=seconds), caller)

    @rule(task_id=tasks, caller=CALLERS, status=st.sampled_from(Status), token=TOKENS)
    def report(self, task_id, caller, status, token):
        self.worker_says(task_id, caller, token, ChangeTaskStatus(task_id=task_id, status=status, token=token))

    @rule(task_id=tasks, caller=CALLERS, token=TOKENS, progress=st.none() | st.integers(0, 2))
    def heartbeat(self, task_id, caller, token, progress):
        self.worker_says(task_id, caller, token, Heartbeat(task_id=task_id, token=token, progress=progress))

    def worker_says(self, task_id, caller, token, command):
        before, count = self.task(task_id), len(self.world.recorded)
        caller = caller or self.whoever_may(command)
        self.ask(command, caller)
        if len(self.world.recorded) > count:
            assert not before.deleted
            assert token in (None, before.token)
            assert caller.id == before.assigned_node_id or before.assigned_node_id is None
            assert before.lock_expires_at is None or before.status not in LEASED or self.world.now < before.lock_expires_at

    @rule(task_id=tasks, caller=CALLERS, what=st.sampled_from([DeleteTask, RestoreTask, RetryTask]))
    def manage(self, task_id, caller, what):
        self.ask(what(task_id=task_id), caller)

    @rule(task_id=tasks, caller=CALLERS, what=st.sampled_from([ReopenTask, SendBackTask]))
    def go_back(self, task_id, caller, what):
        self.ask(what(task_id=task_id, reason="Not yet"), caller)

    @rule(task_id=tasks, caller=CALLERS, user_id=NAMES, what=st.sampled_from([AddAssignee, RemoveAssignee, AddWatcher, RemoveWatcher]))
    def name(self, task_id, caller, user_id, what):
        self.ask(what(task_id=task_id, user_id=user_id), caller)

    @rule(task_id=tasks, caller=CALLERS, place=PLACES)
    def move(self, task_id, caller, place):
        self.ask(MoveTask(task_id=task_id, project_id=place), caller)

    @rule(
        task_id=tasks,
        caller=PEOPLE,
        status=UNCHANGED | st.sampled_from(Status),
        due=UNCHANGED | SECONDS,
        assignees=UNCHANGED | st.lists(NAMES, max_size=2),
    )
    def put(self, task_id, caller, status, due, assignees):
        people = UNSET if assignees is UNSET else tuple(assignees)
        due = UNSET if due is UNSET else self.at(due)
        before = len(self.world.recorded)
        self.ask(EditTask(task_id=task_id, changes=e.Fields(due_date=due), status=status, assignee_ids=people), caller)
        assert (status, due, people) != (UNSET, UNSET, UNSET) or len(self.world.recorded) == before

    @rule(
        task_id=tasks,
        caller=CALLERS,
        title=st.sampled_from(["Sweep", "Dry"]),
        priority=st.sampled_from(Priority),
        payload=st.sampled_from([None, 1, True]),
    )
    def edit(self, task_id, caller, title, priority, payload):
        self.ask(EditTask(task_id=task_id, changes=e.Fields(title=title, priority=priority, payload=payload)), caller)

    @rule(task_id=tasks, caller=CALLERS)
    def note(self, task_id, caller):
        self.ask(NoteProgress(task_id=task_id, note="Waiting"), caller)

    @rule(node_id=NODE_IDS, what=st.sampled_from([DrainNode, ResumeNode, ResumeNode]))
    def drain(self, node_id, what):
        self.ask(what(node_id=node_id), p.ADMIN)

    @rule(seconds=st.integers(1, 120))
    def wait(self, seconds):
        self.world.later(seconds=seconds)

    @rule()
    def tick(self):
        run(self.world.tick())
        assert self.world.due() == []

    @rule(task_id=tasks, number=st.integers(1, 12), what=st.sampled_from(["lease", "retry"]))
    def old_deadline(self, task_id, number, what):
        command = ExpireLease(task_id=task_id, token=number) if what == "lease" else RetryWhenDue(task_id=task_id, attempt=number)
        self.ask(command, p.ADMIN)

    def task(self, task_id) -> Task:
        return run(self.world.log.load(Task, task_id))[0]

    @property
    def streams(self):
        ids = {one.stream_id for one in self.world.recorded if isinstance(one.event, e.TaskEvent)}
        return {task_id: [one for one in self.world.recorded if one.stream_id == task_id] for task_id in ids}

    @invariant()
    def no_stream_holds_a_forbidden_step(self):
        for stream in self.streams.values():
            only_allowed_steps(recorded.event for recorded in stream)

    @invariant()
    def people_and_nodes_work_on_no_task_together(self):
        for task_id in self.streams:
            agreement.named_once_and_never_beside_a_node(self.task(task_id))

    @invariant()
    def due_dates_are_told_once_and_leases_are_single(self):
        for stream in self.streams.values():
            agreement.due_dates_are_told_once(stream)
            agreement.leases_are_single(stream)

    @invariant()
    def every_view_agrees_with_the_task(self):
        recorded = self.world.recorded
        board, queue, counts = (folded(model, recorded) for model in (TASK_BOARD, NODE_QUEUE, TASK_COUNTS))
        assert set(board) == set(counts) == set(self.streams)
        for task_id, stream in self.streams.items():
            task, row = self.task(task_id), board[task_id]
            agreement.board_agrees(task, row)
            agreement.queue_agrees(task, queue.get(task_id))
            agreement.counts_agree(task, row.dead, contrib(counts[task_id]))
            agreement.deadlines_agree(task, stream)

    @invariant()
    def history_tells_every_change_once(self):
        rows = folded(TASK_HISTORY, self.world.recorded)
        silent = e.LeaseExtended | e.NodeEvent
        told = {(row.task_id, row.version) for row in rows.values()}
        assert told == {(one.stream_id, one.version) for ones in self.streams.values() for one in ones if not isinstance(one.event, silent)}
        assert len({row.id for row in rows.values()}) == len(rows)


TestTasks = Tasks.TestCase
TestTasks.settings = settings(max_examples=100, stateful_step_count=40, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
