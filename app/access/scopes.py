"""Scopes: what an operation asks of its caller. Capabilities: what a policy asks."""

from enum import StrEnum
from typing import Self


class Scope(StrEnum):
    """One for each resource and kind of act. Every operation names exactly one."""

    description: str

    def __new__(cls, value: str, description: str) -> Self:
        """Keep the sentence that the contract shows beside the value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member

    me = "me", "Read and change what concerns only oneself."
    reference_read = (
        "reference:read",
        "Read regimes, gateways, retention rules and working days.",
    )
    areas_read = "areas:read", "Read areas and what became of them."
    areas_write = "areas:write", "Record areas."
    agencies_read = "agencies:read", "Read agencies, their identifiers and named leads."
    agencies_write = "agencies:write", "Record agencies, their identifiers and named leads."
    agency_leads_write = "agency-leads:write", "Record named leads, of one's own agency at least."
    instruments_read = "instruments:read", "Read instruments and grade scales."
    instruments_write = "instruments:write", "Write instruments and grade scales."
    audits_read = "audits:read", "Read audits."
    audits_write = "audits:write", "Plan, open, close and conclude audits."
    audit_summaries_read = "audit-summaries:read", "Read what an audit shows across agencies."
    audit_responses_read = "audit-responses:read", "Read audit responses."
    audit_responses_write = "audit-responses:write", "Fill in the responses of one's own agency."
    audit_responses_submit = "audit-responses:submit", "Submit a response its agency signed off."
    audit_responses_moderate = "audit-responses:moderate", "Accept, return and moderate responses."
    good_practice_write = "good-practice:write", "Share good practice, or withdraw it."
    imports_write = "imports:write", "Push many records at once."
    jobs_read = "jobs:read", "Follow one's own long-running jobs."
    users_read = "users:read", "Read who may sign in."
    users_write = "users:write", "Invite people, give and end their roles."
    clients_read = "clients:read", "Read which agency systems may sign in."
    clients_write = "clients:write", "Register agency systems and their secrets."
    events_read = "events:read", "Read who changed what."
    access_log_read = "access-log:read", "Read who looked at what."
    access_log_heads_read = "access-log-heads:read", "Read the heads that seal the access log."
    cases_read = "cases:read", "Read cases that one takes part in, and their people by label."
    cases_write = "cases:write", "Open cases; name the agencies and people who work on them."
    persons_write = "persons:write", "Record the people of a case; who they are is sealed."
    person_lookups_write = "person-lookups:write", "Ask whether a person is known; it is logged."
    case_notifications_write = (
        "case-notifications:write",
        "Notify the Board of a serious incident, as an agency.",
    )
    case_reviews_read = "case-reviews:read", "Read reviews of cases that one takes part in."
    case_reviews_write = "case-reviews:write", "Run reviews of cases."
    published_reports_read = "published-reports:read", "Read published reports, as the public does."
    agency_reports_write = (
        "agency-reports:write",
        "Write the report and chronology of one's own agency on a case.",
    )
    disclosure_grants_read = "disclosure-grants:read", "Read disclosure grants one has to do with."
    disclosure_grants_write = "disclosure-grants:write", "Ask for leave to see who a person is."
    information_requests_read = "information-requests:read", "Read requests for information."
    information_requests_write = (
        "information-requests:write",
        "Ask for information, or answer for one's own agency.",
    )
    information_request_summaries_read = (
        "information-request-summaries:read",
        "Read how often information is asked for, and refused.",
    )
    external_reviews_read = (
        "external-reviews:read",
        "Read what neighbouring and national reviews found, and what the Board makes of it.",
    )
    retention_read = "retention:read", "Read how long records are kept, holds and destructions."
    retention_write = "retention:write", "Hold records, review them and propose their destruction."
    subject_exports_write = (
        "subject-exports:write",
        "Export what is held on one person, with third parties masked.",
    )
    governance_read = (
        "governance:read",
        "Read bodies, members, meetings, decisions, priorities and documents.",
    )
    governance_write = "governance:write", "Keep bodies, members, meetings and priorities."
    decisions_write = "decisions:write", "Record what a body decided."
    learning_read = (
        "learning:read",
        "Read findings, themes, recommendations, actions, challenges and their impact.",
    )
    findings_write = "findings:write", "Write findings and themes; dispute those on one's agency."
    recommendations_write = "recommendations:write", "Write recommendations and move them on."
    actions_write = "actions:write", "Agree actions; report progress on those of one's agency."
    impact_checks_write = "impact-checks:write", "Check what an action or a lesson changed."
    challenges_write = "challenges:write", "Challenge and commend agencies, and reply."
    assurance_write = "assurance-statements:write", "State how far the Board is assured, and why."
    briefings_read = "briefings:read", "Read briefings and who has passed them on."
    briefings_write = "briefings:write", "Write, approve and release briefings."
    briefing_receipts_write = (
        "briefing-receipts:write",
        "Acknowledge a briefing for one's own agency, and say to whom it went.",
    )
    timetable_read = "timetable:read", "Read what is owed to the Board or by it, and what is late."
    timetable_write = "timetable:write", "Keep the timetable: rules, obligations and what met them."
    obligations_write = "obligations:write", "Say that what one owes is delivered."
    event_feed_read = "event-feed:read", "Follow what happens to records that one may read."
    subscriptions_write = "subscriptions:write", "Have events sent to a webhook."


class Capability(StrEnum):
    """Beyond scopes: how far a right reaches. Never granted to an agency's system."""

    all_responses = "audit-responses:all"
    """Sees the responses of every agency, down to the class of the role."""
    approve_audits = "audits:approve"
    """Approves an audit for opening, and waives what it lacks."""
    sign_off = "audit-responses:sign-off"
    """Signs off the response of one's own agency as its senior."""
    approve_lock_exceptions = "lock-exceptions:approve"
    """Approves that an agency may still answer after the lock."""
    all_principals = "principals:all"
    """Sees everybody who may sign in."""
    grant_board_roles = "board-roles:grant"
    """Gives and ends every role; without it, only roles within an agency."""
    all_tokens = "tokens:all"
    """Issues and ends sessions and access tokens: the sign-in service only."""
    authenticate = "users:authenticate"
    """Reads what proves a person's identity: the sign-in service only."""
    all_cases = "cases:all"
    """Sees every case and its reviews, pseudonymised: who runs and who decides reviews."""
    recommend = "case-reviews:recommend"
    """Recommends what becomes of an incident: the Serious Case Review Sub Group."""
    decide = "case-reviews:decide"
    """Decides what only the Independent Chair, or the partners in the chair's place, may decide."""
    all_grants = "disclosure-grants:all"
    """Sees every disclosure grant, and who used it how often."""
    approve_grants = "disclosure-grants:approve"
    """Approves that somebody else may see who a person is."""
    emergency = "disclosure-grants:emergency"
    """Sees who a person is at once, in an emergency that others review afterwards."""
    approve_information_requests = "information-requests:approve"
    """Approves that the Board asks an agency for information."""
    approve_retention = "retention:approve"
    """Approves for the Business Office, as one of two, that identities are destroyed."""
    approve_retention_as_dpo = "retention:approve-as-dpo"
    """Approves for data protection, as one of two, that identities are destroyed."""
    destroy_identities = "identities:destroy"
    """Destroys what two people approved: the keeper only."""
    rotate_keys = "vault:rotate"
    """Wraps the keys of all cases anew: the keeper only."""
    open_vault = "vault:open"
    """Opens the vault to recognise names and to disclose what was granted: its service only."""
    all_log = "access-log:all"
    """Sees the whole access log, and not only what is about a record."""
    run_jobs = "jobs:run"
    """Runs what was asked for earlier: the worker only."""
    run_learning = "learning:run"
    """Runs the pipeline of learning for the Board: findings of every agency, drafts included."""
    confirm_findings = "findings:confirm"
    """Confirms findings and settles disputes for a sub group."""
    verify_actions = "actions:verify"
    """Verifies that an action of another agency was done."""
    take_chairs_action = "chairs-action:take"
    """Decides for a body between its meetings; the next one ratifies it."""
