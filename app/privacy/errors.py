"""What the privacy of people makes us refuse."""

from app.errors import ApiError, IdentitiesDestroyed, Invalid, Problem, UnresolvedIdentifier

__all__ = ["IdentitiesDestroyed", "InvalidToken", "LabelIdentifies", "UnresolvedIdentifiers"]


class UnresolvedIdentifiers(Invalid):
    """A text may say who somebody is. Register the person, or say in `resolutions` what it is."""

    code = "unresolved_identifiers"

    def __init__(self, *places: UnresolvedIdentifier) -> None:
        super().__init__()
        self.places = places

    def problem(self, request_id: str) -> Problem:
        """Describe the refusal: where and what kind, never the text."""
        found = list(self.places[:200])
        return ApiError.problem(self, request_id).model_copy(update={"identifiers": found})


class InvalidToken(Invalid):
    """A text holds a bracket that is ours, a resolution fits no place, or a label is unknown."""

    code = "invalid_token"


class LabelIdentifies(Invalid):
    """A label must not say who the person is."""

    code = "label_identifies"
