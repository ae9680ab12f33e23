"""From the help desk's lines to requests: what each activity comes to, depending on where the ticket stands."""

from collections import Counter

import pytest

from infra.demo.log import by_ticket, parse, read_log
from infra.demo.step import ADMIN, DESK, Entry, Step
from infra.demo.story import Story
from tests.infra.demo.lines import CLOSED, JUDGED, RESOLVED, TAKEN, A, B, story


def said(steps: tuple[Step, ...]) -> list[tuple[str, str, str]]:
    return [(step.by, step.path, str(step.body.get("status", step.body.get("node_id", "")))) for step in steps]


def test_the_first_line_creates_the_task_with_what_the_log_knows():
    (told,) = story(JUDGED).told
    (step,) = told.steps
    assert (step.by, step.method, step.path) == (DESK, "POST", "")
    assert step.body["title"] == step.body["external_id"] == "Case 7"
    assert step.body["priority"] == "high"
    assert step.body["payload"]["customer"] == "Value 9"
    assert step.body["payload"]["opened_by"] == A


def test_seriousness_sets_the_priority_of_a_ticket_that_nobody_had_judged():
    told = story(("Insert ticket", A), JUDGED, JUDGED).told
    assert told[0].leaves.priority == "medium"
    assert (told[1].steps[0].method, told[1].steps[0].body) == ("PATCH", {"priority": "high"})
    assert told[2].steps == ()


def test_seriousness_comes_too_late_when_the_work_has_begun():
    told = story(TAKEN, JUDGED).told[1]
    assert [step.refusal for step in told.steps] == ["task_not_editable"]
    assert told.leaves.priority == "medium"


def test_seriousness_that_nobody_knows_is_named():
    assert story(("Insert ticket", A), JUDGED, seriousness="Value 77").told[1].problem == "the seriousness 'Value 77' is not known"


def test_taking_in_charge_assigns_and_starts():
    assert said(story(JUDGED, TAKEN).told[1].steps) == [(ADMIN, "/assign", A), (A, "/status", "in_progress")]


def test_taking_in_charge_again_says_nothing_new_and_somebody_else_takes_over():
    told = story(JUDGED, TAKEN, TAKEN, ("Take in charge ticket", B)).told
    assert told[2].steps == ()
    assert said(told[3].steps) == [(ADMIN, "/assign", B), (B, "/status", "in_progress")]
    assert told[3].steps[0].body["force"] is True


def test_taking_in_charge_what_was_done_opens_it_again():
    told = story(JUDGED, TAKEN, RESOLVED, TAKEN, RESOLVED, ("Take in charge ticket", B)).told
    assert said(told[3].steps) == [(DESK, "/reopen", ""), (A, "/status", "in_progress")]
    assert said(told[5].steps) == [(DESK, "/reopen", ""), (ADMIN, "/assign", B), (B, "/status", "in_progress")]


def test_resolving_starts_if_needed_and_completes():
    assert said(story(JUDGED, TAKEN, RESOLVED).told[2].steps) == [(A, "/status", "completed")]
    unbegun = [(ADMIN, "/assign", A), (A, "/status", "in_progress"), (A, "/status", "completed")]
    assert said(story(JUDGED, RESOLVED).told[1].steps) == unbegun
    assert said(story(RESOLVED).told[0].steps) == [(DESK, "", ""), *unbegun]


def test_whoever_resolves_takes_it_over_first():
    assert said(story(JUDGED, TAKEN, ("Resolve ticket", B)).told[2].steps) == [
        (ADMIN, "/assign", B), (B, "/status", "in_progress"), (B, "/status", "completed"),
    ]  # fmt: skip


def test_resolving_twice_says_nothing_new_but_somebody_else_contradicts():
    told = story(JUDGED, TAKEN, RESOLVED, RESOLVED, ("Resolve ticket", B)).told
    assert told[3].steps == ()
    assert [(step.by, step.refusal) for step in told[4].steps] == [(B, "not_found")]


def test_closing_what_is_done_says_nothing_new_and_anything_else_resolves_it():
    assert story(JUDGED, TAKEN, RESOLVED, CLOSED).told[3].steps == ()
    assert story(JUDGED, TAKEN, CLOSED).task.status == "completed"


@pytest.mark.parametrize("word", ["INVALID", "DUPLICATE"])
def test_invalid_and_duplicate_fail_the_task(word):
    told = story(JUDGED, TAKEN, (word, A)).told[2]
    assert [(step.by, step.body) for step in told.steps] == [(A, {"status": "failed", "reason": word})]
    assert (told.leaves.status, told.leaves.attempts) == ("failed", 1)
    assert [step.refusal for step in story(JUDGED, TAKEN, RESOLVED, (word, A)).told[3].steps] == ["invalid_transition"]


def test_what_failed_stays_failed_until_somebody_takes_it_in_charge():
    told = story(JUDGED, TAKEN, ("DUPLICATE", A), RESOLVED, ("Closed", B), TAKEN).told
    assert [[step.refusal for step in line.steps] for line in told[3:5]] == [["invalid_transition"], ["not_found"]]
    assert told[5].steps[0].entries == (Entry("retry", A, A, None, ADMIN), Entry("status_change", "failed", "pending", None, ADMIN))
    assert told[5].leaves.status == "in_progress"


@pytest.mark.parametrize("word", ["Wait", "Require upgrade", "Schedule intervention", "Create SW anomaly", "Resolve SW anomaly", "VERIFIED"])
def test_all_else_is_noted_by_whoever_has_the_ticket_else_by_the_desk(word):
    told = story(JUDGED, (word, A), TAKEN, (word, A), (word, B)).told
    assert [told[nth].steps[0].by for nth in (1, 3, 4)] == [DESK, A, DESK]
    assert told[4].steps[0].body == {"note": f"{word} ({B}, 2010-01-06T00:00:00+00:00)"}


def test_a_line_that_cannot_be_understood_is_named_and_the_rest_goes_on():
    told = story(("", A), ("Dance", A), ("Take in charge ticket", ""), TAKEN).told
    assert [line.problem for line in told] == ["the activity '' is not known", "the activity 'Dance' is not known", "nobody is named who did it", ""]
    assert told[3].leaves.status == "in_progress"


def test_every_step_makes_one_event_so_a_version_says_which_steps_are_done():
    lines = [Story(lines) for lines in by_ticket(read_log()).values()]
    for each in lines:
        assert [step.leaves.version for step in each.steps] == list(range(1, len(each.steps) + 1))


def test_a_step_is_done_when_its_version_is_there_and_a_refused_one_when_something_came_after():
    steps = [step for line in story(JUDGED, TAKEN, RESOLVED, ("Resolve ticket", B), TAKEN).told for step in line.steps]
    assert [step.refusal for step in steps] == ["", "", "", "", "not_found", "", ""]
    assert [step.is_done_in(4) for step in steps] == [True, True, True, True, False, False, False]
    assert [step.is_done_in(5) for step in steps] == [True, True, True, True, True, True, False]


def test_the_whole_log_comes_to_this():
    lines = read_log()
    told = [line for ticket in by_ticket(lines).values() for line in Story(ticket).told]
    assert len(lines) == len(told) == 21_348
    assert (lines[0].number, lines[-1].number) == (2, 21_349)
    assert [line for line in told if line.problem] == []
    refused = Counter((line.activity, step.refusal) for line in told for step in line.steps if step.refusal)
    assert refused == {("Resolve ticket", "not_found"): 15, ("INVALID", "invalid_transition"): 2, ("Closed", "not_found"): 1}
    assert sum(not line.steps for line in told) == 5_621


def test_lines_are_numbered_as_in_the_file_and_missing_columns_are_empty():
    first, second = parse('ticket,activity,more\n"Case 1\nand more",Wait,x\nCase 2\n')
    assert (first.number, first.ticket, first.activity, first.resource) == (3, "Case 1\nand more", "Wait", "")
    assert (second.number, second.ticket, second.activity) == (4, "Case 2", "")
