"""Measuring: versions in turn, round after round, and what came of it."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import asyncpg

from benchmarks import loading
from benchmarks.load import Barrage, Generator
from benchmarks.servers import Version
from benchmarks.stage import Stage
from benchmarks.workloads import Workload

AGAIN = "floor, again"
"""The floor measured a second time: how far two runs of the same differ."""

WARM_UP_S = 0.4


@dataclass(frozen=True, slots=True)
class Size:
    """How much to measure, and how long."""

    rows: int
    """Audit responses."""
    values: int
    """Answers in one push: thousands."""
    rounds: int
    seconds: float
    """Of each version in each round."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Rates of the versions at one workload, one figure for each round."""

    name: str
    goal: float
    orm_goal: float
    unit: str
    rates: dict[str, list[float]] = field(default_factory=dict)

    @property
    def ours(self) -> float:
        """Our median rate."""
        return median(self.rates["ours"])

    @property
    def floor(self) -> float:
        """Median rate of the floor, of both its turns."""
        return median(self.rates["floor"] + self.rates[AGAIN])

    @property
    def orm(self) -> float:
        """Median rate of the ORM version."""
        return median(self.rates["orm"])

    @property
    def to_floor(self) -> float:
        """Our share of the floor's rate."""
        return self.ours / self.floor

    @property
    def to_orm(self) -> float:
        """Our rate as a multiple of the ORM version's."""
        return self.ours / self.orm

    @property
    def to_itself(self) -> float:
        """The floor's second turn against its first."""
        return median(self.rates[AGAIN]) / median(self.rates["floor"])


def compare(
    stage: Stage, generator: Generator, workload: Workload, versions: Sequence[Version], size: Size
) -> Comparison:
    """Put one workload to all versions, in turn."""
    floor = next(version for version in versions if version.name == "floor")
    turns = [*((version.name, version) for version in versions), (AGAIN, floor)]
    found = Comparison(workload.name, workload.goal, workload.orm_goal, "requests/s")
    for version in versions:
        generator.send(Barrage(version.port, workload.requests(version.name), WARM_UP_S))
    for round_ in range(size.rounds):
        # Back and forth, so that nobody always comes after the same one.
        for name, version in turns if round_ % 2 == 0 else reversed(turns):
            if workload.is_write:
                asyncio.run(_clear(stage))
            barrage = Barrage(version.port, workload.requests(version.name), size.seconds)
            found.rates.setdefault(name, []).append(generator.send(barrage).per_second)
    return found


@dataclass(frozen=True, slots=True)
class Growth:
    """Time of a list in a large installation and in a small one."""

    name: str
    large_rows: int
    small_rows: int
    ratio: float
    """How many times as long it takes in the large one."""


@dataclass(frozen=True, slots=True)
class Side:
    """Who is asked, what, and how many rows there are."""

    version: Version
    requests: list[bytes]
    rows: int


def grow(generator: Generator, name: str, large: Side, small: Side, size: Size) -> Growth:
    """Put the same list to a large and a small installation, in turn."""
    rates: tuple[list[float], list[float]] = [], []
    for seconds in [WARM_UP_S] + [size.seconds] * size.rounds:
        for side, found in zip((large, small), rates, strict=True):
            barrage = Barrage(side.version.port, side.requests, seconds)
            found.append(generator.send(barrage).per_second)
    of_large, of_small = (median(found[1:]) for found in rates)
    return Growth(name, large.rows, small.rows, of_small / of_large)


def say(step: str) -> None:
    """Tell whoever waits what is being done."""
    print(step, file=sys.stderr, flush=True)


async def _clear(stage: Stage) -> None:
    admin = await asyncpg.connect(stage.admin_url)
    try:
        await loading.empty_copies(admin)
    finally:
        await admin.close()
