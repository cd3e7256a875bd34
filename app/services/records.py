"""The verbs of the API, in one place to import from: show, page, create, change, remove.

Each is one or two statements, whatever the resource.
"""

from app.services.answering import answer, check_tag, etag
from app.services.idempotency import Once
from app.services.reading import page, render, show
from app.services.rows import bind, insert, update
from app.services.writing import change, changing, create, created, creating, patch, remove, replay

__all__ = [
    "Once",
    "answer",
    "bind",
    "change",
    "changing",
    "check_tag",
    "create",
    "created",
    "creating",
    "etag",
    "insert",
    "page",
    "patch",
    "remove",
    "render",
    "replay",
    "show",
    "update",
]
