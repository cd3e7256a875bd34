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
    run_jobs = "jobs:run"
    """Runs what was asked for earlier: the worker only."""
