"""Serving: the set-up is examined, then processes answer requests and do the work beside them."""

import asyncio
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import structlog
import uvicorn

from app.doctor import surroundings
from app.doctor_database import examine_database
from app.findings import Finding, Verdict
from app.installation import Installation, SetupError, installed
from app.logs import RequestLog, logging_to_stderr
from app.main import serve_app
from app.settings import Settings
from app.supervisor import Post, supervise

log: structlog.stdlib.BoundLogger = structlog.get_logger()

WAITING_CONNECTIONS = 2048
"""Connections that wait in the kernel while no process takes them, as during a restart."""

KEEP_ALIVE_S = 65
"""Longer than a proxy in front keeps its side open, so that it never writes to a closed one."""


def serve(
    settings: Settings,
    *,
    processes: int = 1,
    with_worker: bool = False,
    migrate: bool = False,
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until SIGTERM or SIGINT; `announce` gets the address.

    The embedded server is started and brought up to this version; one elsewhere only if `migrate`.
    Raises SetupError from what would be unsafe, and what `installed` and `upgrade` raise.
    """
    refuse_unsafe(surroundings(settings))
    with listening(settings) as listener, ready(settings, processes, migrate=migrate) as found:
        posts = [
            Post(f"api-{number}", answer_requests, (settings, found, listener))
            for number in range(1, processes + 1)
        ]
        if with_worker:
            posts.append(Post("worker", work, (settings, found)))
        listener.listen(WAITING_CONNECTIONS)
        announce(address_of(settings, listener))
        supervise(posts, settings.drain_s)


def serve_worker(settings: Settings) -> None:
    """Do what is to be done without a request, until SIGTERM or SIGINT. Raises as `serve` does."""
    with ready(settings, processes=0, migrate=False) as found:
        supervise([Post("worker", work, (settings, found))], settings.drain_s)


@contextmanager
def ready(settings: Settings, processes: int, *, migrate: bool) -> Iterator[Installation]:
    """Give an installation that was examined, and log for the block."""
    with logging_to_stderr(), installed(settings) as found:
        if migrate or settings.is_embedded:
            asyncio.run(found.upgrade())
        refuse_unsafe(asyncio.run(examine_database(settings, found, processes + 1)))
        asyncio.run(found.check_keys())
        yield found


def refuse_unsafe(findings: Iterable[Finding]) -> None:
    """Log what is wrong. Raises SetupError if something is unsafe."""
    for finding in findings:
        if finding.verdict is Verdict.unsafe:
            raise SetupError(finding.sentence)
        if finding.verdict is Verdict.wrong:
            log.warning("wrong", check=finding.check, sentence=finding.sentence)


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """Take the address to listen on. Raises SetupError if it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            place = f"{settings.host}, port {settings.port}"
            raise SetupError(f"The server cannot listen on {place}: {error.strerror}.") from error
        yield listener


def address_of(settings: Settings, listener: socket.socket) -> str:
    """Return the address callers on this machine use."""
    host, port, *_ = listener.getsockname()
    if ip_address(host).is_unspecified:
        host = "127.0.0.1"
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def answer_requests(
    settings: Settings, installation: Installation, listener: socket.socket
) -> None:
    """Answer requests in a process of its own, until told to stop."""
    with logging_to_stderr():
        app = serve_app(settings, installation)
        server = uvicorn.Server(
            uvicorn.Config(
                RequestLog(app) if settings.log_requests else app,
                lifespan="on",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=[str(network) for network in settings.trusted_proxies],
                limit_concurrency=settings.connection_limit,
                backlog=WAITING_CONNECTIONS,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=settings.drain_s,
                ssl_certfile=settings.tls_cert,
                ssl_keyfile=settings.tls_key,
            )
        )
        server.run(sockets=[listener])
        if not server.started:
            sys.exit(1)


def work(settings: Settings, installation: Installation) -> None:
    """Run the worker in a process of its own, until told to stop."""
    from app.jobs.worker import run_worker  # noqa: PLC0415 - not for the processes that answer

    with logging_to_stderr():
        run_worker(settings, installation)
