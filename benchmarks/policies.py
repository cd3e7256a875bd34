"""What the row policies cost: the same questions under them, and with the predicate by hand.

Both ask PostgreSQL directly: as the role of the product in a transaction that somebody has
entered, and as an administrator past every policy. Times include the round trip.
"""

import time
from dataclasses import dataclass
from statistics import median

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from app.access.tokens import hash_of
from benchmarks.stage import SignedIn, Stage

QUESTIONS = {
    "list": "SELECT * FROM audit_responses WHERE {} ORDER BY id DESC LIMIT 50",
    "read": "SELECT * FROM audit_responses WHERE id = $1 AND {}",
    "count": "SELECT count(*) FROM audit_responses WHERE {}",
    "aggregate": "SELECT status, count(*), avg(revision) FROM audit_responses WHERE {}"
    " GROUP BY status",
}

TIMES = 400
"""Most often that a question is asked."""


@dataclass(frozen=True, slots=True)
class PolicyCost:
    """Median times of a question, as one caller."""

    question: str
    policies_ms: float
    by_hand_ms: float

    @property
    def ratio(self) -> float:
        """How many times as long it takes under policies."""
        return self.policies_ms / self.by_hand_ms


async def measure_policies(stage: Stage, seconds: float) -> list[PolicyCost]:
    """Ask every question as an agency and as the Business Office, each for so many seconds."""
    app = await asyncpg.connect(stage.installation.app_url)
    admin = await asyncpg.connect(stage.admin_url)
    try:
        as_agency = await _measure(app, admin, "agency", stage.agency_system, seconds)
        office = await _measure(app, admin, "Business Office", stage.business_office, seconds)
        return as_agency + office
    finally:
        await app.close()
        await admin.close()


async def _measure(
    app: asyncpg.Connection, admin: asyncpg.Connection, who: str, caller: SignedIn, seconds: float
) -> list[PolicyCost]:
    by_hand = "true" if caller.agency_id is None else f"agency_id = '{caller.agency_id}'"
    costs = []
    async with app.transaction():
        await app.execute(
            "SELECT FROM actor.enter($1, 'audit-responses:read')", hash_of(caller.token)
        )
        record_id = await app.fetchval("SELECT id FROM audit_responses LIMIT 1")
        for question, sql in QUESTIONS.items():
            args = [record_id] if "$1" in sql else []
            policies_ms, by_hand_ms = await _alternate(
                await app.prepare(sql.format("true")),
                await admin.prepare(sql.format(by_hand)),
                args,
                seconds,
            )
            costs.append(PolicyCost(f"{question}, {who}", policies_ms, by_hand_ms))
    return costs


async def _alternate(
    first: PreparedStatement, second: PreparedStatement, args: list[object], seconds: float
) -> tuple[float, float]:
    """Ask both in turn, for so long or often enough; return both medians, in milliseconds.

    Raises `RuntimeError` if they do not answer the same.
    """
    took: tuple[list[float], list[float]] = [], []
    until = time.perf_counter() + seconds
    while len(took[0]) < TIMES and (time.perf_counter() < until or len(took[0]) < 3):  # noqa: PLR2004
        answers = []
        for statement, times in zip((first, second), took, strict=True):
            started = time.perf_counter()
            answers.append(await statement.fetch(*args))
            times.append((time.perf_counter() - started) * 1e3)
        if sorted(map(tuple, answers[0]), key=repr) != sorted(map(tuple, answers[1]), key=repr):
            raise RuntimeError("The policies do not say what the predicate says.")
    return median(took[0]), median(took[1])
