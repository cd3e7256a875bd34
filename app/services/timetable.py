"""The clock of the timetable: states, reminders and escalations, each once (Framework section 23).

The worker runs it as an actor like any other, as often as it likes. What was missed is caught up
with: the newest step of an obligation is sent, those before it are on record as passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession, Caller
from app.services.campaigns import board_day
from app.services.mail import enqueue_mail
from app.services.timetable_letters import Letter, Offices, letter, offices_on
from app.services.timetable_rules import generate
from app.services.timetable_steps import FORWARD, MEETING_WITHIN, Ladder

BATCH = 200
"""Obligations in one transaction: a worker that is killed loses no more than that."""

DUE = f"""
SELECT o.id, o.title, o.period, o.agency_id, o.body_id, o.in_charge_id, o.function, o.status,
    o.opens_on, o.due_on, o.locks_on, o.reminder_days, o.escalation_days, a.name AS agency_name,
    ARRAY(SELECT n.step FROM obligation_notices n WHERE n.obligation_id = o.id) AS done,
    (SELECT m.held_on FROM agenda_items i JOIN meetings m ON m.id = i.meeting_id
     WHERE i.record_id = o.id AND i.subject = 'obligations' AND m.status <> 'cancelled'
     ORDER BY m.held_on LIMIT 1) AS meeting_on
FROM obligations o LEFT JOIN agencies a ON a.id = o.agency_id
WHERE o.next_on <= $1
ORDER BY o.next_on, o.id LIMIT {BATCH} FOR UPDATE OF o SKIP LOCKED
"""
AGENDA = """
WITH waiting AS (
    SELECT w.id, w.title, m.id AS meeting_id,
        row_number() OVER (PARTITION BY m.id ORDER BY w.place) AS n
    FROM unnest($1::uuid[], $2::uuid[], $3::text[]) WITH ORDINALITY AS w (id, body_id, title, place)
    CROSS JOIN LATERAL (
        SELECT m.id FROM meetings m WHERE m.body_id = w.body_id AND m.status = 'planned'
            AND m.held_on BETWEEN $4 AND $5 ORDER BY m.held_on, m.id LIMIT 1
    ) m
), put AS (
    INSERT INTO agenda_items (meeting_id, number, title, subject, record_id)
    SELECT w.meeting_id, w.n + l.last, w.title, 'obligations', w.id
    FROM waiting w CROSS JOIN LATERAL (
        SELECT coalesce(max(i.number), 0) AS last FROM agenda_items i
        WHERE i.meeting_id = w.meeting_id) l
    WHERE w.n + l.last <= 200
    ON CONFLICT DO NOTHING RETURNING record_id, meeting_id
)
SELECT p.record_id, m.held_on FROM put p JOIN meetings m ON m.id = p.meeting_id
"""
"""Puts what waits on the agenda of the next meeting; an agenda holds 200 items."""
MOVE = """
UPDATE obligations o SET status = m.status, next_on = m.next_on
FROM unnest($1::uuid[], $2::text[], $3::date[]) AS m (id, status, next_on) WHERE o.id = m.id
"""
RECORD = """
INSERT INTO transitions (subject, record_id, agency_id, from_state, to_state, actor_id)
SELECT 'obligations', m.id, m.agency_id, m.from_state, m.to_state, (SELECT actor.id())
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[])
    AS m (id, agency_id, from_state, to_state)
"""
NOTE = """
INSERT INTO obligation_notices
    (obligation_id, step, outcome, planned_on, recorded_on, recipients)
SELECT n.id, n.step, n.outcome, n.planned_on, $5, string_to_array(n.recipients, ',')
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $6::text[])
    AS n (id, step, outcome, planned_on, recipients)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class TimetableRun:
    """What one round of the clock did."""

    generated: int
    moved: int
    sent: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What the clock does about one obligation."""

    row: Any
    ladder: Ladder
    day: date

    @property
    def status(self) -> str:
        """Return the new state: the clock moves forward only."""
        now: str = self.row["status"]
        return max(now, self.ladder.status(self.day), key=FORWARD.__getitem__)

    def notices(self, offices: Offices) -> list[Letter]:
        """Return the steps that were reached and not done; only the newest of them is sent."""
        reached = [
            step
            for step in self.ladder.steps(self.day)
            if step.on <= self.day and step.name not in self.row["done"]
        ]
        return [letter(self.row, step, offices, is_sent=step is reached[-1]) for step in reached]


async def run_timetable(
    caller: Caller,
    key: bytes,
    today: date | None = None,
) -> TimetableRun:
    """Lay out what rules make owed, and do for every obligation what its day asks for.

    `key` is the installation's; `today` is the day in the United Kingdom. What another worker is
    at is left to it; cut short, it keeps every batch that was done, and the next round goes on.
    """
    day = today or board_day()
    generated, moved, sent = 0, 0, 0
    while (made := await generate(caller, day)) is not None:
        generated += made
    while (done := await _advance(caller, key, day)) is not None:
        moved, sent = moved + done[0], sent + done[1]
    return TimetableRun(generated, moved, sent)


async def _advance(caller: Caller, key: bytes, day: date) -> tuple[int, int] | None:
    """Take one batch on; return how many moved and how many messages are new, null if none."""
    async with caller.transaction() as db:
        rows = await db.fetch(DUE, day)
        if not rows:
            return None
        meetings = await _put_on_agendas(db, rows, day)
        turns = [Turn(row, _ladder(row, meetings), day) for row in rows]
        moved = await _move(db, turns)
        sent = await _tell(db, key, turns, day)
    return moved, sent


def _ladder(row: Any, meetings: dict[UUID, date]) -> Ladder:
    return Ladder(
        row["opens_on"],
        row["due_on"],
        row["locks_on"],
        row["reminder_days"],
        row["escalation_days"],
        row["meeting_on"] or meetings.get(row["id"]),
    )


async def _put_on_agendas(db: ActorSession, rows: Sequence[Any], day: date) -> dict[UUID, date]:
    """Have the bodies in charge consider what is late; return the days on which they meet."""
    waiting = [
        row for row in rows if row["in_charge_id"] and _ladder(row, {}).waits_for_meeting(day)
    ]
    if not waiting:
        return {}
    titles = [f"Overdue: {row['title']}, {row['agency_name'] or 'the Board'}" for row in waiting]
    put = await db.fetch(
        AGENDA,
        [row["id"] for row in waiting],
        [row["in_charge_id"] for row in waiting],
        [title[:200] for title in titles],
        day,
        day + MEETING_WITHIN,
    )
    return {row["record_id"]: row["held_on"] for row in put}


async def _move(db: ActorSession, turns: Sequence[Turn]) -> int:
    """Write states and the next day of each; leave a line about every change of state."""
    await db.fetch(
        MOVE,
        [turn.row["id"] for turn in turns],
        [turn.status for turn in turns],
        [turn.ladder.next_on(turn.day) for turn in turns],
    )
    changed = [turn for turn in turns if turn.status != turn.row["status"]]
    await db.fetch(
        RECORD,
        [turn.row["id"] for turn in changed],
        [turn.row["agency_id"] for turn in changed],
        [turn.row["status"] for turn in changed],
        [turn.status for turn in changed],
    )
    return len(changed)


async def _tell(db: ActorSession, key: bytes, turns: Sequence[Turn], day: date) -> int:
    """Leave the messages of a batch and what became of every step; return how many are new."""
    offices = await offices_on(db, day, [turn.row["agency_id"] for turn in turns])
    letters = [each for turn in turns for each in turn.notices(offices)]
    for each in letters:
        for n, address in enumerate(each.addresses):
            await enqueue_mail(
                db,
                key,
                recipient=address,
                subject=each.subject,
                body=each.body,
                dedupe_key=f"obligation:{each.obligation_id}:{each.step}:{n}",
            )
    await db.fetch(
        NOTE,
        [each.obligation_id for each in letters],
        [each.step for each in letters],
        [each.outcome for each in letters],
        [each.planned_on for each in letters],
        day,
        [",".join(each.recipients) for each in letters],
    )
    return sum(len(each.addresses) for each in letters)
