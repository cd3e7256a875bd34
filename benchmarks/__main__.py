"""The command: `python -m benchmarks [--quick] [--json FILE]`."""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import asyncpg

from benchmarks import loading, report
from benchmarks.load import Barrage, Generator, generator
from benchmarks.measuring import Growth, Pace, compare, grow, say
from benchmarks.policies import measure_policies
from benchmarks.servers import Version, floor_version, orm_version, ours
from benchmarks.stage import Stage, staged, twin
from benchmarks.workloads import RESPONSES, check_equal, get, workloads

ROWS, QUICK_ROWS, TWIN_ROWS = 1_000_000, 50_000, 10_000
PACE, QUICK_PACE = Pace(rounds=5, seconds=1.5), Pace(rounds=3, seconds=0.4)


def main() -> None:
    """Measure, print the table, and write the figures where asked."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    pace = QUICK_PACE if options.quick else PACE
    pace = Pace(options.rounds or pace.rounds, options.seconds or pace.seconds)
    found = run(options.rows or (QUICK_ROWS if options.quick else ROWS), pace)
    print("\n".join(found.lines()))
    if options.json is not None:
        options.json.write_text(json.dumps(found.as_json(), indent=2) + "\n", encoding="utf-8")


def run(rows: int, pace: Pace) -> report.Report:
    """Measure on an installation of so many audit responses."""
    started = time.perf_counter()
    say(f"loading {rows:,} audit responses")
    with ExitStack() as stack:
        stage = stack.enter_context(staged(rows))
        found = report.Report(asyncio.run(_prepare(stage)), stage.rows)
        shots = stack.enter_context(generator())
        versions = [
            stack.enter_context(serve(stage)) for serve in (ours, floor_version, orm_version)
        ]
        asked = workloads(stage)
        for workload in asked:
            say(f"comparing answers: {workload.name}")
            check_equal(workload, versions)
        for workload in asked:
            say(f"measuring: {workload.name}")
            found.comparisons.append(compare(stage, shots, workload, versions, pace))
        say("measuring: policies")
        found.policies = asyncio.run(measure_policies(stage, pace.seconds))
        say("measuring: growth")
        say("measuring: summary of an audit")
        summary = Barrage(
            versions[0].port,
            [get(stage.business_office, f"/v1/audits/{stage.audit_id}/summary")],
            pace.seconds,
            connections=1,
        )
        found.summary_ms = shots.send(summary).median_ms
        found.growths = _growths(stage, versions[0], shots, pace)
    found.seconds = time.perf_counter() - started
    return found


async def _prepare(stage: Stage) -> str:
    """Make what the other versions write to; describe the machine."""
    admin = await asyncpg.connect(stage.admin_url)
    try:
        for version in ("floor", "orm"):
            await loading.copy_tables(admin, version)
        return report.machine(await admin.fetchval("SHOW server_version"))
    finally:
        await admin.close()


def _growths(stage: Stage, version: Version, shots: Generator, pace: Pace) -> list[Growth]:
    """Compare lists with those of a small installation, as both kinds of caller."""
    with twin(stage, TWIN_ROWS) as small, ours(small) as small_version:
        large_sides = stage.business_office, stage.agency_system
        small_sides = small.business_office, small.agency_system
        names = "list", "list_of_agency"
        return [
            grow(
                shots,
                name,
                (version, [get(large, RESPONSES)], stage.rows),
                (small_version, [get(little, RESPONSES)], small.rows),
                pace,
            )
            for name, large, little in zip(names, large_sides, small_sides, strict=True)
        ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data, shorter rounds")
    parser.add_argument("--rows", type=int, help="audit responses to load")
    parser.add_argument("--rounds", type=int, help="times every version has its turn")
    parser.add_argument("--seconds", type=float, help="length of a turn")
    file = os.environ.get("JSON") or None
    parser.add_argument("--json", type=Path, default=file and Path(file), help="file for figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
