"""Criteria of statutory reviews, limb by limb: the service shows the result, a human decides."""

from collections.abc import Iterable, Mapping
from typing import Self

from pydantic import model_validator

from app.reference.shipped import Shipped, SourceCertainty, no_code_twice


class Limb(Shipped):
    """One question of the criteria, put so that "yes" speaks for a review."""

    code: str
    text: str
    source: str


class Criteria(Shipped):
    """Limbs, and which of them together suffice.

    Met when every limb of one combination of `met_when` is answered with yes.
    """

    code: str
    title: str
    limbs: tuple[Limb, ...]
    met_when: tuple[tuple[str, ...], ...]
    source: str
    certainty: SourceCertainty

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        no_code_twice(limb.code for limb in self.limbs)
        if not self.met_when or not all(self.met_when):
            message = "Criteria name at least one combination, and no empty one."
            raise ValueError(message)
        if {each for together in self.met_when for each in together} != self.codes:
            message = "The combinations use every limb of the criteria, and no other."
            raise ValueError(message)
        return self

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the limbs."""
        return frozenset(limb.code for limb in self.limbs)

    def met(self, answers: Mapping[str, bool | None]) -> bool | None:
        """Tell whether answers meet the criteria; null while that depends on open limbs.

        A limb that is missing or null is open. Raises `ValueError` where an answer is to no limb
        of these criteria: it would else be lost.
        """
        if not answers.keys() <= self.codes:
            message = "An answer is to no limb of these criteria."
            raise ValueError(message)
        found = [_all_yes(map(answers.get, together)) for together in self.met_when]
        if True in found:
            return True
        return None if None in found else False


def _all_yes(answers: Iterable[bool | None]) -> bool | None:
    known = [*answers]
    if False in known:
        return False
    return None if None in known else True
