"""Trees and canonical JSON, against published vectors."""

import json
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.privacy.merkle import canonical, node_of, path_of, root_of, verify_inclusion

ROOT = Path(__file__).parent.parent
VECTORS = Path(__file__).parent / "vectors"
TREES = json.loads((VECTORS / "merkle.json").read_text(encoding="utf-8"))
TEXTS = json.loads((VECTORS / "jcs.json").read_text(encoding="utf-8"))
LEAVES = [sha256(b"\x00" + bytes.fromhex(each)).digest() for each in TREES["leaves"]]


def whole(number: str) -> int | float:
    """Read `56.0` as the whole number it is, as every reader of JSON may."""
    value = float(number)
    return int(value) if value.is_integer() else value


@pytest.mark.parametrize("size", range(9))
def test_a_root_is_that_of_the_vectors(size: int) -> None:
    assert root_of(LEAVES[:size]).hex() == TREES["roots"][str(size)]


@pytest.mark.parametrize("place", TREES["inclusion"])
def test_a_path_is_that_of_the_vectors_and_leads_to_the_root(place: str) -> None:
    position, size = map(int, place.split("/"))
    root = bytes.fromhex(TREES["roots"][str(size)])

    path = path_of(LEAVES[:size], position)

    assert [each.hex() for each in path] == TREES["inclusion"][place]
    assert verify_inclusion(LEAVES[position], position, size, path, root)


def test_every_leaf_of_every_small_tree_is_proven_and_no_other() -> None:
    leaves = [sha256(bytes([number])).digest() for number in range(33)]

    for size in range(1, len(leaves) + 1):
        root = root_of(leaves[:size])
        for position in range(size):
            path = path_of(leaves[:size], position)
            proven = [
                other
                for other in range(len(leaves))
                if verify_inclusion(leaves[other], position, size, path, root)
            ]
            assert proven == [position]


@pytest.mark.parametrize(
    ("position", "size", "change"),
    [
        (3, 6, lambda path: path),
        (2, 4, lambda path: path),
        (6, 6, lambda path: path),
        (-1, 6, lambda path: path),
        (2, 6, lambda path: path[:-1]),
        (2, 6, lambda path: [*path, path[0]]),
        (2, 6, lambda path: path[::-1]),
        (2, 6, lambda _: []),
    ],
)
def test_a_proof_of_anything_else_is_refused(position: int, size: int, change: Any) -> None:
    path, root = path_of(LEAVES[:6], 2), root_of(LEAVES[:6])
    assert verify_inclusion(LEAVES[2], 2, 6, path, root)

    assert not verify_inclusion(LEAVES[2], position, size, change(path), root)


def test_a_node_does_not_pass_for_a_leaf() -> None:
    inner = node_of(LEAVES[0], LEAVES[1])

    assert sha256(b"\x00" + LEAVES[0] + LEAVES[1]).digest() != inner
    assert root_of([inner]) == root_of(LEAVES[:2])  # hence the size belongs to what a head says


@pytest.mark.parametrize("name", TEXTS)
def test_canonical_json_is_that_of_the_vectors(name: str) -> None:
    value = json.loads(TEXTS[name]["input"], parse_float=whole)

    assert canonical(value).decode() == TEXTS[name]["output"]


@pytest.mark.parametrize("value", [1.5, 2**53, -(2**53), b"x", {"a": object()}, {1: "a"}])
def test_what_is_written_in_more_than_one_way_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_control_characters_are_escaped_and_nothing_else_is() -> None:
    text = "".join(map(chr, (0, 8, 9, 10, 12, 13, 31, 34, 92, 127, 0x2028)))

    assert canonical(text) == b'"\\u0000\\b\\t\\n\\f\\r\\u001f\\"\\\\\x7f\xe2\x80\xa8"'


@pytest.mark.parametrize(("name", "value"), [(None, None), ("act", "log_export"), ("seq", 5)])
def test_the_documented_program_checks_the_documented_entry(
    tmp_path: Path, name: str | None, value: object
) -> None:
    page = (ROOT / "docs" / "access-log.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    entry, head = map(json.loads, re.findall(r"```json\n(.+?)```", page, re.DOTALL))
    if name is not None:
        entry[name] = value
    files = {"check.py": program, "entry.json": json.dumps(entry), "head.json": json.dumps(head)}
    for file, text in files.items():
        (tmp_path / file).write_text(text, encoding="utf-8")

    result = subprocess.run(  # noqa: S603 - our own page
        [sys.executable, *files], cwd=tmp_path, check=False, capture_output=True, text=True
    )

    assert (result.returncode, result.stderr == "") == ((0, True) if name is None else (1, False))
