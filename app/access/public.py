"""The public: whoever reads what is published, without signing in.

It is a service of ours, an actor like any other, whose one scope is to read published reports. A
token that comes with the request is not looked at, so that everybody gets the same answer.
"""

from typing import Annotated

from fastapi import Depends, Request

from app.access.caller import Caller
from app.access.scopes import Scope
from app.access.tokens import hash_of, service_token


def everybody(request: Request) -> Caller:
    """Return the public as the caller of a request."""
    state = request.app.state
    token_hash = hash_of(service_token(state.secret_key, "public"))
    return Caller(state.database, token_hash, Scope.published_reports_read, state.key, request)


Everybody = Annotated[Caller, Depends(everybody)]
"""Who calls an operation that is meant to be public."""
