"""Where a case review may go, and who moves it there: one table for both regimes and every type.

Framework section 16, lifecycle 6. The Business Office runs a review, the sub group recommends,
the regime's decision maker decides; `actor.guard_case_review` holds the same in PostgreSQL.
"""

from app.lifecycle import Lifecycle, Move
from app.models.case_reviews import ReviewStatus as S

RUN, OFFICE = "case-reviews:write", "cases:write"
RECOMMEND, DECIDE = "case-reviews:recommend", "case-reviews:decide"

OF_INCIDENT = "t.review_type IN ('scr', 'rapid_review', 'lcspr')"
IS_MAPPED = "t.review_type = 'case_mapping_exercise'"
IS_AGENCYS = "t.review_type = 'single_agency_review'"
IS_REPORTED = f"NOT {IS_MAPPED}"
IS_TESTED = "t.criteria_version > 0"
IS_RECOMMENDED = (
    f"{IS_TESTED} AND EXISTS (SELECT FROM case_review_recommendations r"
    " WHERE r.case_review_id = t.id)"
)
IS_DECIDED = "t.outcome IS NOT NULL"
HAS_REVIEWER = """t.terms_of_reference IS NOT NULL AND EXISTS (
    SELECT FROM case_reviewers r JOIN undertakings u ON u.user_id = r.user_id
    WHERE r.case_review_id = t.id AND u.valid_to >= current_date
        AND coalesce(r.ends_on, 'infinity') >= current_date)"""
"""Terms of reference stand, and a reviewer who has declared independence and conflicts, without
which there is none, has signed the undertaking."""
IS_NOT_PAUSED = (
    "NOT EXISTS (SELECT FROM parallel_processes p WHERE p.case_review_id = t.id"
    " AND p.pauses_publication AND p.ended_on IS NULL)"
)
TO_COMMISSION = (
    f"CASE t.outcome WHEN 'case_mapping_exercise' THEN true"
    f" WHEN 'statutory_review' THEN {HAS_REVIEWER} ELSE false END"
)
TO_BEGIN = f"NOT {OF_INCIDENT} AND NOT {IS_AGENCYS} AND ({IS_MAPPED} OR {HAS_REVIEWER})"
"""A review for learning alone, which is no statute's: the decision maker lets it begin."""


def _outcome(code: str) -> str:
    return f"t.outcome = '{code}'"


BOARD = (
    Move(S.notified, S.triage, RUN, condition=OF_INCIDENT),
    Move(S.triage, S.screening, RUN),
    Move(S.screening, S.sg_recommendation, RECOMMEND, condition=IS_RECOMMENDED),
    Move(S.sg_recommendation, S.chair_decision, DECIDE, condition=IS_DECIDED),
)
PARTNERSHIP = (
    Move(
        S.incident_notified,
        S.criteria_agreed,
        DECIDE,
        condition=f"{OF_INCIDENT} AND {IS_TESTED}",
    ),
    Move(S.criteria_agreed, S.rapid_review, RUN),
    Move(S.rapid_review, S.sent_to_panel, RUN),
    Move(S.sent_to_panel, S.panel_response, RUN, condition="t.panel_response IS NOT NULL"),
    Move(S.panel_response, S.partners_decision, DECIDE, condition=IS_DECIDED),
    Move(
        S.partners_decision,
        S.learning_implementation,
        DECIDE,
        condition=_outcome("rapid_review_only"),
    ),
)
BEGUN = tuple(
    move
    for first in (S.notified, S.incident_notified)
    for move in (
        Move(first, S.commissioned, DECIDE, needs_reason=True, condition=TO_BEGIN),
        Move(first, S.agreed_with_sub_group, RECOMMEND, needs_reason=True, condition=IS_AGENCYS),
        Move(
            first,
            S.no_further_action,
            DECIDE,
            needs_reason=True,
            condition=f"NOT {OF_INCIDENT}",
        ),
    )
)
DECIDED = tuple(
    move
    for decided in (S.chair_decision, S.partners_decision)
    for move in (
        Move(decided, S.commissioned, DECIDE, condition=TO_COMMISSION),
        Move(decided, S.agreed_with_sub_group, DECIDE, condition=_outcome("single_agency_review")),
        Move(decided, S.audit_theme, DECIDE, condition=_outcome("thematic_audit")),
        Move(decided, S.other_process, DECIDE, condition=_outcome("refer_to_other_process")),
        Move(decided, S.no_further_action, DECIDE, condition=_outcome("no_further_action")),
    )
)
CONDUCTED = (
    Move(S.commissioned, S.conducting, RUN, condition=IS_REPORTED),
    Move(S.conducting, S.paused, RUN, needs_reason=True),
    Move(S.paused, S.conducting, RUN),
    Move(S.conducting, S.report_draft, RUN),
    Move(S.report_draft, S.agencies_fact_check, RUN),
    Move(S.agencies_fact_check, S.report_draft, RUN, needs_reason=True),
    Move(S.agencies_fact_check, S.family_shared, RUN),
    Move(S.family_shared, S.report_draft, RUN, needs_reason=True),
    Move(S.family_shared, S.sg_endorsed, RECOMMEND),
    Move(S.sg_endorsed, S.report_draft, RUN, needs_reason=True),
    Move(S.sg_endorsed, S.board_approved, DECIDE),
)
PUBLISHED = (
    Move(S.board_approved, S.publication_decision, DECIDE),
    Move(S.publication_decision, S.pre_publication_notice, OFFICE, condition=IS_NOT_PAUSED),
    Move(S.publication_decision, S.withheld, DECIDE, needs_reason=True),
    Move(S.pre_publication_notice, S.published, OFFICE, condition=IS_NOT_PAUSED),
    Move(S.withheld, S.published, DECIDE, needs_reason=True, condition=IS_NOT_PAUSED),
    Move(S.withheld, S.publication_decision, DECIDE, needs_reason=True),
    Move(S.published, S.learning_implementation, RUN),
    Move(S.withheld, S.learning_implementation, RUN),
)
"""What a publication needs besides is the business of publications."""
MAPPED = (
    Move(S.commissioned, S.mapping_event_held, RUN, condition=IS_MAPPED),
    Move(S.mapping_event_held, S.learning_agreed, RUN),
    Move(S.learning_agreed, S.briefing, RUN),
    Move(S.briefing, S.learning_implementation, RUN),
)
BY_ONE_AGENCY = (
    Move(S.agreed_with_sub_group, S.in_progress, RUN),
    Move(S.in_progress, S.report_received, RUN),
    Move(S.report_received, S.considered, RECOMMEND),
    Move(S.considered, S.learning_implementation, RUN),
)
ENDED = (
    Move(S.learning_implementation, S.impact, RUN),
    Move(S.impact, S.learning_implementation, RUN, needs_reason=True),
    Move(S.impact, S.closed, RUN),
    Move(S.no_further_action, S.closed, RUN),
    Move(S.other_process, S.closed, RUN),
    Move(S.audit_theme, S.closed, RUN),
)
REVIEW_LIFECYCLE = Lifecycle(
    (
        *BOARD,
        *PARTNERSHIP,
        *BEGUN,
        *DECIDED,
        *CONDUCTED,
        *PUBLISHED,
        *MAPPED,
        *BY_ONE_AGENCY,
        *ENDED,
    )
)
"""A recommendation moves a review to `sg_recommendation`, a decision to where it was decided."""
