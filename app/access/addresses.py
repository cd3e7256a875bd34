"""Where a request comes from, as far as that can be believed."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from fastapi import Request

Address = IPv4Address | IPv6Address


def client_address(request: Request) -> Address | None:
    """Return the address of whoever called; null over a local socket.

    `X-Forwarded-For` is read from its end for as long as the hop that added an entry is one of
    the trusted proxies of the settings: what stands before that, anybody could have written.
    """
    trusted = request.app.state.settings.trusted_proxies
    forwarded = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    believed = None
    for hop in (request.client.host if request.client else "", *reversed(forwarded)):
        address = _parse(hop)
        if address is None:
            break
        believed = address
        if not any(address in network for network in trusted):
            break
    return believed


def _parse(hop: str) -> Address | None:
    """Read one hop, with or without a port; null for what is no address."""
    host = hop.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
