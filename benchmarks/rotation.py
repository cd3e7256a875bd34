"""How long a rotation takes: cases of three people each, on a server of its own.

`python -m benchmarks.rotation [CASES]`
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from uuid import UUID, uuid4

import asyncpg

from app.installation import Installation, installed
from app.jobs.destruction import keeper_of
from app.privacy.crypto import Place, blind_index, new_key, seal
from app.privacy.key_state import BLIND
from app.privacy.people import looked_up_by
from app.privacy.vault import IDENTITY
from app.schemas.identities import Identity
from app.settings import Settings

CASES, PEOPLE = 5000, 3
WRITTEN = {
    "cases": ("id",),
    "persons": ("id", "case_id", "number", "kind", "label"),
    "case_keys": ("case_id", "key_version", "wrapped"),
    "identities": ("case_id", "person_id", "version", "sealed"),
    "blind_indexes": ("case_id", "person_id", "kind", "key_version", "mac"),
}
Rows = dict[str, list[tuple[object, ...]]]


def identity(number: int) -> Identity:
    """Make up somebody."""
    return Identity.model_validate(
        {
            "names": [{"given": "Ann", "family": f"Example{number}"}],
            "date_of_birth": "2010-02-03",
            "nhs_number": f"{9_990_000_000 + number}",
            "addresses": [{"lines": "1 Example Street, Exampleton", "postcode": "NN1 1AA"}],
        }
    )


def people(case_id: UUID, key: bytes, blind: bytes, version: int, first: int) -> Iterator[Rows]:
    """Make the rows of the people of a case."""
    for number in range(1, PEOPLE + 1):
        person_id, who = uuid4(), identity(first + number)
        place = Place(case_id, person_id, IDENTITY, 1)
        sealed = seal(key, place, who.model_dump(mode="json"))
        yield {
            "persons": [(person_id, case_id, number, "child", f"Child {number}")],
            "identities": [(case_id, person_id, 1, sealed)],
            "blind_indexes": [
                (case_id, person_id, kind.value, version, blind_index(blind, kind, value))
                for kind, value in looked_up_by(who)
            ],
        }


async def fill(installation: Installation, cases: int) -> None:
    """Write cases with sealed people, as the owner."""
    assert installation.owner_url is not None  # noqa: S101 - embedded
    owner = await asyncpg.connect(installation.owner_url)
    provider = installation.keys()
    row = await owner.fetchrow("SELECT key_version, wrapped FROM blind_keys")
    assert row is not None  # noqa: S101 - made with the database
    blind = await provider.unwrap(row["key_version"], row["wrapped"], BLIND)
    rows: Rows = {table: [] for table in WRITTEN}
    for n in range(cases):
        case_id, key = uuid4(), new_key()
        version, wrapped = await provider.wrap(key, case_id.bytes)
        rows["cases"].append((case_id,))
        rows["case_keys"].append((case_id, version.number, wrapped))
        for each in people(case_id, key, blind, version.number, n * PEOPLE):
            for table, made in each.items():
                rows[table] += made
    for table, columns in WRITTEN.items():
        places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
        insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
        await owner.executemany(insert, rows[table])
    await owner.close()


async def measure(installation: Installation, cases: int) -> None:
    """Fill, rotate twice, and print what it took."""
    await installation.upgrade()
    await fill(installation, cases)
    for _ in range(2):
        async with keeper_of(installation) as keeper:
            began = perf_counter()
            done = await keeper.rotate()
            seconds = perf_counter() - began
        print(f"{done.rewrapped} cases, {done.hashes} hashes: {seconds:.1f} s")


def main() -> None:
    """Measure on a server that is thrown away."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    with tempfile.TemporaryDirectory(prefix="safeguarding-") as directory:
        settings = Settings(data_dir=Path(directory) / "data")
        with installed(settings) as installation:
            asyncio.run(measure(installation, cases))


if __name__ == "__main__":
    main()
