"""Generated requests over every operation, as several kinds of caller: nothing undocumented.

`FUZZ_EXAMPLES` sets how many are generated for each operation beside those that cover its schema.
"""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.conftest import Server, SignedIn, SignIn, make_agency

CONFIG = Path(__file__).parent / "contract" / "schemathesis.toml"
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "2")
pytestmark = pytest.mark.fuzz
ENDS_A_SESSION = "^(log_out|change_password|delete_session)$"
"""Left out: the caller would be somebody else afterwards."""


def header_of(caller: SignedIn) -> str:
    return caller.headers["authorization"]


def report(found: str) -> None:
    """Fail with all that was found."""
    if found:
        pytest.fail(found, pytrace=False)


async def fuzz(server: Server, config: Path, environment: dict[str, str], *options: str) -> str:
    """Run the generator in a process of its own; return what it found, empty for nothing."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
        f"{server.url}/v1/openapi.json",
        *("--max-examples", EXAMPLES, "--exclude-operation-id-regex", ENDS_A_SESSION),
        *("--phases", "examples,coverage,fuzzing"),
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={
            **os.environ,
            **environment,
            "NO_COLOR": "1",
            "PYTHONPATH": str(CONFIG.parent),
            "SCHEMATHESIS_HOOKS": "hooks",
        },
    )
    output = (await process.communicate())[0].decode()
    failures = re.findall(r"^_{3,} .+? _{3,}$.+?(?=^_{3,} |^=)", output, re.MULTILINE | re.DOTALL)
    return "" if process.returncode == 0 else "\n".join(failures)[:20_000] or output[-4000:]


@pytest.mark.duty("X1")
async def test_two_agencies_find_nothing_undocumented_and_nothing_of_each_other(
    server: Server, business_office: SignedIn, sign_in: SignIn, tmp_path: Path
) -> None:
    peers = []
    for name in ("agency", "other_agency"):
        agency = await make_agency(business_office)
        caller = await sign_in(agency_id=agency["id"])
        header = {"name": "Authorization", "value": header_of(caller)}
        peers.append({"name": name, "fixedHeaders": [header]})
    auth = tmp_path / "auth.json"
    auth.write_text(json.dumps({"auth": peers}))

    found = await fuzz(server, CONFIG, {"FUZZ_AUTH": str(auth)})

    report(found)


@pytest.mark.parametrize("role", ["bo_manager", "board_member"])
async def test_the_board_finds_nothing_undocumented(
    server: Server, sign_in: SignIn, tmp_path: Path, role: str
) -> None:
    caller = await sign_in(role)
    config = tmp_path / "schemathesis.toml"
    text = CONFIG.read_text(encoding="utf-8")
    config.write_text(re.sub(r"\[auth\.wfc\]\n(.+\n)+", "", text), encoding="utf-8")

    found = await fuzz(server, config, {}, "--header", f"Authorization: {header_of(caller)}")

    report(found)
