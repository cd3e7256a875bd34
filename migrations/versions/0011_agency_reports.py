"""Reports of agencies on a case under review, and its integrated chronology.

An agency writes and sees its own; the team of the case sees all of them side by side.
"""

from migrations.support import RECORD, one_of, rescanned, run, secure, sees_case, works_on_case

revision = "0011"
down_revision = "0010"

STATES = "requested in_progress agency_signed_off submitted returned accepted".split()
PRECISIONS = "day month year".split()
TEXTS = "involvement, analysis, good_practice, learning, what_difference"
EVENT_TEXTS = "source, event, significance, practice_comment"

OF_AGENCY = f"""{RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    case_review_id uuid NOT NULL,
    agency_id uuid NOT NULL REFERENCES agencies"""
TO_REVIEW = "FOREIGN KEY (case_review_id, case_id) REFERENCES case_reviews (id, case_id)"

TABLES = f"""
CREATE TABLE agency_reports (
    {OF_AGENCY},
    working_days smallint NOT NULL CHECK (working_days BETWEEN 1 AND 120),
    due_on date NOT NULL,
    status varchar(64) NOT NULL DEFAULT 'requested' {one_of("status", STATES)},
    involvement text,
    analysis text,
    good_practice text,
    learning text,
    what_difference text,
    author_ids uuid[] NOT NULL DEFAULT '{{}}',
    requested_by_id uuid NOT NULL REFERENCES principals,
    signed_off_by_id uuid REFERENCES principals,
    signed_off_at timestamptz,
    submitted_on date,
    times_returned smallint NOT NULL DEFAULT 0,
    {TO_REVIEW},
    CONSTRAINT agency_reports_agency_review_key UNIQUE (agency_id, case_review_id),
    CONSTRAINT agency_reports_two_people_check
        CHECK (signed_off_by_id IS NULL OR array_remove(author_ids, signed_off_by_id) <> '{{}}')
);
CREATE INDEX agency_reports_case_review_id_idx ON agency_reports (case_review_id, id);
CREATE INDEX agency_reports_case_id_idx ON agency_reports (case_id);
CREATE INDEX agency_reports_requested_by_id_idx ON agency_reports (requested_by_id);
CREATE INDEX agency_reports_signed_off_by_id_idx ON agency_reports (signed_off_by_id);

CREATE TABLE chronology_entries (
    {OF_AGENCY},
    external_ref text,
    happened_on date NOT NULL,
    happened_to date,
    happened_at text CHECK (happened_at ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'),
    precision varchar(64) NOT NULL {one_of("precision", PRECISIONS)},
    source text,
    event text NOT NULL,
    significance text,
    practice_comment text,
    is_withdrawn boolean NOT NULL DEFAULT false,
    recorded_by_id uuid NOT NULL REFERENCES principals,
    pushed_mac bytea,
    {TO_REVIEW},
    CONSTRAINT chronology_entries_agency_review_ref_key
        UNIQUE (agency_id, case_review_id, external_ref),
    CONSTRAINT chronology_entries_period_check CHECK (happened_to >= happened_on),
    CONSTRAINT chronology_entries_time_check
        CHECK (happened_at IS NULL OR precision = 'day' AND happened_to IS NULL)
);
-- In the order of the integrated chronology: for all of a review, and for one agency in it.
CREATE INDEX chronology_entries_review_idx
    ON chronology_entries (case_review_id, happened_on, agency_id, id);
CREATE INDEX chronology_entries_agency_idx
    ON chronology_entries (agency_id, case_review_id, happened_on, id);
CREATE INDEX chronology_entries_case_id_idx ON chronology_entries (case_id);
CREATE INDEX chronology_entries_recorded_by_id_idx ON chronology_entries (recorded_by_id);
"""

GUARDS = """
-- An agency writes its report, its senior signs it off and did not write it alone, and only then
-- it goes to the Board, which returns or accepts it.
CREATE FUNCTION actor.guard_agency_report() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    writable constant text[] := ARRAY['requested', 'in_progress', 'returned'];
    texts constant text[] := ARRAY['involvement', 'analysis', 'good_practice', 'learning',
        'what_difference', 'updated_at'];
    is_own constant boolean := coalesce(OLD.agency_id = actor.agency_id(), false);
    writes constant boolean := is_own AND actor.can('agency-reports:write');
    runs constant boolean := NOT is_own AND actor.can('case-reviews:write');
    is_rewritten constant boolean := (NEW.involvement, NEW.analysis, NEW.good_practice,
            NEW.learning, NEW.what_difference)
        IS DISTINCT FROM (OLD.involvement, OLD.analysis, OLD.good_practice, OLD.learning,
            OLD.what_difference);
    step constant text := OLD.status || ' ' || NEW.status;
    kept public.agency_reports := OLD;
BEGIN
    IF actor.can('vault:open') THEN
        IF to_jsonb(NEW) - texts IS DISTINCT FROM to_jsonb(OLD) - texts THEN
            RAISE EXCEPTION 'Only the texts are gone through.' USING ERRCODE = '42501';
        END IF;
        RETURN NEW;
    END IF;
    IF is_rewritten THEN
        IF NOT writes OR OLD.status <> ALL (writable) THEN
            RAISE EXCEPTION 'Only the agency writes, before it signs off.' USING ERRCODE = '42501';
        END IF;
        kept.involvement := NEW.involvement;
        kept.analysis := NEW.analysis;
        kept.good_practice := NEW.good_practice;
        kept.learning := NEW.learning;
        kept.what_difference := NEW.what_difference;
        kept.author_ids := array_remove(OLD.author_ids, actor.id()) || actor.id();
    END IF;
    kept.status := NEW.status;
    IF NEW.status = OLD.status THEN
        IF runs THEN
            kept.due_on := NEW.due_on;
            kept.working_days := NEW.working_days;
        END IF;
    ELSIF step IN ('requested in_progress', 'returned in_progress',
            'agency_signed_off in_progress') AND writes THEN
        kept.signed_off_by_id := NULL;
        kept.signed_off_at := NULL;
    ELSIF step = 'in_progress agency_signed_off' AND is_own
        AND actor.can('audit-responses:sign-off')
        AND array_remove(OLD.author_ids, actor.id()) <> '{}' THEN
        kept.signed_off_by_id := actor.id();
        kept.signed_off_at := now();
    ELSIF step = 'agency_signed_off submitted' AND writes THEN
        kept.submitted_on := (now() AT TIME ZONE 'Europe/London')::date;
    ELSIF step = 'submitted returned' AND runs THEN
        kept.times_returned := OLD.times_returned + 1;
    ELSIF step <> 'submitted accepted' OR NOT runs THEN
        RAISE EXCEPTION 'Only who may move it there.' USING ERRCODE = '42501';
    END IF;
    kept.updated_at := NEW.updated_at;
    RETURN kept;
END $$;
GRANT EXECUTE ON FUNCTION actor.guard_agency_report TO safeguarding_app;
CREATE TRIGGER guard BEFORE UPDATE ON agency_reports FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_agency_report();
"""

OWN = "agency_id = (SELECT actor.agency_id())"
ME = "(SELECT actor.id())"
WORKS = works_on_case()
VISIBLE = f"CASE WHEN {WORKS} THEN true ELSE {OWN} AND {sees_case()} END"
WRITES = f"(SELECT actor.can('agency-reports:write')) AND {OWN} AND {sees_case()}"
SIGNS = f"(SELECT actor.can('audit-responses:sign-off')) AND {OWN} AND {sees_case()}"
RUNS = f"(SELECT actor.can('case-reviews:write')) AND {WORKS}"
FRESH = (
    "status = 'requested' AND author_ids = '{}' AND times_returned = 0"
    f" AND num_nonnulls({TEXTS}, signed_off_by_id, signed_off_at, submitted_on) = 0"
)
TAKES_PART = (
    "EXISTS (SELECT FROM case_agencies p WHERE p.case_id = agency_reports.case_id"
    " AND p.agency_id = agency_reports.agency_id"
    " AND coalesce(p.valid_to, 'infinity') >= current_date)"
)


def upgrade() -> None:
    run(TABLES)
    secure(
        "agency_reports",
        reads=VISIBLE,
        creates=f"(SELECT actor.can('cases:write')) AND {WORKS} AND {FRESH}"
        f" AND requested_by_id = {ME} AND {TAKES_PART}",
        changes=f"({WRITES}) OR ({SIGNS}) OR ({RUNS})",
        columns=f"(working_days, due_on, status, {TEXTS}, updated_at)",
    )
    rescanned("agency_reports", f"({TEXTS}, updated_at)")
    secure(
        "chronology_entries",
        reads=VISIBLE,
        creates=f"{WRITES} AND recorded_by_id = {ME}",
        changes=WRITES,
        columns=f"(happened_on, happened_to, happened_at, precision, {EVENT_TEXTS}, is_withdrawn,"
        " pushed_mac, updated_at)",
    )
    rescanned("chronology_entries", f"({EVENT_TEXTS}, updated_at)")
    run(GUARDS)


def downgrade() -> None:
    run(
        "DELETE FROM transitions WHERE subject = 'agency_reports';"
        "DROP TABLE chronology_entries, agency_reports;"
        "DROP FUNCTION actor.guard_agency_report"
    )
