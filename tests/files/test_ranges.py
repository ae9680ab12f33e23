"""Which bytes a Range header asks for: the examples of RFC 9110, 14.1.2 and 14.2, and what is none."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.files.downloading import Span, Unsatisfiable, attachment, span_of

SIZE = 10_000


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-499", 0, 500),
        ("bytes=500-999", 500, 1000),
        ("bytes=-500", 9500, 10_000),
        ("bytes=9500-", 9500, 10_000),
        ("bytes=0-0", 0, 1),
        ("bytes=-1", 9999, 10_000),
        ("BYTES=0-499", 0, 500),
        ("bytes= 0-499 ", 0, 500),
        ("bytes=9999-10000", 9999, 10_000),
        ("bytes=0-99999999999999999999999", 0, 10_000),
        ("bytes=-20000", 0, 10_000),
        (f"bytes=0-{'9' * 5000}", 0, 10_000),
    ],
)
def test_one_range_is_understood(header, start, end):
    assert span_of(header, SIZE) == Span(start, end)


@pytest.mark.parametrize("header", ["bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=99999999999999999999-"])
def test_a_range_without_a_byte_of_the_file_is_unsatisfiable(header):
    with pytest.raises(Unsatisfiable):
        span_of(header, SIZE)


@pytest.mark.parametrize(
    "header",
    [
        "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-0", "bytes=--1", "bytes=0x0-1", "lines=0-4", "bytes=0-0,-1", "bytes=500-600,601-999",
        "bytes=0 - 1", "bytes=+0-1", "bytes=٣-٤",
    ],
)  # fmt: skip
def test_several_ranges_other_units_and_nonsense_get_the_whole_file(header):
    assert span_of(header, SIZE) is None


def test_nothing_has_no_range():
    assert span_of("bytes=-5", 0) is None
    with pytest.raises(Unsatisfiable):
        span_of("bytes=0-", 0)


@given(st.text(min_size=1, max_size=100))
def test_every_name_fits_into_a_header_and_comes_out_of_it_as_it_was(name):
    told = attachment(name.encode("utf-8", "replace").decode())
    found = re.fullmatch(r"attachment; filename=\"([ !#-$&-\[\]-~]*)\"; filename\*=UTF-8''([!#$&+.^_`|~0-9A-Za-z%-]*)", told)
    assert found is not None
    assert unquote(found[2]) == name.encode("utf-8", "replace").decode()
