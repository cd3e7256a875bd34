"""The service itself, as a load balancer and a newcomer see it."""

import asyncpg
import httpx

from tests.conftest import Server


async def test_anybody_finds_the_contract(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url) as anybody:
        response = await anybody.get("/v1")
        found = [
            (await anybody.get(response.json()[link])).status_code
            for link in ("reference", "contract", "status")
        ]

    assert response.json() == {
        "name": "safeguarding-api",
        "version": "1.0.0",
        "reference": "/docs",
        "contract": "/v1/openapi.json",
        "status": "/readyz",
    }
    assert found == [200, 200, 200]


async def test_a_process_that_runs_says_so(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url) as anybody:
        response = await anybody.get("/livez")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_a_process_of_another_version_than_the_tables_is_not_ready(
    server: Server, owner: asyncpg.Connection
) -> None:
    revision = await owner.fetchval("SELECT version_num FROM migration.alembic_version")
    async with httpx.AsyncClient(base_url=server.url) as anybody:
        before = await anybody.get("/readyz")
        await owner.execute("UPDATE migration.alembic_version SET version_num = '0000'")
        meanwhile = await anybody.get("/readyz")
        alive = await anybody.get("/livez")
        await owner.execute("UPDATE migration.alembic_version SET version_num = $1", revision)
        after = await anybody.get("/readyz")

    assert [each.status_code for each in (before, meanwhile, alive, after)] == [200, 503, 200, 200]
    assert meanwhile.headers["content-type"] == "application/problem+json"
    assert "retry-after" in meanwhile.headers
