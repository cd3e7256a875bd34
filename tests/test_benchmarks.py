"""The benchmark: it runs from end to end, and measures only what answers the same."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.workloads import is_same

ROOT = Path(__file__).parent.parent


def test_a_small_run_compares_every_workload(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    size = ["--rows", "2000", "--values", "2000", "--rounds", "1", "--seconds", "0.05"]

    run = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "benchmarks", *size, "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    found = json.loads(figures.read_text())
    circumstances = found.pop("_run")
    assert circumstances["rows"] == 2000
    assert set(found) == {"list", "list_of_agency", "read", "create", "bulk"}
    for workload in found.values():
        assert set(workload) == {"ours", "floor", "orm", "to_floor", "to_orm"}
        assert workload["to_floor"] == workload["ours"] / workload["floor"]
        assert workload["to_orm"] == workload["ours"] / workload["orm"]
    assert set(circumstances["growth"]) == {"list", "list_of_agency"}
    assert len(circumstances["policies"]) == 8
    assert circumstances["summary_ms"] > 0
    assert "bulk, values/s" in run.stdout


def test_answers_that_say_the_same_time_in_other_words_are_the_same() -> None:
    ours = {"items": [{"id": "1", "updated_at": "2017-11-01T09:00:00.12+00:00"}]}
    theirs = {"items": [{"id": "1", "updated_at": "2017-11-01T09:00:00.120000Z"}]}

    assert is_same(ours, theirs)


def test_an_answer_that_lacks_a_member_or_a_record_is_not_the_same() -> None:
    page = {"items": [{"id": "1", "status": "submitted"}], "next_cursor": "a"}

    assert not is_same(page, page | {"items": [{"id": "1"}]})
    assert not is_same(page, page | {"items": []})
    assert not is_same(page, page | {"next_cursor": None})


def test_new_records_differ_by_their_identifiers_only() -> None:
    ours = {"id": "1", "created_at": "2017-11-01T09:00:00Z", "name": "A. Officer"}

    assert is_same(ours, ours | {"id": "2"}, is_new=True)
    assert not is_same(ours, ours | {"id": "2"})
    assert not is_same(ours, ours | {"name": "B. Officer"}, is_new=True)
