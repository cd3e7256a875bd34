"""Recommendations: made by a sub group, accepted by the Board, reopened without impact.

Framework sections 16, 21 and 22.
"""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Response

from app.access.caller import ActorSession, Caller
from app.errors import Conflict, Invalid, UnknownReference
from app.models.recommendations import (
    RECOMMENDATION_LIFECYCLE,
    VERIFIABLE,
    BoardRecommendation,
    RecommendationFinding,
    RecommendationStatus,
)
from app.reference.working_days import add_working_days
from app.schemas.recommendations import (
    RecommendationCreate,
    RecommendationRead,
    RecommendationTransitionCreate,
)
from app.services.campaigns import board_day
from app.services.learning import link, refuse_unknown_source
from app.services.nameless import refuse_names_in
from app.services.obligations import cancel, meet, owe
from app.services.records import creating, insert
from app.services.rows import cast
from app.services.transitions import DecisionNeeded, Effect, record_move
from app.services.wording import step, texts_of

S = RecommendationStatus
AGREE, RECONSIDER, REOPENED = "agree_actions", "deferred_recommendation", "reopened_recommendation"
AGREE_WORKING_DAYS = 20
BODY = "SELECT id FROM bodies WHERE id = $1 AND kind IN ('sub_group', 'panel')"
SEEN = "SELECT id FROM recommendations WHERE id = $1 AND status <> 'superseded'"
LOCKED = """
SELECT id::text, status, agency_id::text FROM recommendations WHERE id = $1 FOR UPDATE
"""
OF_OWN_BODY = """
SELECT m.id FROM transitions m JOIN decisions d ON d.id = m.decision_id
WHERE m.record_id = $1 AND d.body_id = $2
ORDER BY m.id DESC LIMIT 1
"""
USED_TWICE = """
SELECT decision_id FROM transitions WHERE record_id = $1 AND decision_id IS NOT NULL
GROUP BY decision_id HAVING count(*) > 1
"""
