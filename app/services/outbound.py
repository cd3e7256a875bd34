"""Requests to addresses that others name: to the public network only, and never further.

A name is resolved here and the connection goes to the very address that was judged, so that a
name cannot lead elsewhere in between. No redirect is followed, no proxy is used, TLS is verified
for the name, and nothing of an answer but its status is read.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore

TIMEOUT_S = 15.0
"""For one request, from the name to the status."""
CLOSED = tuple(
    ip_network(each)
    for each in (
        "168.63.129.16",  # a cloud platform, to its own machines
        "192.0.0.0/24",  # protocols, and another platform
        "64:ff9b::/96",  # IPv4 in IPv6, which leads wherever that leads
        "64:ff9b:1::/48",
        "2001::/23",
        "2002::/16",
        "fec0::/10",  # networks of one site, as they once were
    )
)
"""Never reached, though the standard library may call them global."""
SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


class AddressRefusedError(Exception):
    """The name leads to an address that nothing is sent to."""


def may_reach(address: str, *, allows_loopback: bool = False) -> bool:
    """Tell whether something may be sent to an address, as the resolver writes it."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        ip = ip.ipv4_mapped or ip
    if ip.is_loopback:
        return allows_loopback
    closed = any(ip.version == each.version and ip in each for each in CLOSED)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or closed)


async def addresses_of(host: str, port: int, *, allows_loopback: bool = False) -> list[str]:
    """Resolve a name. Raises `AddressRefusedError` if any of its addresses is not to be reached."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    if not all(may_reach(each, allows_loopback=allows_loopback) for each in addresses):
        raise AddressRefusedError
    return addresses


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were judged."""

    def __init__(self, *, allows_loopback: bool) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._allows_loopback = allows_loopback

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, judge and connect. Raises `AddressRefusedError`."""
        failure: Exception = httpcore.ConnectError()
        for address in await addresses_of(host, port, allows_loopback=self._allows_loopback):
            try:
                return await self._inner.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._inner.sleep(seconds)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


async def post(
    url: str, headers: Mapping[str, str], content: bytes, *, allows_loopback: bool = False
) -> int:
    """Send something and return the status of the answer.

    Raises `AddressRefusedError`, `TimeoutError`, and what httpcore raises where nothing answers.
    """
    pool = httpcore.AsyncConnectionPool(
        ssl_context=_tls(),
        max_keepalive_connections=0,
        network_backend=GuardedBackend(allows_loopback=allows_loopback),
    )
    async with asyncio.timeout(TIMEOUT_S), pool:
        sent = {"User-Agent": "safeguarding-api", **headers}
        async with pool.stream("POST", url, headers=list(sent.items()), content=content) as answer:
            return answer.status
