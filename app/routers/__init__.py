"""The operations."""

from fastapi import APIRouter

from app.routers import (
    agencies,
    areas,
    audit_responses,
    audits,
    clients,
    events,
    evidence,
    forms,
    good_practice,
    grade_scales,
    imports,
    instruments,
    jobs,
    lock_exceptions,
    me,
    oauth,
    sign_in,
    submissions,
    summaries,
    users,
)

ROUTERS: tuple[APIRouter, ...] = (
    sign_in.router,
    oauth.router,
    me.router,
    users.router,
    clients.router,
    events.router,
    areas.router,
    agencies.router,
    grade_scales.router,
    instruments.router,
    audits.router,
    summaries.router,
    audit_responses.router,
    submissions.router,
    evidence.router,
    forms.router,
    lock_exceptions.router,
    good_practice.router,
    imports.router,
    jobs.router,
)
