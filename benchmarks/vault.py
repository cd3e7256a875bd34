"""What the cryptography of the vault costs: `python -m benchmarks.vault`, in microseconds."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from uuid import UUID

from app.models.vault import BlindKind
from app.privacy.crypto import Place, blind_index, new_key, open_sealed, seal
from app.privacy.keys import provider_of
from app.privacy.keys.file import SETTLED_NS
from app.settings import Settings

TURNS, ROUNDS = 5_000, 7
PERSON = {"given_names": ["Jane"], "surname": "Doe", "date_of_birth": "2014-03-09"}
"""69 bytes of JSON, padded to 128."""


async def main() -> None:
    """Measure and print."""
    key, place = new_key(), Place(UUID(int=1), UUID(int=2), "identity", 1)
    sealed = seal(key, place, PERSON)
    _say("seal", lambda: seal(key, place, PERSON))
    _say("open", lambda: open_sealed(key, place, sealed))
    _say("blind_index", lambda: blind_index(key, BlindKind.nhs_number, "943 476 5919"))
    with tempfile.TemporaryDirectory() as directory:
        provider = provider_of(Settings(data_dir=Path(directory) / "data"))
        await provider.create()
        await asyncio.sleep(SETTLED_NS / 1e9)
        _, wrapped = await provider.wrap(key, b"place")
        await _say_awaited("wrap (file)", lambda: provider.wrap(key, b"place"))
        await _say_awaited("unwrap (file)", lambda: provider.unwrap(1, wrapped, b"place"))


def _say(name: str, work: Callable[[], object]) -> None:
    rounds = []
    for _ in range(ROUNDS):
        started = perf_counter()
        for _ in range(TURNS):
            work()
        rounds.append(perf_counter() - started)
    _print(name, rounds)


async def _say_awaited(name: str, work: Callable[[], Awaitable[object]]) -> None:
    rounds = []
    for _ in range(ROUNDS):
        started = perf_counter()
        for _ in range(TURNS):
            await work()
        rounds.append(perf_counter() - started)
    _print(name, rounds)


def _print(name: str, rounds: list[float]) -> None:
    print(f"{name:14} {median(rounds) / TURNS * 1e6:6.1f} µs")


if __name__ == "__main__":
    asyncio.run(main())
