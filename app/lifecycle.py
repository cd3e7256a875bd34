"""Lifecycles: which state follows which, and who may move a record there.

A lifecycle is a table of moves. The same table answers `allowed_transitions` in every body, as an
expression that PostgreSQL evaluates for the caller, and guards the move itself: what a caller is
shown is what a caller may do.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step."""

    source: str
    target: str
    needs: str
    """The scope or capability that allows it."""
    is_own: bool = False
    """Only the agency the record belongs to."""
    is_others: bool = False
    """Never the agency the record belongs to: nobody moderates the own agency."""
    needs_reason: bool = False
    """The move must say why."""
    decided_by: tuple[str, ...] = ()
    """Codes or kinds of the bodies of which one must have decided it; empty: no decision."""
    decided_as: str = "agreed"
    """The outcome that this decision must have."""
    condition: str = ""
    """A further condition in SQL over `t`, the record, and `caller`."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The moves of one kind of record, whose state is the column `status`."""

    moves: tuple[Move, ...]

    @property
    def allowed(self) -> str:
        """Return the SQL expression of the states the caller may move the record to."""
        sources = dict.fromkeys(move.source for move in self.moves)
        cases = " ".join(f"WHEN '{source}' THEN {self._from(source)}" for source in sources)
        return f"CASE t.status {cases} ELSE '[]'::json END"

    def _from(self, source: str) -> str:
        """Return the expression for a record that stands in one state."""
        targets = ", ".join(
            f"CASE WHEN {_condition(move)} THEN '{move.target}' END"
            for move in self.moves
            if move.source == source
        )
        return f"array_to_json(array_remove(ARRAY[{targets}]::text[], NULL))"

    def decided_by(self, source: str, target: str) -> tuple[str, ...]:
        """Return the codes and kinds of the bodies of which one must have decided a move."""
        return next(
            (
                move.decided_by
                for move in self.moves
                if (move.source, move.target) == (source, target)
            ),
            (),
        )

    def decided_as(self, source: str, target: str) -> str:
        """Return the outcome that the decision of a move must have."""
        return next(
            (
                move.decided_as
                for move in self.moves
                if (move.source, move.target) == (source, target)
            ),
            "agreed",
        )

    def needs_reason(self, source: str, target: str) -> bool:
        """Tell whether a move must say why."""
        return any(
            move.needs_reason
            for move in self.moves
            if (move.source, move.target) == (source, target)
        )


def _condition(move: Move) -> str:
    parts = [f"'{move.needs}' = ANY (caller.grants)"]
    if move.is_own:
        parts.append("t.agency_id = caller.agency_id")
    if move.is_others:
        parts.append("t.agency_id IS DISTINCT FROM caller.agency_id")
    if move.condition:
        parts.append(f"({move.condition})")
    return " AND ".join(parts)
