"""Which duties of the framework a test proves, and which none does: `python -m tools.duties`.

A test names the duties it proves: `@pytest.mark.duty("15.2")`. The register of all of them is
`app/reference/duties.csv`.
"""

import csv
import sys
from collections import Counter
from pathlib import Path

import pytest

REGISTER = Path(__file__).parent.parent / "app" / "reference" / "duties.csv"


class Collector:
    """Counts the tests for each duty, without running any."""

    def __init__(self) -> None:
        self.proofs: Counter[str] = Counter()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read the marks of what was collected."""
        for item in session.items:
            self.proofs.update(
                {str(duty) for mark in item.iter_markers("duty") for duty in mark.args}
            )


def main() -> int:
    """Print the register; fail if a test names a duty there is none of."""
    collector = Collector()
    quietly = ["--collect-only", "-p", "no:terminal", "-o", "addopts=--strict-markers"]
    status = pytest.main(quietly, plugins=[collector])
    if status != pytest.ExitCode.OK:
        sys.stderr.write("The tests cannot be collected: run `make test`.\n")
        return 1
    with REGISTER.open(encoding="utf-8", newline="") as file:
        duties = {row["duty"]: row["what the framework asks"] for row in csv.DictReader(file)}
    for duty, asked in duties.items():
        tests = collector.proofs[duty]
        sys.stdout.write(f"{f'{tests} tests' if tests else '-':9} {duty:6} {asked}\n")
    proven = sum(1 for duty in duties if collector.proofs[duty])
    sys.stdout.write(f"\n{proven} of {len(duties)} duties are proven by a test.\n")
    if unknown := sorted(collector.proofs.keys() - duties.keys()):
        sys.stderr.write(f"Tests name duties that are not registered: {', '.join(unknown)}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
