"""Merkle trees as in RFC 9162, section 2.1, over canonical JSON as in RFC 8785.

Leaves, nodes and heads are hashed with different first bytes, so that none passes for another.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from json import JSONEncoder

LARGEST = 2**53 - 1
"""Beyond it, JSON's numbers are not exact everywhere."""
NOTHING = bytes(32)
"""The head before the first."""
_quote = JSONEncoder(ensure_ascii=False).encode


def canonical(value: object) -> bytes:
    """Write a value as RFC 8785 does: no blanks, keys in the order of their UTF-16 units.

    Raises `TypeError` for what has no form that all programs agree on without rounding: numbers
    with a fraction, whole numbers beyond 2^53, and what is no JSON.
    """
    return _ordered(value).encode()


def _ordered(value: object) -> str:
    if isinstance(value, Mapping):
        keys = sorted(value, key=lambda key: str(key).encode("utf-16-be"))
        return "{" + ",".join(f"{_text(key)}:{_ordered(value[key])}" for key in keys) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_ordered, value)) + "]"
    if value is None or isinstance(value, bool):
        return _quote(value)
    if isinstance(value, int) and abs(value) <= LARGEST:
        return str(value)
    return _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        message = f"There is no canonical form of {type(value).__name__}."
        raise TypeError(message)
    return _quote(value)


def leaf_of(entry: Mapping[str, object]) -> bytes:
    """Hash an entry."""
    return sha256(b"\x00" + canonical(entry)).digest()


def node_of(left: bytes, right: bytes) -> bytes:
    """Hash two nodes into the one above them."""
    return sha256(b"\x01" + left + right).digest()


def head_of(facts: Mapping[str, object]) -> bytes:
    """Hash what a head says: its batch, the root and the head before it."""
    return sha256(b"\x02" + canonical(facts)).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaves; of none, the hash of nothing."""
    level = [*leaves]
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else sha256(b"").digest()


def path_of(leaves: Sequence[bytes], position: int) -> list[bytes]:
    """Return the nodes that lead from a leaf to the root, lowest first; positions are from 0."""
    path = []
    level = [*leaves]
    while len(level) > 1:
        beside = position ^ 1
        if beside < len(level):
            path.append(level[beside])
        level, position = _above(level), position // 2
    return path


def verify_inclusion(
    leaf: bytes, position: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Tell whether a leaf stands at a position of the tree with this root (2.1.3.2)."""
    if not 0 <= position < size:
        return False
    here, last, reached = position, size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if here % 2 or here == last:
            reached = node_of(beside, reached)
            while here and here % 2 == 0:
                here, last = here // 2, last // 2
        else:
            reached = node_of(reached, beside)
        here, last = here // 2, last // 2
    return last == 0 and reached == root


def _above(level: list[bytes]) -> list[bytes]:
    """Return the level above: a node that is left over moves up as it is."""
    pairs = zip(level[::2], level[1::2], strict=False)
    return [node_of(*pair) for pair in pairs] + level[len(level) // 2 * 2 :]
