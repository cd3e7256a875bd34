"""The borders of rows are found wherever a body is cut into parts."""

import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.row_stream import (
    BYTE_ORDER_MARK,
    MAX_ROW_BYTES,
    Elements,
    Lines,
    Row,
    Splitter,
)
from app.strict_json import MalformedJson

TRICKY = st.text(alphabet='ab"\\[]{},: \né\u2028', max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TRICKY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TRICKY, inner, max_size=3),
    max_leaves=8,
)
SIZES = st.integers(min_value=1, max_value=40)


def split(splitter: Splitter, body: bytes, size: int) -> list[Row]:
    """Feed a body in parts of a size."""
    parts = (body[place : place + size] for place in range(0, len(body), size))
    return [row for part in parts for row in splitter.feed(part)] + splitter.close()


def values_of(rows: Iterable[Row]) -> list[object]:
    return [json.loads(row.content or b"") for row in rows]


@given(
    values=st.lists(VALUES, max_size=5),
    size=SIZES,
    indent=st.none() | st.integers(min_value=0, max_value=2),
    mark=st.sampled_from([b"", BYTE_ORDER_MARK, BYTE_ORDER_MARK + b"\r\n ", b" \t"]),
)
def test_an_array_has_the_same_elements_however_it_is_cut(
    values: list[object], size: int, indent: int | None, mark: bytes
) -> None:
    body = mark + json.dumps(values, indent=indent, ensure_ascii=False).encode() + b"\n"

    rows = split(Elements(), body, size)

    assert values_of(rows) == values
    assert [row.number for row in rows] == [*range(1, len(values) + 1)]


@given(
    values=st.lists(VALUES | st.just(b""), max_size=5),
    size=SIZES,
    mark=st.sampled_from([b"", BYTE_ORDER_MARK]),
    end=st.sampled_from([b"\n", b"\r\n"]),
)
def test_lines_have_the_same_numbers_however_they_are_cut(
    values: list[object], size: int, mark: bytes, end: bytes
) -> None:
    lines = [b"" if value == b"" else json.dumps(value).encode() for value in values]

    rows = split(Lines(), mark + end.join(lines), size)

    numbered = [(n, value) for n, value in enumerate(values, start=1) if value != b""]
    assert [(row.number, *values_of([row])) for row in rows] == numbered


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b'["a', b"{}", b'"[]"', b"[] []", b"[]]", b'[{"a": 1}}', b"[1, {]", b"\xef\xbb[]"],
)
def test_what_is_no_array_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJson):
        split(Elements(), body, 3)


def test_a_fault_within_an_element_stays_in_it() -> None:
    rows = split(Elements(), b'[{"a": 1,,}, , [1 2], {"b": 2]]', 4)

    assert [row.content for row in rows] == [b'{"a": 1,,}', b"", b"[1 2]", b'{"b": 2]']


@pytest.mark.parametrize("size", [65_536, 5_000_000])
def test_a_row_that_is_too_long_is_let_go_and_the_next_one_read(size: int) -> None:
    long = b'"' + b'\\"[' * MAX_ROW_BYTES + b'"'

    elements = split(Elements(), b"[" + long + b",2]", size)
    lines = split(Lines(), long + b"\n2", size)

    assert elements == lines == [Row(1, None), Row(2, b"2")]


def test_a_long_way_without_a_border_is_passed_once() -> None:
    """In the square of its length each of these would take minutes."""
    blank = split(Elements(), b" " * 8_000_000 + b"[]", 4_096)
    text = split(Elements(), b'["' + b"a" * 8_000_000 + b'"]', 4_096)

    assert (blank, text) == ([], [Row(1, None)])
    with pytest.raises(MalformedJson):
        split(Elements(), b"[" * 400_000, 4_096)
