"""The `safeguarding` command: what an operator does on the machine itself.

Exit status: 0 done, 1 something is not as it should be, 2 refused with one sentence.
"""

import asyncio
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from app import doctor, openapi, serving
from app.commands import accounts, keys, log
from app.commands.options import AsJson, settings_with
from app.database import ROOT, newest_revision
from app.doctor import NO_INSTALLATION
from app.errors import ApiError, Unavailable
from app.failures import trace
from app.findings import Verdict
from app.installation import SetupError, installed
from app.main import create_app
from app.refusals import OF_THE_DATABASE, from_database
from app.registers import REGISTERS
from app.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The Learning & Improvement Framework of a safeguarding board, as a service.",
)
app.command()(accounts.create_user)
app.command()(accounts.create_client)
app.command()(log.verify_log)
app.add_typer(keys.commands, name="keys")


@app.command()
def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer requests.")] = 1,
    with_worker: Annotated[
        bool, typer.Option("--with-worker", help="Run the worker beside them.")
    ] = False,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="First bring a database elsewhere up to date.")
    ] = False,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
    as_json: AsJson = False,
) -> None:
    """Answer requests, until stopped. Options win over the environment."""
    chosen = {"host": host, "port": port, "tls_cert": tls_cert, "tls_key": tls_key}

    def announce(url: str) -> None:
        line = f"Listening on {url} (reference: {url}/docs)"
        typer.echo(json.dumps({"url": url}) if as_json else line)
        sys.stdout.flush()

    serving.serve(
        settings_with({name: value for name, value in chosen.items() if value is not None}),
        processes=workers,
        with_worker=with_worker,
        migrate=migrate,
        announce=announce,
    )


@app.command()
def worker() -> None:
    """Do what needs no request: open and close audits, remind, import. Until stopped."""
    serving.serve_worker(settings_with())


@app.command()
def migrate(*, as_json: AsJson = False) -> None:
    """Bring database, roles, tables and reference data up to this version."""
    with installed(settings_with()) as installation:
        asyncio.run(installation.upgrade())
    revision = newest_revision()
    typer.echo(json.dumps({"revision": revision}) if as_json else f"At revision {revision}.")


@app.command()
def registers(
    register: Annotated[str, typer.Argument(help=f"One of {', '.join(REGISTERS)}.")],
    file: Annotated[Path, typer.Argument(help="The file as its publisher gives it out.")],
) -> None:
    """Print a public register as rows for `POST /v1/imports?kind=agencies`, one a line."""
    if register not in REGISTERS:
        raise SetupError(f"A register is one of {', '.join(REGISTERS)}.")
    if not file.is_file():
        raise SetupError("There is no such file.")
    for row in REGISTERS[register](file):
        typer.echo(json.dumps(row, ensure_ascii=False))


@app.command()
def demo() -> None:
    """Show the main job on real input, and leave a server running."""
    if not (ROOT / "demo" / "__main__.py").exists():
        raise SetupError("The demonstration is part of the source tree: run it from there.")
    sys.stdout.flush()
    os.execve(  # noqa: S606 - our own program
        sys.executable,
        [sys.executable, "-m", "demo"],
        {**os.environ, "PYTHONPATH": str(ROOT)},
    )


@app.command(name="openapi")
def contract(
    *,
    check: Annotated[
        Path | None, typer.Option(help="Compare with this file; status 1 if it differs.")
    ] = None,
) -> None:
    """Print the contract, as `openapi/v1.json` holds it."""
    derived = openapi.render(create_app(Settings()).openapi())
    if check is None:
        typer.echo(derived, nl=False)
    elif not check.exists() or check.read_text(encoding="utf-8") != derived:
        typer.echo(f"{check} is not the contract of this code: run `make openapi`.", err=True)
        raise typer.Exit(1)


@app.command(name="doctor")
def examine(*, as_json: AsJson = False) -> None:
    """Say what is wrong with the set-up, and what is well. Status 1 if anything is wrong."""
    findings = asyncio.run(doctor.examine(settings_with()))
    is_healthy = all(finding.verdict < Verdict.wrong for finding in findings)
    if as_json:
        listed = [{**asdict(each), "verdict": each.verdict.name} for each in findings]
        typer.echo(json.dumps({"is_healthy": is_healthy, "findings": listed}, indent=2))
    else:
        for each in sorted(findings, key=lambda finding: -finding.verdict):
            remedy = f"\n{'':9}{each.remedy}" if each.remedy else ""
            typer.echo(f"{each.verdict.name:8} {each.sentence}{remedy}")
    raise typer.Exit(0 if is_healthy else 1)


def main() -> None:
    """Run the command. A refusal is one sentence; nobody sees a stack trace."""
    try:
        app()
    except NO_INSTALLATION as error:
        _refuse(str(error))
    except ApiError as error:
        _refuse(_sentence(error))
    except OF_THE_DATABASE as error:
        refusal = from_database(error)
        if refusal is None or isinstance(refusal, Unavailable):
            _refuse(f"The database cannot be used: {type(error).__name__}.")
        _refuse(_sentence(refusal))
    except Exception as error:  # noqa: BLE001 - the last place where one can be kept in
        sys.stderr.write(json.dumps(trace(error)) + "\n")
        sys.exit(1)


def _sentence(refusal: ApiError) -> str:
    return refusal.errors[0].detail if refusal.errors else refusal.detail


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(f"safeguarding: {sentence}\n")
    sys.exit(2)


if __name__ == "__main__":
    main()
