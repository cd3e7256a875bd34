"""The report: figures and goals as a table for people, and as JSON."""

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measuring import Comparison, Growth
from benchmarks.policies import PolicyCost

POLICY_GOAL = 1.3
GROWTH_GOAL = 1.2
SUMMARY_GOAL_MS = 300.0
NOISE = 0.15
"""Difference of the floor from itself beyond which figures say little."""


@dataclass(slots=True)
class Report:
    """What a run found."""

    machine: str
    rows: int
    comparisons: list[Comparison] = field(default_factory=list)
    growths: list[Growth] = field(default_factory=list)
    policies: list[PolicyCost] = field(default_factory=list)
    summary_ms: float | None = None
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        """Write the table."""
        yield self.machine
        yield f"{self.rows:,} audit responses; medians (least to most of the rounds)"
        yield from _table(self._rates())
        yield ""
        yield from _table(self._others())
        yield f"measured in {self.seconds:.0f} s"
        if any(abs(each.to_itself - 1) > NOISE for each in self.comparisons):
            yield "The machine was busy: the floor differs from itself. Measure again."

    def as_json(self) -> dict[str, Any]:
        """Return each workload's figures, and the circumstances under `_run`."""
        found: dict[str, Any] = {
            each.name: {
                "ours": each.ours,
                "floor": each.floor,
                "orm": each.orm,
                "to_floor": each.to_floor,
                "to_orm": each.to_orm,
            }
            for each in self.comparisons
        }
        found["_run"] = {
            "machine": self.machine,
            "rows": self.rows,
            "seconds": self.seconds,
            "rounds": {each.name: each.rates for each in self.comparisons},
            "floor_to_itself": {each.name: each.to_itself for each in self.comparisons},
            "goals": {
                each.name: {"to_floor": each.goal, "to_orm": each.orm_goal}
                for each in self.comparisons
            },
            "growth": {each.name: each.ratio for each in self.growths},
            "policies": {each.question: each.ratio for each in self.policies},
            "summary_ms": self.summary_ms,
        }
        return found

    def _rates(self) -> Iterator[list[str]]:
        yield ["", "ours", "floor", "orm", "to floor", "", "to orm", "", "floor to itself"]
        for each in self.comparisons:
            yield [
                f"{each.name}, {each.unit}",
                *(_spread(each.rates[version]) for version in ("ours", "floor", "orm")),
                _ratio(each.to_floor),
                _at_least(each.to_floor, each.goal),
                f"{_ratio(each.to_orm)} times",
                _at_least(each.to_orm, each.orm_goal),
                f"{each.to_itself:.2f}",
            ]

    def _others(self) -> Iterator[list[str]]:
        for growth in self.growths:
            yield [
                f"time of {growth.name}, {growth.large_rows:,} rows to {growth.small_rows:,}",
                f"{growth.ratio:.2f} times",
                _at_most(growth.ratio, GROWTH_GOAL),
            ]
        for cost in self.policies:
            yield [
                f"policies: {cost.question} ({cost.policies_ms:.2f} to {cost.by_hand_ms:.2f} ms)",
                f"{cost.ratio:.2f} times",
                _at_most(cost.ratio, POLICY_GOAL),
            ]
        if self.summary_ms is not None:
            yield [
                "summary of an audit",
                f"{self.summary_ms:.0f} ms",
                _at_most(self.summary_ms, SUMMARY_GOAL_MS),
            ]


def machine(postgres: str) -> str:
    """Describe where it was measured."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.1f} at the start"
    return (
        f"{_processor()}, {cores} cores, {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}, PostgreSQL {postgres}{load}"
    )


def _processor() -> str:
    """Name the processor, as far as the system does."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "processor not named"


def _spread(rates: Sequence[float]) -> str:
    ordered = sorted(rates)
    return f"{ordered[len(ordered) // 2]:,.0f} ({ordered[0]:,.0f} to {ordered[-1]:,.0f})"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"  # noqa: PLR2004 - two digits


def _at_least(value: float, goal: float) -> str:
    return f"≥ {goal:g} {'met' if value >= goal else 'MISSED'}"


def _at_most(value: float, goal: float) -> str:
    return f"≤ {goal:g} {'met' if value <= goal else 'MISSED'}"


def _table(rows: Iterator[list[str]]) -> Iterator[str]:
    """Line up columns: words to the left, figures to the right."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        first, *rest = zip(row, widths, strict=True)
        yield "  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)])
