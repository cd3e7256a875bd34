"""The `safeguarding` command, as an operator runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from app.access.roles import CLIENT_SCOPES
from app.installation import Installation
from app.settings import Settings
from tests.conftest import Json, SignedIn, make_agency

ROOT = Path(__file__).parent.parent
PASSWORD = "seven lamps for a quiet harbour"


def run(
    settings: Settings, *words: str, typed: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command on the installation of this worker."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "app.cli", *words],
        check=False,
        capture_output=True,
        text=True,
        input=typed,
        timeout=60,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DATA_DIR": str(settings.data_dir),
            "DATABASE": settings.database,
            "KEY_FILE": str(settings.key_file),
        }
        | variables,
    )


def made(result: subprocess.CompletedProcess[str]) -> Json:
    assert result.returncode == 0, result.stderr
    printed: Json = json.loads(result.stdout)
    return printed


@pytest.fixture
def email() -> str:
    """An address nobody else has."""
    return f"officer-{uuid4().hex[:8]}@board.example"


async def test_the_first_person_is_made_on_the_machine(
    settings: Settings, owner: asyncpg.Connection, email: str
) -> None:
    printed = made(
        run(
            settings,
            *("create-user", "--email", email, "--name", "A. Officer"),
            *("--role", "bo_manager", "--role", "chair", "--json"),
        )
    )

    assert printed | {"id": "", "invitation_token": "", "expires_at": ""} == {
        "id": "",
        "email": email,
        "name": "A. Officer",
        "roles": ["bo_manager", "chair"],
        "agency_id": None,
        "invitation_token": "",
        "expires_at": "",
    }
    actor = await owner.fetchval(
        "SELECT actor_id FROM events WHERE subject = 'users' AND record_id = $1",
        UUID(printed["id"]),
    )
    assert actor == await owner.fetchval("SELECT md5('service:operator')::uuid")


async def test_an_invitation_leads_to_a_session(
    settings: Settings, anonymous: httpx.AsyncClient, email: str
) -> None:
    words = ("--email", email, "--name", "A. Officer", "--role", "bo_manager", "--json")
    printed = made(run(settings, "create-user", *words))

    accepted = await anonymous.post(
        "/invitations/accept",
        json={"token": printed["invitation_token"], "new_password": PASSWORD},
    )
    session = await anonymous.post("/sessions", json={"email": email, "password": PASSWORD})
    me = await anonymous.get("/me", headers={"Authorization": f"Bearer {session.json()['token']}"})

    assert (accepted.status_code, session.status_code) == (204, 201)
    assert (me.json()["id"], me.json()["email"]) == (printed["id"], email)


async def test_a_password_is_read_from_the_pipe_and_never_printed(
    settings: Settings, anonymous: httpx.AsyncClient, email: str
) -> None:
    result = run(
        settings,
        *("create-user", "--email", email, "--name", "A. Officer", "--role", "bo_officer"),
        *("--password-stdin", "--json"),
        typed=f"{PASSWORD}\n",
    )

    session = await anonymous.post("/sessions", json={"email": email, "password": PASSWORD})
    assert session.status_code == 201
    assert made(result)["invitation_token"] is None
    assert PASSWORD not in result.stdout + result.stderr


async def test_a_weak_password_is_refused_before_anybody_is_registered(
    settings: Settings, owner: asyncpg.Connection, email: str
) -> None:
    result = run(
        settings,
        *("create-user", "--email", email, "--name", "A. Officer", "--role", "bo_officer"),
        "--password-stdin",
        typed="password1234\n",
    )

    assert result.returncode == 2
    assert "too easy to guess" in result.stderr
    assert "password1234" not in result.stderr
    assert await owner.fetchval("SELECT count(*) FROM users WHERE email = $1", email) == 0


async def test_a_system_is_made_for_an_agency_by_its_identifier(
    settings: Settings, business_office: SignedIn, anonymous: httpx.AsyncClient
) -> None:
    urn = uuid4().hex[:6]
    agency = await make_agency(
        business_office, identifiers=[{"scheme": "urn", "value": urn, "valid_to": None}]
    )

    printed = made(
        run(settings, "create-client", "--agency", f"urn:{urn}", "--name", "MIS", "--json")
    )

    token = await anonymous.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(printed["client_id"], printed["client_secret"]),
    )
    assert printed["agency_id"] == agency["id"]
    assert printed["scopes"] == sorted(map(str, CLIENT_SCOPES))
    assert sorted(token.json()["scope"].split()) == printed["scopes"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--agency", "urn:nobody"], "There is no agency with this identifier."),
        (["--agency", "the police"], "An agency is given by its id or as scheme:value"),
        (["--agency", str(UUID(int=0)), "--scope", "users:write"], "There is no such scope"),
        (["--agency", str(UUID(int=0))], "refers to a record that does not exist"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_sentence(
    settings: Settings, words: list[str], sentence: str
) -> None:
    result = run(settings, "create-client", "--name", "MIS", *words)

    assert result.returncode == 2
    assert sentence in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_address_that_is_none_is_refused_by_its_member(settings: Settings) -> None:
    words = ("--email", "nobody", "--name", "A. Officer", "--role", "chair")

    result = run(settings, "create-user", *words)

    assert result.returncode == 2
    assert result.stderr.startswith("safeguarding: email: ")


def test_two_people_cannot_share_an_address(settings: Settings, email: str) -> None:
    words = ("create-user", "--email", email, "--name", "A. Officer", "--role", "bo_officer")
    run(settings, *words)

    again = run(settings, *words)

    assert again.returncode == 2
    assert email not in again.stderr


@pytest.mark.usefixtures("installation")
def test_a_migration_says_where_it_arrived(settings: Settings) -> None:
    printed = made(run(settings, "migrate", "--json"))

    assert printed["revision"].isdigit()


def test_a_program_gets_the_contract(settings: Settings, tmp_path: Path) -> None:
    printed = run(settings, "openapi")
    (tmp_path / "same.json").write_text(printed.stdout)
    (tmp_path / "other.json").write_text("{}")

    same = run(settings, "openapi", "--check", str(tmp_path / "same.json"))
    other = run(settings, "openapi", "--check", str(tmp_path / "other.json"))

    assert json.loads(printed.stdout)["openapi"].startswith("3.")
    assert (same.returncode, other.returncode) == (0, 1)


def test_roles_are_made_with_the_passwords_of_their_addresses(
    settings: Settings, installation: Installation
) -> None:
    """As in a container: every address is given, and no credentials file is shared."""
    assert installation.admin_url is not None
    assert installation.owner_url is not None

    result = run(
        settings,
        *("migrate", "--json"),
        DATABASE_URL=installation.admin_url,
        OWNER_DATABASE_URL=installation.owner_url,
        APP_DATABASE_URL=installation.app_url,
        VAULT_DATABASE_URL=installation.vault_url,
        SECRET_KEY=installation.secret_key.hex(),
        DATA_DIR="/nowhere",
    )

    assert made(result)["revision"].isdigit()


def test_every_setting_is_documented() -> None:
    documented = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

    missing = [name for name in Settings.model_fields if f"`{name.upper()}`" not in documented]

    assert missing == []
