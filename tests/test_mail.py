"""Mail goes out by SMTP: sealed until then, once, and not in the clear where that is ruled out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import uuid4

import asyncpg
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.access.caller import Caller
from app.access.scopes import Capability
from app.access.tokens import service_token
from app.installation import Installation
from app.jobs import deliveries
from app.services.mail import enqueue_mail
from app.settings import Settings
from tests.conftest import Json
from tests.stage import Within

BODY = "Set your password: https://board.example/invitations/sga_i_secret"
HEAD = {"subject": "Your invitation", "body": BODY}


class Sink:
    """A mail server that keeps what it gets."""

    def __init__(self, *, refuses: bool = False, pause_s: float = 0.0) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self._refuses, self._pause_s = refuses, pause_s

    async def handle_MAIL(  # noqa: N802 - aiosmtpd asks for this name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        """Take a sender."""
        await asyncio.sleep(self._pause_s)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd asks for this name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        """Take a recipient, or refuse all."""
        await asyncio.sleep(self._pause_s)
        if self._refuses:
            return f"550 {address} is not known here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd asks for this name
        self, _: SMTP, __: Session, envelope: Envelope
    ) -> str:
        """Keep a message."""
        await asyncio.sleep(self._pause_s)
        assert isinstance(envelope.content, bytes)
        self.recipients += envelope.rcpt_tos
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"


@asynccontextmanager
async def receiving(sink: Sink) -> AsyncIterator[Settings]:
    """Receive mail for a while; gives the settings of whoever sends here."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink, loop=loop), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Settings(
            smtp_host="127.0.0.1", smtp_port=port, smtp_tls="none", mail_from="office@board.example"
        )
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
async def worker(within: Within, installation: Installation, owner: asyncpg.Connection) -> Caller:
    """The worker, with nothing to send."""
    await owner.execute("UPDATE mail SET sent_at = now() WHERE sent_at IS NULL")
    return within(service_token(installation.secret_key, "worker"), Capability.run_jobs)


async def leave(worker: Caller, installation: Installation, recipient: str, key: str) -> None:
    """Leave a message for the worker."""
    async with worker.transaction() as db:
        await enqueue_mail(db, installation.secret_key, recipient=recipient, dedupe_key=key, **HEAD)


async def row_of(owner: asyncpg.Connection, key: str) -> Json:
    """Return a message as it is stored."""
    return dict(await owner.fetchrow("SELECT * FROM mail WHERE dedupe_key = $1", key) or {})


async def test_a_message_is_sealed_until_it_is_sent_and_then_forgotten(
    worker: Caller, installation: Installation, owner: asyncpg.Connection
) -> None:
    key = uuid4().hex
    await leave(worker, installation, "lead@agency.example", key)
    await leave(worker, installation, "lead@agency.example", key)
    before = await row_of(owner, key)
    sink = Sink()

    async with receiving(sink) as settings:
        sent = await deliveries.deliver(worker, settings, installation.secret_key)
        again = await deliveries.deliver(worker, settings, installation.secret_key)

    assert b"sga_i_secret" not in before["body"]
    assert (sent, again) == (1, 0)
    assert sink.recipients == ["lead@agency.example"]
    assert sink.messages[0].get_content().strip() == BODY
    assert sink.messages[0]["Subject"] == HEAD["subject"]
    assert sink.messages[0]["From"] == "office@board.example"
    after = await row_of(owner, key)
    assert (after["body"], after["attempts"], after["failure"]) == (b"", 1, None)
    assert after["sent_at"] is not None


async def test_without_a_mail_server_mail_waits(
    worker: Caller, installation: Installation, owner: asyncpg.Connection
) -> None:
    key = uuid4().hex
    await leave(worker, installation, "lead@agency.example", key)

    sent = await deliveries.deliver(worker, Settings(smtp_host=None), installation.secret_key)

    assert sent == 0
    assert (await row_of(owner, key))["attempts"] == 0


async def test_what_is_refused_is_tried_again_later_and_nothing_of_it_is_noted(
    worker: Caller, installation: Installation, owner: asyncpg.Connection
) -> None:
    key = uuid4().hex
    await leave(worker, installation, "nobody@agency.example", key)
    sink = Sink()

    async with receiving(Sink(refuses=True)) as settings:
        await deliveries.deliver(worker, settings, installation.secret_key)
    refused = await row_of(owner, key)
    async with receiving(sink) as settings:
        too_soon = await deliveries.deliver(worker, settings, installation.secret_key)
        await owner.execute(
            "UPDATE mail SET updated_at = now() - interval '5 minutes' WHERE dedupe_key = $1", key
        )
        later = await deliveries.deliver(worker, settings, installation.secret_key)

    assert (refused["attempts"], refused["failure"]) == (1, "SMTPRecipientsRefused")
    assert (too_soon, later) == (0, 1)
    assert (await row_of(owner, key))["failure"] is None


async def test_a_slow_server_is_left_before_it_costs_the_note_of_what_was_sent(
    worker: Caller,
    installation: Installation,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each answer is soon enough by itself; all of them together are not.
    monkeypatch.setattr(deliveries, "TIMEOUT_S", 0.5)
    key = uuid4().hex
    await leave(worker, installation, "lead@agency.example", key)

    async with receiving(Sink(pause_s=0.3)) as settings:
        await deliveries.deliver(worker, settings, installation.secret_key)

    row = await row_of(owner, key)
    assert (row["attempts"], row["failure"], row["sent_at"]) == (1, "TimeoutError", None)


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
async def test_no_message_goes_out_in_the_clear_where_encryption_is_asked_for(
    encryption: str, worker: Caller, installation: Installation, owner: asyncpg.Connection
) -> None:
    key = uuid4().hex
    await leave(worker, installation, "lead@agency.example", key)
    sink = Sink()

    async with receiving(sink) as settings:
        encrypted = settings.model_copy(update={"smtp_tls": encryption})
        await deliveries.deliver(worker, encrypted, installation.secret_key)

    assert sink.messages == []
    assert (await row_of(owner, key))["sent_at"] is None


async def test_two_workers_send_each_message_once(
    worker: Caller, installation: Installation
) -> None:
    people = [f"lead-{n}@agency.example" for n in range(8)]
    for each in people:
        await leave(worker, installation, each, uuid4().hex)
    sink = Sink(pause_s=0.02)

    async with receiving(sink) as settings:
        await asyncio.gather(
            *(deliveries.deliver(worker, settings, installation.secret_key) for _ in range(2))
        )

    assert sorted(sink.recipients) == people


async def test_a_sealed_body_opens_in_its_own_message_only(
    worker: Caller, installation: Installation, owner: asyncpg.Connection
) -> None:
    key, other = uuid4().hex, uuid4().hex
    await leave(worker, installation, "lead@agency.example", key)
    await owner.execute(
        "INSERT INTO mail (recipient, subject, body, dedupe_key)"
        " SELECT 'thief@elsewhere.example', subject, body, $2 FROM mail WHERE dedupe_key = $1",
        key,
        other,
    )
    sink = Sink()

    async with receiving(sink) as settings:
        await deliveries.deliver(worker, settings, installation.secret_key)

    assert sink.recipients == ["lead@agency.example"]
    assert (await row_of(owner, other))["failure"] == "InvalidTag"
