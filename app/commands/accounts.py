"""`create-user` and `create-client`."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, TypeVar

import typer

from app.accounts import NewClient, NewPerson, Operator
from app.commands.options import AsJson, settings_with
from app.installation import Installation, installed

T = TypeVar("T")


def create_user(
    *,
    email: Annotated[str, typer.Option(help="Address to sign in with.")],
    name: Annotated[str, typer.Option(help="Full name.")],
    role: Annotated[list[str], typer.Option(help="Role; repeat for several.")],
    agency: Annotated[str | None, typer.Option(help="Agency: its id, or scheme:value.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Set the password that is piped in.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Register a person, and print the invitation: a token that is good once, for 72 hours."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None

    async def create(operator: Operator) -> NewPerson:
        return await operator.create_person(email, name, role, agency, password)

    _print(_as_operator(create), as_json=as_json)


def create_client(
    *,
    agency: Annotated[str, typer.Option(help="Agency: its id, or scheme:value.")],
    name: Annotated[str, typer.Option(help="What the system is called.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="Scope; repeat for several. Without: all it may have.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register an agency's system, and print its secret, which nobody can read again."""

    async def create(operator: Operator) -> NewClient:
        return await operator.create_client(agency, name, scope or [])

    _print(_as_operator(create), as_json=as_json)


def _as_operator(work: Callable[[Operator], Awaitable[T]]) -> T:
    settings = settings_with()

    async def run(installation: Installation) -> T:
        async with Operator.of(settings, installation) as operator:
            return await work(operator)

    with installed(settings) as installation:
        return asyncio.run(run(installation))


def _print(made: NewPerson | NewClient, *, as_json: bool) -> None:
    members = asdict(made)
    if as_json:
        typer.echo(json.dumps(members, default=_text))
    else:
        for name, value in members.items():
            text = " ".join(value) if isinstance(value, list) else _text(value)
            typer.echo(f"{name}: {'-' if value is None else text}")


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
