"""Copies of the running cluster, as an operator takes them, and servers on such a copy."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from app.installation import Installation
from app.postgres import EmbeddedServer
from app.postgres_process import programs
from app.settings import Settings


def take_backup(settings: Settings, installation: Installation) -> Path:
    """Copy the running cluster with `pg_basebackup`; return the directory for a server on it."""
    assert installation.admin_url is not None
    source = settings.data_dir / "postgres"
    copy = Path(tempfile.mkdtemp(prefix="safeguarding-backup-"))
    command = [programs() / "pg_basebackup", "--pgdata", copy / "cluster", "--checkpoint=fast"]
    subprocess.run(  # noqa: S603 - our own command
        [*map(str, command), "--dbname", installation.admin_url], check=True, capture_output=True
    )
    owner = (source / "cluster").stat()
    for path in (copy / "cluster", *(copy / "cluster").rglob("*")):
        os.lchown(path, owner.st_uid, owner.st_gid)
    shutil.copy2(source / "superuser-password", copy)
    return copy


@contextmanager
def restored(copy: Path, database: str) -> Iterator[str]:
    """Serve a copy for the block; give the address of a database of it for the superuser."""
    with EmbeddedServer(copy) as server:
        yield urlunsplit(urlsplit(server.admin_url)._replace(path=f"/{database}"))
    shutil.rmtree(copy)


def files_with(directory: Path, *words: str) -> list[Path]:
    """Return the files below a directory in which one of these words stands, as UTF-8."""
    wanted = [word.encode() for word in words]
    return [
        path
        for path in directory.rglob("*")
        if path.is_file() and not path.is_symlink()
        for content in (path.read_bytes(),)
        if any(word in content for word in wanted)
    ]
