"""The doctor: what is unsafe is said, and nothing is served from it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from app.doctor import examine, surroundings
from app.doctor_database import examine_database
from app.findings import Finding, Verdict
from app.installation import Installation, SetupError
from app.serving import refuse_unsafe
from app.settings import Settings

ROOT = Path(__file__).parent.parent


@pytest.fixture
async def admin(installation: Installation) -> AsyncIterator[asyncpg.Connection]:
    """The administrator, to spoil a setting and put it right."""
    connection = await asyncpg.connect(installation.admin_url, database=installation.database)
    yield connection
    await connection.close()


def of(check: str, findings: list[Finding]) -> Finding:
    return next(finding for finding in findings if finding.check == check)


async def test_a_fresh_installation_is_in_good_health(
    settings: Settings, installation: Installation
) -> None:
    findings = await examine_database(settings, installation)

    assert [f for f in findings if f.verdict > Verdict.advice] == []
    assert {f.check for f in findings} >= {"version", "durability", "role", "locks", "secret key"}
    refuse_unsafe(findings)


async def test_a_database_that_forgets_what_it_confirmed_is_unsafe(
    settings: Settings, installation: Installation
) -> None:
    forgetful = replace(installation, app_url=f"{installation.app_url}&synchronous_commit=off")

    findings = await examine_database(settings, forgetful)

    assert of("durability", findings).verdict is Verdict.unsafe
    assert "synchronous_commit is off" in of("durability", findings).sentence
    with pytest.raises(SetupError, match="synchronous_commit is off"):
        refuse_unsafe(findings)


async def test_a_run_time_role_that_owns_tables_is_unsafe(
    settings: Settings, installation: Installation
) -> None:
    assert installation.owner_url is not None
    owned = replace(installation, app_url=installation.owner_url)

    findings = await examine_database(settings, owned)

    assert of("role", findings).verdict is Verdict.unsafe
    assert "owns tables" in of("role", findings).sentence


async def test_a_run_time_role_that_passes_every_policy_is_unsafe(
    settings: Settings, installation: Installation
) -> None:
    assert installation.admin_url is not None
    url = installation.admin_url.replace("/postgres?", f"/{installation.database}?")

    findings = await examine_database(settings, replace(installation, app_url=url))

    assert "is a superuser, bypasses the policies" in of("role", findings).sentence


async def test_a_table_without_locks_is_unsafe(
    settings: Settings, installation: Installation, owner: asyncpg.Connection
) -> None:
    await owner.execute("CREATE TABLE unlocked ()")

    findings = await examine_database(settings, installation)
    await owner.execute("DROP TABLE unlocked")

    assert of("locks", findings).verdict is Verdict.unsafe
    assert of("locks", findings).sentence.endswith("on unlocked.")


async def test_rights_beyond_need_are_wrong(
    settings: Settings, installation: Installation, owner: asyncpg.Connection
) -> None:
    await owner.execute("GRANT TRUNCATE ON areas TO safeguarding_app")

    findings = await examine_database(settings, installation)
    await owner.execute("REVOKE TRUNCATE ON areas FROM safeguarding_app")

    assert of("privileges", findings).verdict is Verdict.wrong
    assert "areas" in of("privileges", findings).sentence


async def test_tables_of_another_version_are_unsafe(
    settings: Settings, installation: Installation, owner: asyncpg.Connection
) -> None:
    revision = await owner.fetchval("SELECT version_num FROM migration.alembic_version")
    await owner.execute("UPDATE migration.alembic_version SET version_num = '0000'")

    findings = await examine_database(settings, installation)
    await owner.execute("UPDATE migration.alembic_version SET version_num = $1", revision)

    assert of("migrations", findings).verdict is Verdict.unsafe
    assert "revision 0000" in of("migrations", findings).sentence


async def test_another_secret_key_is_unsafe(settings: Settings, installation: Installation) -> None:
    findings = await examine_database(settings, replace(installation, secret_key=bytes(32)))

    assert of("secret key", findings).verdict is Verdict.unsafe


async def test_too_few_connections_are_wrong(
    settings: Settings, installation: Installation
) -> None:
    findings = await examine_database(settings, installation, processes=100)

    assert of("connections", findings).verdict is Verdict.wrong


async def test_an_older_database_than_this_version_needs_is_unsafe(
    settings: Settings, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.doctor_database.OLDEST_VERSION", 99)

    findings = await examine_database(settings, installation)

    assert of("version", findings).verdict is Verdict.unsafe


@pytest.mark.parametrize(
    ("settings", "verdict"),
    [
        (Settings(host="0.0.0.0"), Verdict.unsafe),  # noqa: S104 - the point of the test
        (Settings(host="::"), Verdict.unsafe),
        (Settings(public_url="http://board.example"), Verdict.unsafe),
        (Settings(tls_cert=Path("chain.pem")), Verdict.unsafe),
        (Settings(host="::1"), Verdict.well),
        (Settings(host="localhost", public_url="http://localhost:8000"), Verdict.well),
        (Settings(host="0.0.0.0", public_url="https://board.example"), Verdict.well),  # noqa: S104
        (Settings(host="0.0.0.0", tls_cert=Path("c"), tls_key=Path("k")), Verdict.well),  # noqa: S104
    ],
)
def test_records_do_not_leave_the_machine_in_clear(settings: Settings, verdict: Verdict) -> None:
    assert of("tls", [*surroundings(settings)]).verdict is verdict


def test_an_installation_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    findings = asyncio.run(examine(Settings(data_dir=tmp_path / "board")))

    assert of("installation", findings).verdict is Verdict.wrong
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_the_same_for_programs(settings: Settings) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "app.cli", "doctor", "--json"],
        check=False,
        capture_output=True,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DATA_DIR": str(settings.data_dir),
            "DATABASE": settings.database,
        },
        timeout=60,
    )

    printed = json.loads(result.stdout)
    assert result.returncode == 0, printed
    assert printed["is_healthy"] is True
    mail = next(each for each in printed["findings"] if each["check"] == "mail")
    assert mail == {
        "check": "mail",
        "verdict": "advice",
        "sentence": "No mail server is named: invitations and reminders stay in the database.",
        "remedy": "Set SMTP_HOST and what it needs.",
    }
