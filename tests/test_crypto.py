"""The cryptography of the vault: what opens where, what does not, and what lengths tell."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag

from app.access.sealing import unseal
from app.models.vault import BlindKind
from app.privacy.crypto import (
    NotOpened,
    Place,
    blind_index,
    mac,
    new_key,
    nhs_number,
    open_sealed,
    seal,
    surname_and_date_of_birth,
    upn,
)
from app.privacy.keys.recovery import hkdf

VECTORS = Path(__file__).parent / "vectors"
KEY = bytes(range(32))
PLACE = Place(UUID(int=1), UUID(int=2), "identity", 1)
JANE = {"given_names": ["Jane"], "surname": "Doe", "nhs_number": "9434765919"}


def vectors(name: str) -> list[Any]:
    """Return the cases of a file of vectors, each by the number it has there."""
    groups = json.loads((VECTORS / f"wycheproof_{name}.json").read_text())["testGroups"]
    cases = [case for group in groups for case in group["tests"]]
    assert cases
    return [pytest.param(case, id=str(case["tcId"])) for case in cases]


@pytest.mark.parametrize("case", vectors("aes_gcm"))
def test_sealed_bytes_open_as_project_wycheproof_says(case: dict[str, str]) -> None:
    key, nonce, aad, sealed = (
        bytes.fromhex(each) for each in (case["key"], case["iv"], case["aad"], case["ct"])
    )
    sealed = nonce + sealed + bytes.fromhex(case["tag"])

    if case["result"] == "valid":
        assert unseal(key, sealed, aad) == bytes.fromhex(case["msg"])
    else:
        with pytest.raises(InvalidTag):
            unseal(key, sealed, aad)


@pytest.mark.parametrize("case", vectors("hmac_sha256"))
def test_keyed_hashes_are_as_project_wycheproof_says(case: dict[str, str]) -> None:
    found = mac(bytes.fromhex(case["key"]), bytes.fromhex(case["msg"]))

    assert (found == bytes.fromhex(case["tag"])) is (case["result"] == "valid")


@pytest.mark.parametrize("case", vectors("hkdf_sha256"))
def test_keys_are_derived_as_project_wycheproof_says(case: dict[str, str]) -> None:
    secret, salt, purpose = (bytes.fromhex(case[name]) for name in ("ikm", "salt", "info"))

    assert hkdf(secret, salt, purpose) == bytes.fromhex(case["okm"])[:32]


@pytest.mark.parametrize(
    "value", [{}, JANE, {"surname": "Ångström 🙂"}, {"note": "x" * 5000, "none": None}]
)
def test_what_was_sealed_opens_in_its_place(value: dict[str, Any]) -> None:
    key = new_key()

    assert open_sealed(key, PLACE, seal(key, PLACE, value)) == value


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, case_id=uuid4()),
        replace(PLACE, row_id=uuid4()),
        replace(PLACE, case_id=PLACE.row_id, row_id=PLACE.case_id),
        replace(PLACE, field="aliases"),
        replace(PLACE, version=2),
        replace(PLACE, field="identity|1", version=1),
    ],
    ids=["case", "row", "swapped", "field", "version", "separator"],
)
def test_what_was_moved_stays_shut(elsewhere: Place) -> None:
    sealed = seal(KEY, PLACE, JANE)

    with pytest.raises(NotOpened):
        open_sealed(KEY, elsewhere, sealed)


def test_no_bit_can_be_changed() -> None:
    sealed = seal(KEY, PLACE, JANE)

    for position in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(NotOpened):
            open_sealed(KEY, PLACE, bytes(changed))


def test_what_was_cut_off_or_lengthened_stays_shut() -> None:
    sealed = seal(KEY, PLACE, JANE)

    for changed in [sealed[:length] for length in range(len(sealed))] + [sealed + b" "]:
        with pytest.raises(NotOpened):
            open_sealed(KEY, PLACE, changed)


def test_the_key_of_another_case_does_not_open() -> None:
    with pytest.raises(NotOpened):
        open_sealed(new_key(), PLACE, seal(KEY, PLACE, JANE))


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    sealed = seal(KEY, PLACE, JANE)

    with pytest.raises(ValueError, match="32 bytes"):
        seal(KEY[:1] * length, PLACE, JANE)
    with pytest.raises(ValueError, match="32 bytes"):
        blind_index(KEY[:1] * length, BlindKind.upn, "H801200001001")
    with pytest.raises(NotOpened):
        open_sealed(KEY[:1] * length, PLACE, sealed)


def test_what_does_not_open_says_nothing_and_holds_nothing() -> None:
    sealed = seal(KEY, PLACE, JANE)

    with pytest.raises(NotOpened) as refused:
        open_sealed(new_key(), PLACE, sealed)

    assert refused.value.args == ()
    assert refused.value.__context__ is None


def test_names_of_every_usual_length_look_alike() -> None:
    lengths = {len(seal(KEY, PLACE, {"surname": "x" * length})) for length in range(1, 50)}

    assert lengths == {1 + 12 + 64 + 16}


def test_the_same_body_never_looks_the_same() -> None:
    assert len({seal(KEY, PLACE, JANE) for _ in range(1000)}) == 1000


def test_nothing_of_a_body_is_left_in_clear() -> None:
    sealed = seal(KEY, PLACE, JANE)

    assert not [value for value in ("Jane", "Doe", "9434765919") if value.encode() in sealed]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O'Neill", "ONEILL "),
        ("Zoe\u0308", "ZO\u00cb"),
        ("Stra\u00dfe", "STRASSE"),
        ("\uff33mith", "Smith"),
        ("Smith-Jones", "smith jones"),
        ("943 476 5919", "9434765919"),
    ],
)
def test_however_a_value_is_written_it_is_found_again(one: str, other: str) -> None:
    kind = BlindKind.nhs_number

    assert blind_index(KEY, kind, one) == blind_index(KEY, kind, other)


def test_another_value_kind_or_key_has_another_hash() -> None:
    found = {
        blind_index(key, kind, value)
        for key in (KEY, new_key())
        for kind in BlindKind
        for value in ("9434765919", "9434765870", "1upn9434765919")
    }

    assert len(found) == 2 * 3 * 3
    assert {len(each) for each in found} == {16}


@pytest.mark.parametrize("value", ["", "   ", "-\u2013'", "\u200b"])
def test_a_value_of_which_nothing_is_left_is_not_hashed(value: str) -> None:
    with pytest.raises(ValueError, match="letter or a digit"):
        blind_index(KEY, BlindKind.upn, value)


def test_identifiers_are_written_in_one_way() -> None:
    assert nhs_number(" 943-476 5919\n") == "9434765919"
    assert nhs_number("\u0669\u0664\uff13") == "943"
    assert upn(" h801 2000 0100 1") == upn("H801200001001")


def test_a_surname_and_a_date_of_birth_are_one_value() -> None:
    value = surname_and_date_of_birth("O'Neill", date(2014, 3, 9))

    assert value == "oneill20140309"
    assert surname_and_date_of_birth("X1", date(987, 1, 1)) == "x109870101"
    with pytest.raises(ValueError, match="surname"):
        surname_and_date_of_birth("-", date(2014, 3, 9))
