"""`verify-log`: whether the access log is what was sealed."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from app.commands.options import AsJson, settings_with
from app.installation import Installation, SetupError, installed
from app.services.log_verification import Verification, verify

HASH_DIGITS = 64


def verify_log(
    *,
    heads: Annotated[
        Path | None,
        typer.Option(help="Heads kept elsewhere: what GET /v1/access-log/heads once answered."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the seals of the access log from its rows. Status 1 if anything is wrong."""
    kept = {} if heads is None else _kept(heads)
    with installed(settings_with()) as installation:
        found = asyncio.run(_verify(installation, kept))
    if as_json:
        typer.echo(json.dumps({"is_whole": not found.findings, **asdict(found)}, indent=2))
    else:
        _print(found, len(kept))
    raise typer.Exit(1 if found.findings else 0)


async def _verify(installation: Installation, kept: dict[int, str]) -> Verification:
    if installation.owner_url is None:
        raise SetupError("Verification reads as the owner: set OWNER_DATABASE_URL.")
    connection = await asyncpg.connect(installation.owner_url)
    try:
        return await verify(connection, kept)
    finally:
        await connection.close()


def _kept(path: Path) -> dict[int, str]:
    """Read kept heads: a page of them, or a list. Raises SetupError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        items = found["items"] if isinstance(found, dict) else found
        kept = {int(item["number"]): bytes.fromhex(item["head"]).hex() for item in items}
    except (OSError, ValueError, KeyError, TypeError):
        kept = {}
    if not kept or any(len(head) != HASH_DIGITS for head in kept.values()):
        raise SetupError("The file holds no heads, as GET /v1/access-log/heads answers them.")
    return kept


def _print(found: Verification, kept: int) -> None:
    for finding in found.findings:
        typer.echo(f"{finding.fault:12} {finding.sentence}")
    for warning in found.warnings:
        typer.echo(f"{'warning':12} {warning}")
    verdict = "The access log is not whole" if found.findings else "The access log is whole"
    typer.echo(f"{verdict}: {found.entries} entries in {found.batches} batches.")
    if found.head is not None:
        typer.echo(f"Head {found.batches}: {found.head}")
    if not kept:
        typer.echo("Without kept heads a log that was cut or written anew looks whole: --heads.")
