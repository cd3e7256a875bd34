"""The state of an installation: what is well, what could be better, what is wrong, what is unsafe.

`safeguarding doctor` prints all of it. `safeguarding serve` refuses to start from what is unsafe.
"""

import shutil
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from app.bootstrap import BootstrapError
from app.doctor_database import examine_database
from app.findings import Finding, Verdict, judge
from app.installation import SetupError, installed
from app.postgres import ServerError
from app.privacy.keys import KeyProviderError
from app.secret_files import SecretFileError
from app.settings import Settings

SCARCE_BYTES = 1_000_000_000

NO_INSTALLATION = (SetupError, BootstrapError, ServerError, SecretFileError, KeyProviderError)


async def examine(settings: Settings) -> list[Finding]:
    """Look at an installation without changing it; what cannot be reached is a finding too."""
    findings = [*surroundings(settings)]
    if settings.is_embedded and not (settings.data_dir / "postgres" / "cluster").exists():
        absent = f"There is no installation in {settings.data_dir} yet."
        return [*findings, Finding("installation", Verdict.wrong, absent, "safeguarding serve")]
    try:
        with installed(settings) as installation:
            return findings + await examine_database(settings, installation)
    except NO_INSTALLATION as error:
        return [*findings, Finding("installation", Verdict.unsafe, str(error))]


def surroundings(settings: Settings) -> Iterator[Finding]:
    """Look at what needs no database: the network, the disk, mail."""
    yield _tls(settings)
    yield _disk(settings)
    yield judge(
        "mail",
        settings.smtp_host is None,
        "A mail server is named.",
        "No mail server is named: invitations and reminders stay in the database.",
        "Set SMTP_HOST and what it needs.",
        Verdict.advice,
    )
    yield _webhooks(settings)


def _webhooks(settings: Settings) -> Finding:
    is_reached = not is_loopback(urlsplit(settings.public_url or "").hostname or settings.host)
    return judge(
        "webhooks",
        settings.webhook_loopback and is_reached,
        "Webhooks go to the public network only.",
        "Webhooks may go to this machine, which others can reach.",
        "Unset WEBHOOK_LOOPBACK: it is for tests and development.",
    )


def _tls(settings: Settings) -> Finding:
    public = urlsplit(settings.public_url or "")
    ends_tls = bool(settings.tls_cert and settings.tls_key)
    problem = None
    if bool(settings.tls_cert) != bool(settings.tls_key):
        problem = "TLS_CERT and TLS_KEY belong together, and one of them is missing"
    elif public.scheme == "http" and not is_loopback(public.hostname or ""):
        problem = "PUBLIC_URL is not https: records would travel in clear"
    elif not (ends_tls or public.scheme or settings.trusted_proxies or is_loopback(settings.host)):
        problem = f"Without TLS, records would travel in clear from {settings.host}"
    return judge(
        "tls",
        problem,
        "Records travel by TLS, or not at all beyond this machine.",
        "{}.",
        "Set PUBLIC_URL to the https address of the proxy in front, or TLS_CERT and TLS_KEY.",
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address to listen on."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _disk(settings: Settings) -> Finding:
    place = next(
        p for p in (settings.data_dir, *settings.data_dir.absolute().parents) if p.exists()
    )
    free = shutil.disk_usage(place).free
    return judge(
        "disk",
        free < SCARCE_BYTES,
        f"{free / 1e9:.1f} GB are free for {settings.data_dir}.",
        f"Only {free / 1e9:.1f} GB are free for {settings.data_dir}.",
        "Make room: PostgreSQL stops when there is none.",
        Verdict.wrong,
    )
