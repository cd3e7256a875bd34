import time, json
from tests.stage import stage_audit, TODAY
from tests.pushing import *
from tests.conftest import *
async def test_speed(server, agency_system, agency, owner):
    Q=[{"code": f"{1+n//100}.{n%100}", "is_mandatory": False} for n in range(500)]
    first=await stage_audit(owner, agency, questions=Q)
    from dataclasses import replace
    from uuid import uuid4, UUID
    audits=[first]
    for _ in range(199):
        aid=await owner.fetchval("INSERT INTO audits (reference,title,kind,instrument_id,opens_on,due_on,locks_on,status) SELECT $1,title,kind,instrument_id,opens_on,due_on,locks_on,status FROM audits WHERE id=$2 RETURNING id", uuid4().hex, first.id)
        await owner.execute("INSERT INTO roster_entries (audit_id,agency_id,duty_basis) VALUES ($1,$2,'section_11')", aid, UUID(agency["id"]))
        await owner.execute("INSERT INTO audit_responses (audit_id,agency_id,duty_basis) VALUES ($1,$2,'section_11')", aid, UUID(agency["id"]))
        audits.append(replace(first,id=aid))
    rows=[answer_row(a,c,narrative="Minutes of the board, seen twice.") for a in audits for c in a.questions]
    body=lines(rows)
    t=time.perf_counter()
    r=await push_rows(agency_system,"answers",body)
    print("PUSH", r.status_code, len(body), time.perf_counter()-t)
    row=await owner.fetchrow("SELECT * FROM imports WHERE principal_id=$1 ORDER BY id DESC LIMIT 1", agency_system.principal_id)
    t=time.perf_counter()
    await run_job(server, dict(row))
    d=time.perf_counter()-t
    row=await owner.fetchrow("SELECT * FROM imports WHERE id=$1", row["id"])
    print("JOB", row["status"], row["rows_accepted"], row["rows_rejected"], d, 100000/d)
    # raw COPY of same rows into an identical table
    await owner.execute("CREATE TABLE copy_probe (LIKE answers INCLUDING ALL)")
    got=await owner.fetch("SELECT * FROM answers WHERE agency_id=$1", agency_system.agency_id)
    recs=[tuple(g.values()) for g in got]; cols=list(got[0].keys())
    t=time.perf_counter()
    await owner.copy_records_to_table("copy_probe", records=recs, columns=cols)
    c=time.perf_counter()-t
    print("COPY", len(recs), c, 100000/c, "ratio", c/d)
    await owner.execute("DROP TABLE copy_probe")
    import os
    t=time.perf_counter()
    r=await push_rows(agency_system,"answers",body)
    row=await owner.fetchrow("SELECT * FROM imports WHERE principal_id=$1 ORDER BY id DESC LIMIT 1", agency_system.principal_id)
    t=time.perf_counter()
    if os.environ.get("PROF"):
        import cProfile,pstats
        p=cProfile.Profile(); p.enable()
    await run_job(server, dict(row))
    if os.environ.get("PROF"):
        p.disable(); pstats.Stats(p).sort_stats("tottime").print_stats(22)
    print("AGAIN", time.perf_counter()-t)
