"""The names of a case, word by word: compiled once, looked up for every word of a text."""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from app.privacy.recognition.folding import TABLE, key
from app.privacy.recognition.kinds import RegisteredName, RegisteredPerson
from app.privacy.recognition.lexicon import (
    COMMON,
    FORENAMES,
    PARTICLES,
    SURNAMES,
    TITLES,
    short_forms,
    word_names,
)
from app.privacy.recognition.misspelling import Neighbours

PART = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
SHORTEST_HANDLE = 6


class Role(StrEnum):
    """What a word is within a name."""

    given = "given"
    middle = "middle"
    """A further given name: alone it is doubtful."""
    family = "family"
    particle = "particle"
    """Belongs to a name, but names nobody alone."""
    whole = "whole"
    """Given and family name in one word, as in handles."""


class Tag(NamedTuple):
    """A word names this person, in this role."""

    person: int
    role: Role
    is_exact: bool
    """Registered as it stands; else a short form, or what it is short for."""


class Vocabulary:
    """The words of all names of a case."""

    def __init__(self, persons: Sequence[RegisteredPerson]) -> None:
        self.initials: dict[str, set[int]] = {}
        self.first_letters: dict[int, set[str]] = {}
        self._tags: dict[str, set[Tag]] = {}
        for person in persons:
            self.first_letters[person.number] = set()
            for place, name in enumerate(person.names):
                self._add(person.number, name, is_nickname=place > 0 and not name.family)
        self.tags = {word: tuple(tags) for word, tags in self._tags.items()}
        plurals = {word + "s" for word in self.tags}
        self.first_words = frozenset({*self.tags, *plurals}) | PARTICLES | TITLES
        """Words in lower case that a name can begin with."""
        self.neighbours = Neighbours(
            word for word, tags in self.tags.items() if any(tag.is_exact for tag in tags)
        )

    def _add(self, person: int, name: RegisteredName, *, is_nickname: bool) -> None:
        givens = _spellings(name.given)
        families = _spellings(name.family)
        for given in givens:
            self._add_given(person, given, is_nickname=is_nickname)
        for family in families:
            self._add_family(person, family)
        for given in givens:
            for family in families:
                self._add_pair(person, _parts(given), _parts(family))

    def _add_given(self, person: int, given: str, *, is_nickname: bool) -> None:
        names = given.split()
        for place, written in enumerate(names):
            role = Role.middle if place else Role.given
            parts = _parts(written)
            for word in {*parts, "".join(parts)}:
                self._tag(word, person, role)
            for word in () if place or is_nickname else {*parts, "".join(parts)}:
                self._add_short_forms(person, word)
        self._tag("".join(_parts(given)), person, Role.given)
        self.first_letters[person].add(_parts(given)[0][0])

    def _add_short_forms(self, person: int, given: str) -> None:
        """Katie is Katherine and the reverse; that Katie is Kath is doubtful."""
        near = short_forms().get(given, frozenset())
        for form in near:
            self._tag(form, person, Role.given, is_exact=False)
            for other in short_forms()[form] - near - {given}:
                self._tag(other, person, Role.middle, is_exact=False)

    def _add_family(self, person: int, family: str) -> None:
        parts = _parts(family)
        for word in parts:
            self._tag(word, person, Role.family)
        for first in range(len(parts)):
            self._tag("".join(parts[first:]), person, Role.family)

    def _add_pair(self, person: int, given: list[str], family: list[str]) -> None:
        first, last = given[0], "".join(family)
        lasts = {last, *(part for part in family if len(part) > len("van"))}
        for one in {first, "".join(given), *short_forms().get(first, ())}:
            for end in lasts:
                self._tag(one + end, person, Role.whole)
                self._tag(end + one, person, Role.whole)
        is_handle = len(last) >= SHORTEST_HANDLE - 1 and last not in word_names()
        if is_handle and first[0] + last not in FORENAMES | SURNAMES | COMMON:
            self._tag(first[0] + last, person, Role.whole)
        letters = "".join(word[0] for word in given)
        families = {family[-1][0], "".join(word[0] for word in family), last[0]}
        for start in {letters, letters[0]}:
            for end in families:
                self.initials.setdefault(start + end, set()).add(person)

    def _tag(self, word: str, person: int, role: Role, *, is_exact: bool = True) -> None:
        if word in PARTICLES and role is not Role.given:
            role = Role.particle
        if len(word) > 1:
            self._tags.setdefault(word, set()).add(Tag(person, role, is_exact))


def persons_of(tags: Iterable[Tag]) -> frozenset[int]:
    """Return whom a word alone names: short forms count only where nobody bears it exactly."""
    standing = [tag for tag in tags if tag.role is not Role.particle]
    exact = frozenset(tag.person for tag in standing if tag.is_exact and tag.role != Role.middle)
    return exact or frozenset(tag.person for tag in standing)


def _parts(name: str) -> list[str]:
    return [part.replace("'", "") for part in PART.findall(name)]


def _spellings(name: str | None) -> set[str]:
    """Return a name as it may be typed: folded, in lower case, umlauts also written out."""
    if name is None:
        return set()
    cases = {name, name.upper(), name.lower(), name.lower().translate(UMLAUTS)}
    folded = {case.translate(TABLE).lower() for case in cases}
    return {case for case in folded if key(case).strip() and PART.search(case)}
