"""The command: `python -m benchmarks [--quick] [--json FILE]`."""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import asyncpg

from benchmarks import loading, report
from benchmarks.bulk import measure_bulk
from benchmarks.load import Barrage, Generator, generator
from benchmarks.measuring import Growth, Side, Size, compare, grow, say
from benchmarks.policies import measure_policies
from benchmarks.servers import floor_version, orm_version, ours
from benchmarks.stage import Stage, staged, twin
from benchmarks.workloads import RESPONSES, check_equal, get, workloads

FULL = Size(rows=1_000_000, values=100_000, rounds=5, seconds=1.5)
QUICK = Size(rows=50_000, values=10_000, rounds=3, seconds=0.4)
TWIN_ROWS = 10_000
MOST_PUSHES = 3


def main() -> None:
    """Measure, print the table, and write the figures where asked."""
    options = _options()
    size = QUICK if options.quick else FULL
    asked = {name: value for name, value in vars(options).items() if hasattr(size, name) and value}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    found = run(replace(size, **asked))
    print("\n".join(found.lines()))
    if options.json is not None:
        options.json.write_text(json.dumps(found.as_json(), indent=2) + "\n", encoding="utf-8")


def run(size: Size) -> report.Report:
    """Measure on an installation of this size."""
    started = time.perf_counter()
    say(f"loading {size.rows:,} audit responses")
    with staged(size.rows) as stage, generator() as shots:
        found = report.Report(asyncio.run(_prepare(stage)), stage.rows)
        _compare_all(stage, shots, size, found)
        say("measuring: policies")
        found.policies = asyncio.run(measure_policies(stage, size.seconds))
        with twin(stage, TWIN_ROWS) as small:
            say("measuring: growth")
            found.growths = _growths(stage, small, shots, size)
            say("measuring: bulk")
            pushes = min(size.rounds, MOST_PUSHES)
            found.comparisons.append(measure_bulk(small, size.values, pushes))
    found.seconds = time.perf_counter() - started
    return found


def _compare_all(stage: Stage, shots: Generator, size: Size, found: report.Report) -> None:
    """Put every workload to the three versions, if they answer alike; time the summary."""
    with ours(stage) as own, floor_version(stage) as floor, orm_version(stage) as orm:
        versions = [own, floor, orm]
        asked = workloads(stage)
        for workload in asked:
            say(f"comparing answers: {workload.name}")
            check_equal(workload, versions)
        for workload in asked:
            say(f"measuring: {workload.name}")
            found.comparisons.append(compare(stage, shots, workload, versions, size))
        say("measuring: summary of an audit")
        path = f"/v1/audits/{stage.audit_id}/summary"
        one = Barrage(own.port, [get(stage.business_office, path)], size.seconds, connections=1)
        found.summary_ms = shots.send(one).median_ms


async def _prepare(stage: Stage) -> str:
    """Make what the other versions write to; describe the machine."""
    admin = await asyncpg.connect(stage.admin_url)
    try:
        for version in ("floor", "orm"):
            await loading.copy_tables(admin, version)
        return report.machine(await admin.fetchval("SHOW server_version"))
    finally:
        await admin.close()


def _growths(stage: Stage, small: Stage, shots: Generator, size: Size) -> list[Growth]:
    """Compare lists with those of a small installation, as both kinds of caller."""
    callers = {
        "list": (stage.business_office, small.business_office),
        "list_of_agency": (stage.agency_system, small.agency_system),
    }
    with ours(stage) as version, ours(small) as small_version:
        return [
            grow(
                shots,
                name,
                Side(version, [get(of_large, RESPONSES)], stage.rows),
                Side(small_version, [get(of_small, RESPONSES)], small.rows),
                size,
            )
            for name, (of_large, of_small) in callers.items()
        ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data, shorter rounds")
    parser.add_argument("--rows", type=int, help="audit responses to load")
    parser.add_argument("--values", type=int, help="answers in a bulk push")
    parser.add_argument("--rounds", type=int, help="times every version has its turn")
    parser.add_argument("--seconds", type=float, help="length of a turn")
    file = os.environ.get("JSON") or None
    parser.add_argument("--json", type=Path, default=file and Path(file), help="file for figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
