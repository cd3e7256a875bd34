"""Run the demonstration: `make demo`. Every step says what it saw; one that fails ends it.

`PORT` and `DATA_DIR` may be set. `DEMO_EXIT=1` stops after the last step, with status 0 only if
every step held.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from demo import board, casework, learning, schools
from demo.api import Api, Json, StepFailedError, person, system
from demo.mailbox import Mailbox

ROOT = Path(__file__).parent.parent
MANAGER = "manager@board.example.org"
SCOPES = [
    "agencies:read",
    "instruments:read",
    "audits:read",
    "audit-responses:read",
    "audit-responses:write",
    "audit-responses:submit",
]
"""What a system that pushes returns may do."""
CLOCK_S = 30
"""How long the worker may take to see that a day has come."""
STARTED = time.monotonic()


def say(text: str, **figures: object) -> None:
    """Print a step with its figures."""
    shown = "  ".join(f"{name.replace('_', ' ')}: {value}" for name, value in figures.items())
    sys.stdout.write(
        f"[{time.monotonic() - STARTED:5.1f} s] {text}{'  ' if shown else ''}{shown}\n"
    )
    sys.stdout.flush()


def hold(claim: bool, text: str, **figures: object) -> None:  # noqa: FBT001 - reads as a claim
    """Print a step that holds; end the demonstration at one that does not."""
    if not claim:
        raise StepFailedError(text)
    say(text, **figures)


def command(*arguments: str) -> list[str]:
    """Return the call of our own command."""
    return [sys.executable, "-m", "app.cli", *arguments]


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[str]:
    """Serve with a worker for the block; give the address. The server ends with us."""
    server = subprocess.Popen(  # noqa: S603 - our own program
        command("serve", "--with-worker", "--json"),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield _address(server.stdout)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def _address(stdout: IO[str] | None) -> str:
    line = stdout.readline() if stdout else ""
    if not line:
        raise StepFailedError("The server did not start.")
    url: str = json.loads(line)["url"]
    return url


def as_operator(environment: dict[str, str], *arguments: str) -> Json:
    """Do as the operator does on the machine itself."""
    done = subprocess.run(  # noqa: S603 - our own program
        command(*arguments, "--json"),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StepFailedError(done.stderr)
    found: Json = json.loads(done.stdout)
    return found


def tell(url: str, environment: dict[str, str], mailbox: Mailbox) -> None:
    """Play the schools audit of 2017, one case review as five readers see it, and one lesson."""
    password = f"demo-{secrets.token_urlsafe(12)}"
    say("PostgreSQL 18, the API and its worker run", address=url)
    invited = as_operator(
        environment,
        "create-user",
        "--email",
        MANAGER,
        "--name",
        "Manager of the Business Office",
        "--role",
        "bo_manager",
    )
    office = person(url, MANAGER, invited["invitation_token"], password)
    hold(office.get("/me")["kind"] == "person", "The Business Office accepts its invitation")

    northamptonshire = board.read()
    agency_ids = board.load(office, northamptonshire)
    say("The board is loaded", partners=len(agency_ids), areas=len(northamptonshire["areas"]))
    say("Public registers come in by the same way", **board.load_registers(office))
    cast = board.people(office, northamptonshire, agency_ids, password)
    say("People accept their invitations", people=len(cast))

    audit_id = _schools_audit(office, cast)
    clients = _foreign_looks(office, cast, audit_id, agency_ids)
    _examples(office, clients, agency_ids)
    _case_review(office, cast, password)
    _lesson(office, cast, agency_ids, audit_id)
    say("Mail that the worker delivered by SMTP", messages=mailbox.wait_for(len(cast)))
    _leave(url, password, clients)


def client_of(agency_id: str, name: str) -> Json:
    """Write the registration of an agency's system that pushes returns."""
    return {"agency_id": agency_id, "name": name, "scopes": SCOPES}


def _schools_audit(office: Api, cast: dict[str, Api]) -> str:
    wanted = schools.expected()
    urns = sorted({line["urn"] for line in schools.returns()} | set(wanted["not_returned_urns"]))
    audit_id = schools.open_audit(office, urns)
    say("The schools audit of 2017 is open", schools=len(urns))
    at = {
        each["value"]: agency["id"]
        for agency in office.all("/agencies", sector="school", limit=200)
        for each in agency["identifiers"]
        if each["scheme"] == "urn"
    }

    def sign_in(urn: str) -> Api:
        client = office.post("/clients", client_of(at[urn], "School system"))
        return system(office.url, client)

    began = time.monotonic()
    pushed = schools.push_all(audit_id, sign_in)
    seconds = time.monotonic() - began
    say("Schools sign in and push their returns", returns=pushed, seconds=round(seconds, 1))
    found = schools.figures(office, audit_id)
    hold(
        found == wanted,
        "The Business Office reads the summary: it equals the expected figures",
        roster=found["roster"],
        returned=found["returned"],
        rate_percent=found["return_rate_pct"],
        late=found["late"],
        resubmitted=found["resubmitted"],
    )
    weakest = min(found["standards"].items(), key=lambda item: item[1]["met_pct"])
    member = cast["qa_chair"].get(f"/audits/{audit_id}/summary")
    hold(
        member["returned"] == found["returned"],
        "A Board member reads what it means",
        weakest_standard=weakest[0],
        met_percent=weakest[1]["met_pct"],
    )
    return audit_id


def _foreign_looks(
    office: Api, cast: dict[str, Api], audit_id: str, agency_ids: dict[str, str]
) -> Json:
    """Let another agency try to read what is not its own."""
    response = office.get("/audit-responses", audit_id=audit_id, limit=1)["items"][0]
    client = office.post("/clients", client_of(agency_ids["police"], "Case system"))
    police = system(office.url, client)
    seen = police.get("/audit-responses", audit_id=audit_id)["items"]
    read = police.http.get(f"/audit-responses/{response['id']}").status_code
    answers = police.http.get(f"/audit-responses/{response['id']}/answers").status_code
    summary = police.http.get(f"/audits/{audit_id}/summary").status_code
    hold(
        (seen, read, answers, summary) == ([], 404, 404, 403),
        "The police's system asks for a school's response and learns nothing",
        listed=len(seen),
        read=read,
        answers=answers,
        summary=summary,
    )
    lead = cast["police_lead"].http.get(f"/audit-responses/{response['id']}").status_code
    hold(lead == 404, "Nor does the police's lead officer", read=lead)  # noqa: PLR2004
    return {"police": client}


def _examples(office: Api, clients: Json, agency_ids: dict[str, str]) -> None:
    """Run the integration scripts of `examples/`, as they stand there, on a Section 11 audit."""
    today = datetime.now(ZoneInfo("Europe/London")).date()
    audit = office.post(
        "/audits",
        {
            "reference": f"S11-{today.year}",
            "title": f"Section 11 audit {today.year}",
            "instrument_id": schools.publish(office, "section_11", 2015),
            "opens_on": str(today),
            "due_on": str(today + timedelta(days=28)),
            "locks_on": str(today + timedelta(days=42)),
        },
    )
    path = f"/audits/{audit['id']}"
    asked = [agency_ids[key] for key in ("police", "nhft", "fire", "cafcass")]
    office.post(f"{path}/roster", {"agency_ids": asked}, 200)
    office.move(path, "approved")
    began = time.monotonic()
    while office.get(path)["status"] != "open" and time.monotonic() - began < CLOCK_S:
        time.sleep(0.5)
    waited = round(time.monotonic() - began)
    hold(office.get(path)["status"] == "open", "The clock opens the audit", waited_seconds=waited)
    environment = {
        **os.environ,
        "SAFEGUARDING_URL": office.url,
        "CLIENT_ID": clients["police"]["client_id"],
        "CLIENT_SECRET": clients["police"]["client_secret"],
        "AUDIT_ID": audit["id"],
    }
    for name, needs in (("shell", "curl"), ("python", sys.executable), ("typescript", "node")):
        script = _script(name)
        if shutil.which(needs) is None or script is None:
            say(f"examples/{name}: skipped, because {needs} or its compiler is not here")
            continue
        done = subprocess.run(  # noqa: S603 - our own program
            script, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        last = (done.stdout.strip().splitlines() or [done.stderr.strip()[-300:]])[-1]
        hold(done.returncode == 0, f"examples/{name} runs: {last}")


def _script(name: str) -> list[str] | None:
    """Return how an example is run; null where what compiles it is not installed."""
    if name == "shell":
        return ["sh", "examples/push_return.sh"]
    if name == "python":
        return [sys.executable, "examples/push_return.py"]
    compiler = ROOT / "tools" / "contract" / "node_modules" / "typescript"
    return (
        ["node", "tools/run_typescript.cjs", "examples/follow_returns.ts"]
        if compiler.exists()
        else None
    )


def _case_review(office: Api, cast: dict[str, Api], password: str) -> None:
    """Play the second act."""
    work = casework.CaseWork(office, cast, password)
    told = work.notify()
    hold(
        not any(each in json.dumps(told) for each in ("Fenwick", "Okoye", "Stubbs", "0026")),
        "An agency notifies the Board of a serious incident by name; it is kept by label",
    )
    reviewer = work.appoint("L. Reviewer", "lead.reviewer@example.org")
    grant = work.grant(reviewer)
    say("The reviewer asks for a grant; the data protection officer approves it")
    rows = work.readers(reviewer, grant)
    casework.show(rows)
    hold(
        [status for _, status, _ in rows] == [404, 200, 403, 200, 200],
        "Five readers, one review: who has no part in it does not learn that there is one",
    )
    plain, disclosed = (json.dumps(body, ensure_ascii=False) for _, _, body in rows[3:])
    hold(
        "Fenwick" not in plain and "Fenwick" in disclosed and "Stubbs" not in disclosed,
        "The grant shows the two people it is for, and nobody else",
    )
    entry = work.entry(grant)
    hold(
        entry["proof"] is not None and entry["grant_id"] == grant["id"],
        "The log holds that read, sealed",
        act=entry["act"],
        members=",".join(entry["members"]),
        people=len(entry["person_ids"]),
        head=entry["proof"]["head"][:16],
    )


def _lesson(office: Api, cast: dict[str, Api], agency_ids: dict[str, str], audit_id: str) -> None:
    """Play the third act."""
    parts = {
        "lead": cast["police_lead"],
        "senior": cast["police_senior"],
        "partner": cast["nhft_lead"],
    }
    agencies = {"lead": agency_ids["police"], "partner": agency_ids["nhft"]}
    source = {
        "source_kind": "s175",
        "source_id": audit_id,
        "source_title": "Safeguarding in schools, 2017",
    }
    lesson = learning.Learning(office, cast | parts, agencies, source)
    lesson.seat()
    say("Members of the Board sign the undertaking and take their seats; their rights come with it")
    lesson.find()
    lesson.recommend()
    say("The audit's findings are confirmed; sub group, executive group and Board take a decision")
    lesson.brief()
    told = lesson.pass_on()
    hold(
        told["attested"] == len(agencies),
        "A 6 Step Briefing is approved twice and passed on; two agencies attest it",
        agencies=told["agencies"],
        reached=told["reach_headcount"],
    )
    lesson.act()
    say("A SMART action is agreed, done, shown, and verified by somebody else")
    lesson.check()
    traced = lesson.trace(office)
    learning.show(traced)
    hold(
        [each["status"] for each in traced["recommendations"]] == ["reopened"]
        and len(lesson.told()) == 1,
        "The check finds it not embedded: the recommendation is open again, and the Board is told",
        decisions=len(traced["decisions"]),
        moves=len(traced["transitions"]),
    )


def _leave(url: str, password: str, clients: Json) -> None:
    say("To go on by hand")
    for line in (
        f"API reference       {url}/docs",
        f"Business Office     {MANAGER}",
        f"Password            {password}   (of everybody in this demonstration)",
        f"Client id           {clients['police']['client_id']}   (the police's system)",
        f"Client secret       {clients['police']['client_secret']}",
    ):
        sys.stdout.write(f"           {line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run the demonstration and return its exit status."""
    leaves = os.environ.get("DEMO_EXIT") == "1"
    directory = Path(os.environ.get("DATA_DIR", ROOT / ".data" / "demo"))
    shutil.rmtree(directory, ignore_errors=True)
    with Mailbox() as mailbox:
        environment = {
            **os.environ,
            "DATA_DIR": str(directory),
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mailbox.port),
            "SMTP_TLS": "none",
            "CLOCK_EVERY_S": "2",
            "SIGN_IN_ATTEMPTS_PER_MINUTE": "600",
        }
        try:
            with serving(environment) as url:
                tell(url, environment, mailbox)
                if not leaves:
                    say("The server keeps running; Ctrl+C ends it")
                    threading.Event().wait()
        except StepFailedError as error:
            sys.stdout.write(f"FAILED: {error}\n")
            return 1
        except KeyboardInterrupt:
            return 0
    sys.stdout.write("Every step held.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
