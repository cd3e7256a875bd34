"""`keys list`, `keys export`, `keys restore`, which need no database; `keys rotate` does."""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.commands.options import AsJson, settings_with
from app.installation import Installation, SetupError, installed
from app.jobs.destruction import keeper_of
from app.privacy.keeper import Rotation, RotationRunning
from app.privacy.keys import KeyProvider, KeyProviderError, KeyVersion, provider_of
from app.privacy.keys.file import FileProvider
from app.privacy.keys.keyring import KeyringProvider
from app.privacy.keys.recovery import (
    read_private_key,
    read_public_key,
    recipient_id,
    recovered,
    recovery_text,
)
from app.secret_files import create_secret, read_secret

commands = typer.Typer(
    no_args_is_help=True, help="The key of identities: its versions, and its recovery."
)


@commands.command(name="list")
def list_versions(
    *,
    with_states: Annotated[
        bool, typer.Option("--with-states", help="Ask the database which are retired or destroyed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print versions and fingerprints, never a key."""
    if with_states:
        _print_states(as_json=as_json)
        return
    provider = provider_of(settings_with())
    versions, current = asyncio.run(_versions(provider))
    listed = [{**asdict(each), "is_current": each == current} for each in versions]
    if as_json:
        typer.echo(json.dumps(listed))
        return
    for each in versions:
        mark = "  current" if each == current else ""
        typer.echo(f"{each.provider} {each.number} {each.fingerprint}{mark}")


def _print_states(*, as_json: bool) -> None:
    """Print what the database says of every version there was."""

    async def ask(installation: Installation) -> list[tuple[int, str, str]]:
        async with keeper_of(installation) as keeper:
            return await keeper.states()

    with installed(settings_with()) as installation:
        states = asyncio.run(ask(installation))
    names = ("number", "fingerprint", "state")
    if as_json:
        typer.echo(json.dumps([dict(zip(names, each, strict=True)) for each in states]))
        return
    for each in states:
        typer.echo(" ".join(map(str, each)))


@commands.command()
def rotate(*, as_json: AsJson = False) -> None:
    """Wrap the keys of all cases under a new version and destroy those before it.

    Backups from before lose the identities of every case: make a new one right after it, and a new
    recovery file.
    """

    async def turn(installation: Installation) -> Rotation:
        async with keeper_of(installation) as keeper:
            return await keeper.rotate()

    try:
        with installed(settings_with()) as installation:
            done = asyncio.run(turn(installation))
    except (RotationRunning, KeyProviderError) as error:
        raise SetupError(str(error)) from None
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    typer.echo(f"Version {done.version} ({done.fingerprint}) wraps {done.rewrapped} cases.")
    typer.echo(f"Destroyed: {done.destroyed or 'none'}. {done.remark or ''}".rstrip())


@commands.command()
def export(
    *,
    recipient: Annotated[
        list[Path], typer.Option(help="X25519 public key, PEM; repeat, for two or more.")
    ],
    output: Annotated[Path, typer.Option(help="The recovery file to write.")],
    as_json: AsJson = False,
) -> None:
    """Encrypt the keys to two recipients or more; each of them alone can restore them."""
    provider = provider_of(settings_with())
    if not isinstance(provider, KeyringProvider):
        raise SetupError("Vault does not give its keys out: it has backups of its own.")
    keyring = provider.keyring()
    if keyring is None:
        raise SetupError(f"There is no key in {provider.source}.")
    public_keys = [read_public_key(_content(each)) for each in recipient]
    _write(output, recovery_text(keyring, public_keys))
    ids = [recipient_id(each) for each in public_keys]
    made = {"output": str(output), "versions": sorted(keyring.keys), "recipients": ids}
    typer.echo(json.dumps(made) if as_json else f"{output}: for {', '.join(ids)}.")


@commands.command()
def restore(
    *,
    recovery: Annotated[Path, typer.Option(help="The recovery file.")],
    private_key: Annotated[Path, typer.Option(help="Private key of one recipient, PEM.")],
    passphrase_stdin: Annotated[
        bool, typer.Option("--passphrase-stdin", help="Its passphrase is piped in.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the file of keys from a recovery file. One that is there stays as it is."""
    passphrase = sys.stdin.readline().rstrip("\n") if passphrase_stdin else None
    settings = settings_with()
    provider = FileProvider(settings.key_path, settings.data_dir)
    key = read_private_key(_secret(private_key), passphrase)
    provider.write(recovered(_content(recovery).decode(errors="replace"), key))
    versions, _ = asyncio.run(_versions(provider))
    made = {"key_file": str(settings.key_path), "versions": [each.number for each in versions]}
    typer.echo(json.dumps(made) if as_json else f"{settings.key_path}: {made['versions']}.")


async def _versions(provider: KeyProvider) -> tuple[list[KeyVersion], KeyVersion | None]:
    """Return the versions, and which of them wraps; null if there is none."""
    try:
        versions = await provider.versions()
        return versions, await provider.current() if versions else None
    finally:
        await provider.close()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {type(error).__name__}.") from None


def _secret(path: Path) -> bytes:
    """Read a private key. Raises SecretFileError if other users may read it too."""
    try:
        return read_secret(path).encode()
    except (OSError, ValueError) as error:
        raise SetupError(f"{path} cannot be read: {type(error).__name__}.") from None


def _write(path: Path, text: str) -> None:
    try:
        is_written = create_secret(path, text)
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {type(error).__name__}.") from None
    if not is_written:
        raise SetupError(f"{path} is there: it stays as it is.")
