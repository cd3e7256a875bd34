"""What the framework and the database refuse, answered as problems of our own.

Their messages hold what was sent (a name, a query argument, a key), so none is passed on.
"""

import errno
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPMethod, HTTPStatus
from re import Pattern
from typing import Any
from uuid import uuid4

import asyncpg
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from app import errors
from app.broken_rules import broken_rules, member_names
from app.errors import ApiError, ProblemError
from app.failures import causes, trace

log: structlog.stdlib.BoundLogger = structlog.get_logger()

CONSTRAINTS: dict[str, str] = {
    "assurance_statements_subject_check": "A statement is about one priority, standard or theme.",
    "assurance_statements_supersedes_key": "Another draft takes the place of this statement.",
    "assurance_statements_supersedes_check": "Nothing agreed about the same gives way to it.",
    "assurance_sources_case_check": "A case review is named by its title alone.",
    "commendations_cites_check": "A case review is named by its title alone.",
    "impact_checks_cites_check": "A case review is named by its title alone.",
    "challenge_exchanges_commitment_check": "A commitment has its day, and a day its commitment.",
    "challenges_self_check": "A challenge goes to another agency or body.",
    "challenges_settled_check": "An outcome has its reasons, and reasons their outcome.",
    "feedback_letters_period_key": "The letter to this agency about this period is on record.",
    "schedule_rules_code_key": "Another rule has this code.",
    "schedule_rules_owner_check": "A rule is for one body, or for agencies.",
    "schedule_rules_ladder_check": "The steps of the ladder follow each other, within 60 days.",
    "schedule_rules_reminders_check": "Reminders go out 1 to 365 days before the day.",
    "schedule_rules_validity_check": "The last day is before the first.",
    "obligations_met_by_check": "What met it has both a subject and an identifier, or neither.",
    "obligations_waiver_check": "Neither the Board nor the body in charge has agreed to waive it.",
    "calendar_feeds_owner_check": "A calendar is of one agency or of one body.",
    "users_email_key": "Somebody is registered under this e-mail address.",
    "role_assignments_check": "The last day is before the first.",
    "agency_suspensions_agency_id_key": "The agency is kept out already.",
    "areas_gss_code_key": "Another area has this GSS code.",
    "areas_la_code_key": "Another area of today has this code.",
    "areas_period_check": "The last day is before the first.",
    "areas_part_check": "An area is not part of itself.",
    "area_successions_self_check": "An area does not go on from itself.",
    "grade_scales_code_version_key": "This version of the scale is on record; it never changes.",
    "grade_scales_period_check": "The last day is before the first.",
    "grade_values_scale_code_key": "Two grades of the scale have the same code.",
    "grade_values_scale_rank_key": "Two grades of the scale have the same rank.",
    "instruments_code_version_key": "This version of the instrument is on record.",
    "standards_instrument_code_key": "Two standards have the same code.",
    "questions_instrument_code_key": "Two questions have the same code.",
    "questions_number_check": "Only a question for a number has unit and bounds.",
    "questions_bounds_check": "The smallest number is above the largest.",
    "audits_reference_key": "Another audit has this reference.",
    "audits_dates_check": "An audit opens, is due and locks, in this order.",
    "answers_reason_check": "A question that does not apply needs a reason.",
    "submissions_two_people_check": "Who signs it off is not who completed it.",
    "submissions_agency_external_ref_key": "The external reference belongs to another submission.",
    "lock_exceptions_two_people_check": "Nobody approves an own request.",
    "good_practice_answer_id_key": "The answer is shared already.",
    "cases_reference_key": "Another case has this reference.",
    "case_agencies_pair_key": "The agency takes part already.",
    "case_members_period_check": "The last day is before the first.",
    "case_members_current_key": "This person has this part already.",
    "persons_case_label_key": "Another person of the case has this label.",
    "retention_overrides_two_people_check": "Nobody approves an own proposal.",
    "retention_overrides_current_key": "The area has a rule of its own for this class.",
    "retention_overrides_period_check": "A period is longer than none.",
    "retention_overrides_reviews_check": "A review lies within the period.",
    "destructions_open_key": "A destruction of this case is proposed, or done.",
    "destruction_approvals_capacity_key": "Somebody has approved in this capacity.",
    "destruction_approvals_person_key": "Two different people approve.",
    "subject_exports_two_people_check": "Nobody reviews an own export.",
    "subject_exports_passages_check": "Passages wait for a decision.",
    "disclosure_grants_two_people_check": "Nobody approves or reviews an own request.",
    "publication_labels_label_key": "Two people of the publication have one label.",
    "publication_checks_two_people_check": "Who confirms a check neither wrote nor ran it.",
    "publication_notices_recipient_key": "The notice to this body is on record.",
    "case_reviews_aware_check": "The authority knew of the incident when it was notified.",
    "case_reviews_publication_pause_check": "A process beside the review pauses its publication.",
    "case_review_recommendations_votes_check": "Votes are counted where there is no consensus.",
    "case_review_recommendations_dissent_check": "Votes against come with what the dissent says.",
    "case_review_decisions_review_key": "It is decided already.",
    "case_review_decisions_difference_check": "Say why where it differs from the recommendation,"
    " and only there.",
    "case_deadlines_met_check": "It was not done before it could be.",
    "case_reviewers_period_check": "The last day is before the first.",
    "case_reviewers_current_key": "This person leads the review already.",
    "parallel_processes_period_check": "It ended before it began.",
    "agency_reports_agency_review_key": "The agency is asked for its report already.",
    "chronology_entries_agency_review_ref_key": "The agency has an entry under this reference.",
    "chronology_entries_period_check": "The last day is before the first.",
    "chronology_entries_time_check": "Only what happened on one day has a time.",
    "information_requests_parties_check": "Nobody asks themselves.",
    "information_requests_two_people_check": "Nobody approves an own draft.",
    "findings_review_finding_id_key": "This finding of the review is taken over already.",
    "findings_single_agency_check": "What is of a single agency names it.",
    "findings_two_people_check": "Who confirms it did not draft it.",
    "theme_findings_pair_key": "The finding is evidence of the theme already.",
    "recommendation_findings_pair_key": "The finding is linked already.",
    "external_reviews_url_key": "The review at this address is registered.",
    "document_acknowledgements_user_key": "You have acknowledged this version.",
    "stakeholders_name_key": "A stakeholder of this name is on the map.",
    "officer_briefings_response_check": "An answer has its day, and a day its answer.",
    "officer_briefings_dates_check": "An answer comes after what was sent.",
    "actions_owner_agency_check": "Owner and deputy are people of the agency that does it.",
    "actions_deputy_check": "Owner and deputy are two people.",
    "actions_two_people_check": "Who verifies it did not claim it.",
    "action_due_changes_decision_id_key": "A decision moves a last day once.",
    "action_due_changes_days_check": "It is due on this day already.",
}
"""Sentences for constraints that a valid body can break, by the constraint's name."""

FROM_SQLSTATE: Mapping[str, type[ApiError]] = {
    "SG401": errors.Unauthenticated,
    "28000": errors.Unauthenticated,
    "SG403": errors.InsufficientScope,
    "SG429": errors.TooManyLookUps,
    "SG451": errors.DisclosureRefused,
    "SG452": errors.StepUpRequired,
    "SG453": errors.UndertakingRequired,
    "SG460": errors.IdentitiesDestroyed,
    "SG461": errors.LegalHoldInForce,
    "SG462": errors.DestructionNotDue,
    "SG463": errors.ExportNotOpen,
    "42501": errors.Forbidden,
    "23503": errors.UnknownReference,
    "23505": errors.Conflict,
    "23514": errors.Conflict,
    "23P01": errors.Conflict,
    "40001": errors.ConcurrentChange,
    "40P01": errors.ConcurrentChange,
    "55P03": errors.ConcurrentChange,
    "22000": errors.Invalid,
    "22003": errors.Invalid,
    "22021": errors.Invalid,
    "22P02": errors.Invalid,
    "22P05": errors.Invalid,
    "53100": errors.StorageFull,
    "53300": errors.Unavailable,
    "57014": errors.Unavailable,
    "57P01": errors.Unavailable,
    "57P02": errors.Unavailable,
    "57P03": errors.Unavailable,
}
"""Refusals of the database, and its absence. What is missing here is a defect of ours: 500."""

FROM_STATUS: Mapping[int, type[ApiError]] = {
    error.status.value: error
    for error in (
        errors.Unauthenticated,
        errors.Forbidden,
        errors.NotFound,
        errors.RequestTimeout,
        errors.PayloadTooLarge,
        errors.UnsupportedMediaType,
        errors.TooManyRequests,
    )
}
"""Refusals of the framework. Any other is a request that cannot be read."""

NOBODY_ANSWERS = (asyncpg.InterfaceError, asyncpg.InternalClientError, NoConnectionFree)
"""The second is how the driver says that the server went away in the middle of an answer."""
OF_THE_DATABASE = (
    asyncpg.PostgresError,
    *NOBODY_ANSWERS,
    DBAPIError,
    StaleDataError,
    OSError,
)

Translate = Callable[[Request, Any], ApiError | None]


def install(app: FastAPI) -> None:
    """Answer the errors of an application with problems.

    What has no translation goes on to `app.edge`, which logs it and answers 500.
    """

    @cache
    def names() -> frozenset[str]:
        return member_names(app.openapi())

    def invalid(_: Request, error: RequestValidationError) -> ApiError:
        return from_validation(error, names())

    def refused(request: Request, error: HTTPException) -> ApiError:
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            return errors.MethodNotAllowed(headers={"Allow": _allowed(app, request, error)})
        return from_http(error)

    translations: dict[type[Exception], Translate] = {
        ApiError: lambda _, error: error,
        RequestValidationError: invalid,
        HTTPException: refused,
        Exception: lambda _, __: errors.Unexpected(),
    } | dict.fromkeys(OF_THE_DATABASE, lambda _, error: from_database(error))
    for kind, translate in translations.items():
        app.add_exception_handler(kind, _answering(translate))


def _answering(translate: Translate) -> Callable[[Request, Exception], Any]:
    async def answer(request: Request, error: Exception) -> Response:
        refusal = translate(request, error)
        if refusal is None:
            raise error
        request_id = request.scope.get("state", {}).get("request_id") or str(uuid4())
        if isinstance(refusal, errors.Unavailable | errors.StorageFull):
            log.warning(refusal.code, request_id=request_id, **trace(error))
        return refusal.response(request_id)

    return answer


def from_validation(error: RequestValidationError, names: frozenset[str]) -> ApiError:
    """Translate what does not match its schema. `names` are the members of the contract."""
    failures = error.errors()
    if any(failure["type"] == "json_invalid" for failure in failures):
        return errors.BadRequest()
    return errors.Invalid(*broken_rules(failures, error.body, names))


def from_http(error: HTTPException) -> ApiError:
    """Translate a refusal of the framework."""
    if isinstance(error.__cause__, ApiError):
        # Raised by the edge while a form was read, and wrapped by the framework.
        return error.__cause__
    return FROM_STATUS.get(error.status_code, errors.BadRequest)()


def from_database(error: BaseException) -> ApiError | None:
    """Translate a refusal of the database, whichever library wrapped it; null for a defect."""
    for cause in causes(error):
        if isinstance(cause, asyncpg.PostgresError):
            return _from_postgres(cause)
        if isinstance(cause, StaleDataError):
            # A row that may be seen but not changed: the update matched none.
            return errors.Forbidden()
        if isinstance(cause, NOBODY_ANSWERS):
            return errors.Unavailable()
        if isinstance(cause, OSError):
            return _from_system(cause)
    return None


def _from_postgres(error: asyncpg.PostgresError) -> ApiError | None:
    state = error.sqlstate or ""
    refusal = errors.Unavailable if state.startswith("08") else FROM_SQLSTATE.get(state)
    if refusal is None:
        return None
    sentence = CONSTRAINTS.get(error.constraint_name or "")
    if sentence is None:
        return refusal()
    return refusal(
        ProblemError(location="body", pointer="", code=error.constraint_name, detail=sentence)
    )


def _from_system(error: OSError) -> ApiError | None:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return errors.StorageFull()
    # Only a file has a name: without one it is a socket that found nobody, or a time limit.
    return errors.Unavailable() if error.filename is None else None


def _allowed(app: FastAPI, request: Request, error: HTTPException) -> str:
    """List every method of an address: the framework names those of one route only."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    methods = set((error.headers or {}).get("Allow", "").split(", "))
    paths = app.openapi()["paths"]
    for template, operations in paths.items():
        # An address that is written out goes before a template that it fits as well.
        if template == path or (path not in paths and _pattern(template).match(path)):
            methods.update(method.upper() for method in operations)
    return ", ".join(sorted(methods & HTTPMethod.__members__.keys()))


@cache
def _pattern(template: str) -> Pattern[str]:
    return compile_path(template)[0]
