"""Keys in the transit engine of HashiCorp Vault, by HTTP to a server that speaks its wire."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.privacy.keys import (
    KeyGone,
    KeyProvider,
    KeyProviderError,
    KeyProviderUnavailable,
    KeyRefused,
    KeysMissing,
    KeysWrong,
    NotByProvider,
    check_keys,
    provider_of,
)
from app.privacy.keys.transit import TransitProvider
from app.privacy.keys.transit_client import TransitClient, TransitToken
from app.settings import Settings
from tests.transit import TOKEN, Key, Transit
from tests.wire import on_the_wire

KEY = bytes(range(32))
PLACE = b"case 1"


@asynccontextmanager
async def talking_to(vault: Transit, **chosen: object) -> AsyncIterator[KeyProvider]:
    """Serve this Vault, and talk to it as the settings say."""
    token = {} if "transit_token_file" in chosen else {"transit_token": SecretStr(TOKEN)}
    async with on_the_wire(vault.app()) as url:
        settings = Settings(transit_address=url, **token, **chosen)  # type: ignore[arg-type]
        provider = provider_of(settings)
        try:
            yield provider
        finally:
            await provider.close()


@pytest.fixture
def vault() -> Transit:
    """A Vault that is unsealed and empty."""
    return Transit()


@pytest.fixture
async def provider(vault: Transit) -> AsyncIterator[KeyProvider]:
    """Its keeper of keys, with one version."""
    async with talking_to(vault) as provider:
        await provider.create()
        yield provider


async def numbers(provider: KeyProvider) -> list[int]:
    return [each.number for each in await provider.versions()]


async def test_an_empty_vault_has_no_key_and_makes_none_by_itself(vault: Transit) -> None:
    async with talking_to(vault) as provider:
        assert await provider.versions() == []
        with pytest.raises(KeysMissing):
            await provider.current()
        with pytest.raises(KeysMissing):
            await provider.rotate()
        with pytest.raises(KeyProviderError):
            await provider.wrap(KEY, PLACE)

    assert vault.keys == {}


async def test_the_first_key_binds_what_it_encrypts_and_cannot_leave(
    vault: Transit, provider: KeyProvider
) -> None:
    first = await provider.current()

    assert (first.provider, first.number, len(first.fingerprint)) == ("transit", 1, 32)
    assert vault.keys["safeguarding"].kind == "aes256-gcm96"
    assert not vault.keys["safeguarding"].exportable
    with pytest.raises(NotByProvider, match="stays as it is"):
        await provider.create()


async def test_a_wrapped_key_opens_again_by_its_version(provider: KeyProvider) -> None:
    first, wrapped = await provider.wrap(KEY, PLACE)
    second = await provider.rotate()
    renewed, rewrapped = await provider.wrap(KEY, PLACE)

    assert (first.number, second.number, renewed) == (1, 2, second)
    assert first.fingerprint != second.fingerprint
    assert await provider.versions() == [first, second]
    assert await provider.unwrap(1, wrapped, PLACE) == KEY
    assert await provider.unwrap(2, rewrapped, PLACE) == KEY


async def test_a_wrapped_key_does_not_open_elsewhere_or_changed(provider: KeyProvider) -> None:
    _, wrapped = await provider.wrap(KEY, PLACE)
    await provider.rotate()
    changed = wrapped[:-5] + (b"A" if wrapped[-5:-4] != b"A" else b"B") + wrapped[-4:]

    for number, each, place in [
        (1, wrapped, b"case 2"),
        (1, changed, PLACE),
        (2, wrapped, PLACE),
        (2, wrapped.replace(b":v1:", b":v2:"), PLACE),
        (1, b"", PLACE),
        (1, b"\xff\x00", PLACE),
        (1, b"vault:v1:AAAA", PLACE),
    ]:
        with pytest.raises(KeyRefused):
            await provider.unwrap(number, each, place)


async def test_a_destroyed_version_is_gone_from_vault(
    vault: Transit, provider: KeyProvider
) -> None:
    _, wrapped = await provider.wrap(KEY, PLACE)
    await provider.rotate()

    await provider.destroy(1)

    assert list(vault.keys["safeguarding"].kept) == [2]
    assert await numbers(provider) == [2]
    with pytest.raises(KeyGone):
        await provider.unwrap(1, wrapped, PLACE)
    with pytest.raises(KeyGone):
        await provider.unwrap(9, wrapped.replace(b":v1:", b":v9:"), PLACE)
    await provider.destroy(1)
    _, again = await provider.wrap(KEY, PLACE)
    assert await provider.unwrap(2, again, PLACE) == KEY


async def test_versions_are_destroyed_from_the_oldest_and_never_the_current(
    vault: Transit, provider: KeyProvider
) -> None:
    await provider.rotate()
    await provider.rotate()

    with pytest.raises(NotByProvider, match="version 1 first"):
        await provider.destroy(2)
    for number in (3, 4):
        with pytest.raises(NotByProvider, match="rotate first"):
            await provider.destroy(number)
    assert list(vault.keys["safeguarding"].kept) == [1, 2, 3]

    await provider.destroy(1)
    await provider.destroy(2)
    assert list(vault.keys["safeguarding"].kept) == [3]


async def test_a_destruction_that_was_interrupted_is_finished_when_repeated(
    vault: Transit, provider: KeyProvider
) -> None:
    await provider.rotate()
    vault.interrupted = "/trim"
    with pytest.raises(KeyProviderUnavailable, match="status 500"):
        await provider.destroy(1)
    assert list(vault.keys["safeguarding"].kept) == [1, 2]

    vault.interrupted = None
    await provider.destroy(1)

    assert list(vault.keys["safeguarding"].kept) == [2]


async def test_a_bound_that_an_operator_set_higher_is_not_lowered(
    vault: Transit, provider: KeyProvider
) -> None:
    await provider.rotate()
    await provider.rotate()
    key = vault.keys["safeguarding"]
    key.least_decrypting = key.least_encrypting = 3

    await provider.destroy(1)

    assert (key.least_decrypting, key.least_encrypting) == (3, 3)
    assert list(key.kept) == [2, 3]


async def test_a_key_that_was_made_anew_under_its_name_is_noticed(
    vault: Transit, provider: KeyProvider
) -> None:
    first = await provider.current()
    known = [(first.number, first.fingerprint)]
    await check_keys(provider, known)

    vault.keys["safeguarding"] = Key("safeguarding", "aes256-gcm96")
    with pytest.raises(KeysWrong, match="not the one"):
        await check_keys(provider, known)

    del vault.keys["safeguarding"]
    with pytest.raises(KeysMissing, match="version 1"):
        await check_keys(provider, known)
    assert vault.keys == {}


@pytest.mark.parametrize("flaw", [{"kind": "rsa-4096"}, {"derived": True}, {"exportable": True}])
async def test_a_key_of_another_kind_is_refused(vault: Transit, flaw: dict[str, object]) -> None:
    vault.keys["safeguarding"] = Key(**{"name": "safeguarding", "kind": "aes256-gcm96"} | flaw)  # type: ignore[arg-type]

    async with talking_to(vault) as provider:
        with pytest.raises(KeysWrong, match="must be of type aes256-gcm96"):
            await provider.versions()


async def test_a_failure_on_the_way_is_tried_once_more_and_not_twice(
    vault: Transit, provider: KeyProvider
) -> None:
    vault.failures = [502]
    _, wrapped = await provider.wrap(KEY, PLACE)
    vault.failures = [500, 500]

    vault.seen.clear()
    with pytest.raises(KeyProviderUnavailable, match="status 500"):
        await provider.unwrap(1, wrapped, PLACE)

    assert vault.seen == [("POST", "/v1/transit/decrypt/safeguarding")] * 2


@pytest.mark.parametrize("status", [307, 412, 429, 472])
async def test_an_answer_that_says_nothing_of_keys_is_no_verdict_on_them(
    vault: Transit, provider: KeyProvider, status: int
) -> None:
    _, wrapped = await provider.wrap(KEY, PLACE)
    vault.failures = [status]

    with pytest.raises(KeyProviderUnavailable, match=f"status {status}"):
        await provider.unwrap(1, wrapped, PLACE)


async def test_a_sealed_vault_is_told_from_a_missing_key(
    vault: Transit, provider: KeyProvider
) -> None:
    first = await provider.current()
    vault.is_sealed = True

    with pytest.raises(KeyProviderUnavailable, match="sealed"):
        await check_keys(provider, [(first.number, first.fingerprint)])


async def test_a_bad_token_is_refused_and_not_repeated(vault: Transit) -> None:
    vault.tokens = {"another"}

    async with talking_to(vault) as provider:
        with pytest.raises(KeyProviderUnavailable, match="refuses the token") as refused:
            await provider.current()

    assert TOKEN not in str(refused.value)


async def test_the_token_of_a_file_is_read_as_the_agent_renews_it(
    vault: Transit, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    token.chmod(0o640)

    async with talking_to(vault, transit_token_file=token) as provider:
        await provider.create()
        vault.tokens = {"hvs.renewed"}
        with pytest.raises(KeyProviderUnavailable):
            await provider.current()
        token.write_text("hvs.renewed")

        assert (await provider.current()).number == 1

        token.chmod(0o644)
        with pytest.raises(KeyProviderUnavailable, match="TRANSIT_TOKEN_FILE cannot be used"):
            await provider.current()


async def test_the_namespace_is_named(vault: Transit) -> None:
    vault.namespace = "board"

    async with talking_to(vault, transit_namespace="board") as provider:
        await provider.create()

    async with talking_to(vault) as provider:
        with pytest.raises(KeyProviderUnavailable, match="refuses the token"):
            await provider.current()


async def test_a_mount_that_is_not_there_is_told_from_a_missing_key(vault: Transit) -> None:
    async with talking_to(vault, transit_mount="teams/transit") as provider:
        with pytest.raises(KeyProviderUnavailable, match="TRANSIT_MOUNT"):
            await provider.versions()


async def test_a_vault_that_does_not_answer_is_not_waited_for(vault: Transit) -> None:
    async with on_the_wire(vault.app()) as url:
        client = TransitClient(url, TransitToken(TOKEN), timeout_s=0.1)
        provider = TransitProvider(client, "safeguarding")
        vault.pause_s = 1.0
        with pytest.raises(KeyProviderUnavailable, match="in time") as refused:
            await provider.wrap(KEY, PLACE)
        await provider.close()

    assert refused.value.__context__ is None
    assert len(vault.seen) == 1


async def test_a_vault_that_is_away_is_unavailable() -> None:
    provider = TransitProvider(
        TransitClient("http://127.0.0.1:9", TransitToken(TOKEN)), "safeguarding"
    )

    with pytest.raises(KeyProviderUnavailable, match="cannot be reached") as refused:
        await provider.wrap(KEY, PLACE)
    await provider.close()

    assert refused.value.__context__ is None


@pytest.mark.parametrize("text", ["<html>", "[]", "{}", '{"data": 5}', '{"data": {"keys": 1}}'])
async def test_what_is_not_vault_is_not_believed(text: str) -> None:
    async def stranger(_: Request) -> Response:
        return Response(text)

    app = Starlette(routes=[Route("/{path:path}", stranger, methods=["GET", "POST"])])
    async with on_the_wire(app) as url:
        client = TransitClient(url, TransitToken(TOKEN))
        provider = TransitProvider(client, "safeguarding")
        for work in (
            provider.versions(),
            provider.wrap(KEY, PLACE),
            provider.unwrap(1, b"vault:v1:AAAA", PLACE),
        ):
            with pytest.raises(KeyProviderUnavailable, match="is not Vault"):
                await work
        await provider.close()


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"transit_address": "http://vault.example.org:8200"}, "must be https"),
        ({"transit_token": None}, "TRANSIT_TOKEN or TRANSIT_TOKEN_FILE"),
        ({"transit_token_file": Path("token")}, "TRANSIT_TOKEN or TRANSIT_TOKEN_FILE"),
        ({"vault_keys": SecretStr("{}")}, "TRANSIT_ADDRESS and VAULT_KEYS"),
        ({"key_file": Path("keys.json")}, "TRANSIT_ADDRESS and KEY_FILE"),
    ],
)
def test_settings_that_do_not_fit_are_refused(chosen: dict[str, object], sentence: str) -> None:
    fitting = {"transit_address": "https://127.0.0.1:8200", "transit_token": SecretStr(TOKEN)}

    with pytest.raises(KeyProviderError, match=sentence):
        provider_of(Settings(**fitting | chosen))  # type: ignore[arg-type]


@pytest.mark.parametrize("is_trusted", [False, True])
async def test_only_a_certificate_that_somebody_vouches_for_is_spoken_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_trusted: bool
) -> None:
    certificate = self_signed(tmp_path)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    reached: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            reached.append(await reader.read(9))
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        client = TransitClient(f"https://127.0.0.1:{port}", TransitToken(TOKEN))
        provider = TransitProvider(client, "safeguarding")
        with pytest.raises(KeyProviderUnavailable, match="cannot be reached"):
            await provider.versions()
        await provider.close()

    assert set(filter(None, reached)) == ({b"GET /v1/t"} if is_trusted else set())


def self_signed(directory: Path) -> Path:
    """Make a certificate for the loopback, good for a day, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, SHA256())
    )
    path = directory / "server.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    return path


def test_a_token_shows_nowhere() -> None:
    client = TransitClient("https://127.0.0.1", TransitToken(TOKEN))

    assert TOKEN not in repr(TransitToken(TOKEN))
    assert TOKEN not in repr(client) + repr(vars(client))
