"""Events as bytes and back: every shape that was ever released is read for ever."""

from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import infra.app  # noqa: F401 — registers the events of every context.
from application.shared.context import SYSTEM, Context
from domain.shared.event import BY_CLASS, BY_NAME, UPCASTS, Event, EventType, upcasts
from infra.serialization import mapper

CORPUS = [msgspec.json.decode(line) for line in (Path(__file__).parent / "corpus.jsonl").read_bytes().splitlines()]
COMMAND = UUID(int=7)


class Measured(Event, frozen=True):
    """Today's shape, the third."""

    millimetres: int
    by: str = "nobody"


@pytest.fixture
def measured():
    """An event type with a past: metres as a number, then centimetres, now millimetres."""
    BY_NAME["toy.measured"] = BY_CLASS[Measured] = EventType("toy.measured", 3, Measured)
    upcasts("toy.measured", 1)(lambda old: {"centimetres": old["metres"] * 100})
    upcasts("toy.measured", 2)(lambda old: {"millimetres": old["centimetres"] * 10} | {name: old[name] for name in ("by",) if name in old})
    yield "toy.measured"
    del BY_NAME["toy.measured"], BY_CLASS[Measured], UPCASTS["toy.measured", 1], UPCASTS["toy.measured", 2]
    mapper._decoder.cache_clear()


def recorded(schema: int) -> bytes:
    return msgspec.json.encode({"command_id": COMMAND, "schema": schema})


def test_every_released_shape_of_every_event_stands_in_the_corpus():
    ours = {name: known for name, known in BY_NAME.items() if known.shape.__module__.startswith("domain.")}  # other tests have toys
    released = {(name, schema) for name, known in ours.items() for schema in range(1, known.schema + 1)}
    assert released <= {(line["type"], line["schema"]) for line in CORPUS}


@pytest.mark.parametrize("line", CORPUS, ids=lambda line: f"{line['type']} {line['schema']}")
def test_a_released_shape_is_read_whole(line):
    event = mapper.decode(line["type"], msgspec.json.encode(line["data"]), recorded(line["schema"]))
    assert type(event) is BY_NAME[line["type"]].shape
    if line["schema"] == BY_NAME[line["type"]].schema:
        name, data = mapper.encode(event)
        assert (name, msgspec.json.decode(data)) == (line["type"], line["data"])


@pytest.mark.parametrize(
    ("schema", "data", "expected"),
    [
        (1, b'{"metres":2}', Measured(millimetres=2000)),
        (2, b'{"centimetres":7,"by":"ada"}', Measured(millimetres=70, by="ada")),
        (3, b'{"millimetres":5}', Measured(millimetres=5)),
    ],
)
def test_an_old_shape_goes_through_every_upcast_to_today(measured, schema, data, expected):
    assert mapper.decode(measured, data, recorded(schema)) == expected


def test_metadata_says_in_which_schema_the_data_is(measured):
    del measured
    written = msgspec.json.decode(mapper.metadata(Context(SYSTEM, COMMAND, trace_id="ab"), Measured(millimetres=1)))
    assert written == {"command_id": str(COMMAND), "schema": 3, "trace_id": "ab"}


def test_an_event_of_newer_code_is_told_apart_from_damage():
    with pytest.raises(mapper.UnknownEventType):
        mapper.decode("toy.of_tomorrow", b"{}", recorded(1))


@given(st.text(st.characters(exclude_categories=[]), max_size=30))
def test_text_that_cannot_be_recorded_is_refused_and_all_other_text_comes_back(text):
    event = BY_NAME["task.progressed"].shape(at="2026-11-20T09:30:00Z", note=text)
    unwritable = "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text)
    if unwritable:
        with pytest.raises(mapper.Unwritable):
            mapper.encode(event)
    else:
        _, data = mapper.encode(event)
        assert msgspec.json.decode(data)["note"] == text


def test_a_backslash_that_only_looks_like_nul_is_text():
    event = BY_NAME["task.progressed"].shape(at="2026-11-20T09:30:00Z", note="\\u0000")
    assert msgspec.json.decode(mapper.encode(event)[1])["note"] == "\\u0000"


def test_an_event_larger_than_256_kib_is_refused():
    event = BY_NAME["task.progressed"].shape(at="2026-11-20T09:30:00Z", note="x" * 262_144)
    with pytest.raises(mapper.Unwritable):
        mapper.encode(event)
