"""6 Step Briefings: approved twice, released to the agencies of the Board, passed on, attested.

Framework section 15. What has been approved keeps its wording; each agency speaks for itself.
"""

from migrations.support import RECORD, guard_moves, one_of, run, secure, works_on_case

revision = "0020"
down_revision = "0019"

STATES = "draft qa_sg_approved board_received released superseded archived".split()
RECEIPTS = "pending acknowledged disseminated attested".split()
SOURCES = (
    "indicator s11 s175 maca eha_audit single_agency_audit thematic_audit case_review cdop"
    " survey_children survey_families survey_practitioners forum training_evaluation"
    " training_return assurance_report agency_annual_report subgroup_annual_report inspection"
    " complaint_compliment deep_dive national_research neighbour_learning jsna"
).split()
CHANNELS = (
    "six_step_briefing newsletter_bimonthly e_bulletin website annual_report training_event"
    " team_meeting supervision e_learning intranet poster conference"
).split()
PARTS = (
    "what_we_looked_at, why_it_matters, what_worked_well, what_needs_to_change, what_to_do_now,"
    " find_out_more"
)

TABLES = f"""
CREATE TABLE briefings (
    {RECORD},
    title text NOT NULL,
    source_kind varchar(64) NOT NULL {one_of("source_kind", SOURCES)},
    source_id uuid,
    source_title text NOT NULL,
    source_case_id uuid REFERENCES cases,
    what_we_looked_at text,
    why_it_matters text,
    what_worked_well text,
    what_needs_to_change text,
    what_to_do_now text,
    find_out_more text,
    channels text[] NOT NULL DEFAULT '{{}}' CHECK (cardinality(channels) <= 12),
    spot_check_on date,
    supersedes_id uuid REFERENCES briefings,
    released_on date,
    status varchar(64) NOT NULL DEFAULT 'draft' {one_of("status", STATES)},
    CONSTRAINT briefings_whole_check CHECK (status = 'draft' OR num_nulls({PARTS}) = 0),
    CONSTRAINT briefings_supersedes_check CHECK (supersedes_id <> id),
    CONSTRAINT briefings_review_check CHECK (source_kind <> 'case_review' OR source_id IS NOT NULL)
);
CREATE INDEX briefings_source_case_id_idx ON briefings (source_case_id);
CREATE INDEX briefings_supersedes_id_idx ON briefings (supersedes_id);

CREATE TABLE briefing_findings (
    {RECORD},
    briefing_id uuid NOT NULL REFERENCES briefings,
    finding_id uuid NOT NULL REFERENCES findings,
    CONSTRAINT briefing_findings_pair_key UNIQUE (briefing_id, finding_id)
);
CREATE INDEX briefing_findings_finding_id_idx ON briefing_findings (finding_id);

CREATE TABLE briefing_recommendations (
    {RECORD},
    briefing_id uuid NOT NULL REFERENCES briefings,
    recommendation_id uuid NOT NULL REFERENCES recommendations,
    CONSTRAINT briefing_recommendations_pair_key UNIQUE (briefing_id, recommendation_id)
);
CREATE INDEX briefing_recommendations_recommendation_id_idx
    ON briefing_recommendations (recommendation_id);

CREATE TABLE briefing_receipts (
    {RECORD},
    briefing_id uuid NOT NULL REFERENCES briefings,
    agency_id uuid NOT NULL REFERENCES agencies,
    membership_id uuid NOT NULL REFERENCES memberships,
    responsible_id uuid NOT NULL REFERENCES principals,
    due_on date NOT NULL,
    attested_by_id uuid REFERENCES principals,
    attested_on date,
    status varchar(64) NOT NULL DEFAULT 'pending' {one_of("status", RECEIPTS)},
    CONSTRAINT briefing_receipts_agency_key UNIQUE (briefing_id, agency_id),
    CONSTRAINT briefing_receipts_attested_check
        CHECK ((status = 'attested') = (attested_by_id IS NOT NULL)
            AND (attested_by_id IS NULL) = (attested_on IS NULL))
);
CREATE INDEX briefing_receipts_agency_id_idx ON briefing_receipts (agency_id, id);
CREATE INDEX briefing_receipts_membership_id_idx ON briefing_receipts (membership_id);
CREATE INDEX briefing_receipts_responsible_id_idx ON briefing_receipts (responsible_id);
CREATE INDEX briefing_receipts_attested_by_id_idx ON briefing_receipts (attested_by_id);

CREATE TABLE briefing_disseminations (
    {RECORD},
    receipt_id uuid NOT NULL REFERENCES briefing_receipts,
    agency_id uuid NOT NULL REFERENCES agencies,
    channel varchar(64) NOT NULL {one_of("channel", CHANNELS)},
    reach_headcount integer NOT NULL CHECK (reach_headcount BETWEEN 0 AND 1000000),
    disseminated_on date NOT NULL,
    note text
);
CREATE INDEX briefing_disseminations_receipt_id_idx ON briefing_disseminations (receipt_id, id);
CREATE INDEX briefing_disseminations_agency_id_idx ON briefing_disseminations (agency_id);
"""

GUARDS = """
-- Past its first state, which comes first in the arguments, a record keeps its wording: only the
-- columns that follow there change.
CREATE FUNCTION actor.keep_wording() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.status <> TG_ARGV[0]
        AND to_jsonb(NEW) - TG_ARGV::text[] IS DISTINCT FROM to_jsonb(OLD) - TG_ARGV::text[] THEN
        RAISE EXCEPTION 'What was agreed or sent keeps its wording.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

-- Dates moves: the arguments are a state and the column that keeps the day it is reached, in turn.
CREATE FUNCTION actor.date_moves() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    today constant date := (now() AT TIME ZONE 'Europe/London')::date;
BEGIN
    FOR n IN 0 .. TG_NARGS / 2 - 1 LOOP
        IF NEW.status = TG_ARGV[2 * n] AND OLD.status <> NEW.status THEN
            NEW := jsonb_populate_record(NEW, jsonb_build_object(TG_ARGV[2 * n + 1], today));
        END IF;
    END LOOP;
    RETURN NEW;
END $$;

CREATE FUNCTION actor.guard_briefing() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.status = 'archived' AND OLD.status <> 'archived' AND NOT EXISTS (
        SELECT FROM public.impact_checks i WHERE i.subject = 'briefings' AND i.record_id = OLD.id
    ) THEN
        RAISE EXCEPTION 'Its impact is not checked.' USING ERRCODE = '42501';
    END IF;
    IF NEW.status = 'superseded' AND OLD.status <> 'superseded' AND NOT EXISTS (
        SELECT FROM public.briefings b WHERE b.supersedes_id = OLD.id AND b.released_on IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'Nothing takes its place.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

-- It is passed on before that is said, and who answers for the agency attests it in the own name.
CREATE FUNCTION actor.guard_briefing_receipt() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.status = 'disseminated' AND NOT EXISTS (
        SELECT FROM public.briefing_disseminations d WHERE d.receipt_id = OLD.id
    ) THEN
        RAISE EXCEPTION 'It was not passed on.' USING ERRCODE = '42501';
    END IF;
    IF NEW.status = 'attested' AND OLD.status <> 'attested' THEN
        IF NOT (OLD.responsible_id = actor.id() OR actor.can('audit-responses:sign-off')
            AND OLD.agency_id IS NOT DISTINCT FROM actor.agency_id()) THEN
            RAISE EXCEPTION 'Only who answers for the agency attests.' USING ERRCODE = '42501';
        END IF;
        NEW.attested_by_id := actor.id();
        NEW.attested_on := (now() AT TIME ZONE 'Europe/London')::date;
    END IF;
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION actor.keep_wording, actor.date_moves, actor.guard_briefing,
    actor.guard_briefing_receipt TO safeguarding_app;
CREATE TRIGGER bind_to_case BEFORE INSERT ON briefings FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.bind_to_case();
CREATE TRIGGER keep_wording BEFORE UPDATE ON briefings FOR EACH ROW
    WHEN (current_user = 'safeguarding_app')
    EXECUTE FUNCTION actor.keep_wording('draft', 'status', 'released_on', 'updated_at');
CREATE TRIGGER date_moves BEFORE UPDATE OF status ON briefings FOR EACH ROW
    WHEN (current_user = 'safeguarding_app')
    EXECUTE FUNCTION actor.date_moves('released', 'released_on');
CREATE TRIGGER guard BEFORE UPDATE ON briefings FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_briefing();
CREATE TRIGGER guard BEFORE UPDATE ON briefing_receipts FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_briefing_receipt();
"""

READS = "(SELECT actor.can('briefings:read'))"
WRITES = "(SELECT actor.can('briefings:write'))"
PASSES_ON = "(SELECT actor.can('briefing-receipts:write'))"
OWN = "agency_id = (SELECT actor.agency_id()) OR responsible_id = (SELECT actor.id())"
SOURCE = works_on_case("source_case_id")
DRAFT = (
    f"{WRITES} AND EXISTS (SELECT FROM briefings b WHERE b.id = briefing_id AND b.status = 'draft')"
)


def upgrade() -> None:
    run(TABLES)
    run(GUARDS)
    secure(
        "briefings",
        reads=f"{READS} AND (status <> 'draft' OR {WRITES}) AND (source_case_id IS NULL"
        f" OR status IN ('released', 'superseded', 'archived') OR {SOURCE})",
        creates=f"{WRITES} AND status = 'draft' AND released_on IS NULL"
        f" AND (source_case_id IS NULL OR {SOURCE})",
        changes=WRITES,
        columns=f"(title, source_title, {PARTS}, channels, spot_check_on, supersedes_id, status,"
        " updated_at)",
    )
    for name in ("finding", "recommendation"):
        secure(
            f"briefing_{name}s",
            reads=f"briefing_id IN (SELECT id FROM briefings)"
            f" AND {name}_id IN (SELECT id FROM {name}s)",
            creates=f"{DRAFT} AND {name}_id IN (SELECT id FROM {name}s)",
            deletes=DRAFT,
        )
    _secure_receipts()
    guard_moves("briefings")
    guard_moves("briefing_receipts")


def _secure_receipts() -> None:
    secure(
        "briefing_receipts",
        reads=f"{READS} AND briefing_id IN (SELECT id FROM briefings)",
        creates=f"{WRITES} AND status = 'pending' AND num_nonnulls(attested_by_id, attested_on) = 0"
        " AND EXISTS (SELECT FROM briefings b WHERE b.id = briefing_id AND b.status = 'released')"
        " AND EXISTS (SELECT FROM memberships m WHERE m.id = membership_id"
        " AND m.user_id = responsible_id AND m.agency_id = briefing_receipts.agency_id)",
        changes=f"{PASSES_ON} AND ({OWN})",
        columns="(status, updated_at)",
    )
    secure(
        "briefing_disseminations",
        reads=f"{READS} AND receipt_id IN (SELECT id FROM briefing_receipts)",
        creates=f"{PASSES_ON} AND EXISTS (SELECT FROM briefing_receipts r WHERE r.id = receipt_id"
        " AND r.agency_id = briefing_disseminations.agency_id"
        " AND r.status IN ('acknowledged', 'disseminated') AND (r.agency_id ="
        " (SELECT actor.agency_id()) OR r.responsible_id = (SELECT actor.id())))",
    )


def downgrade() -> None:
    run(
        "DELETE FROM transitions WHERE subject IN ('briefings', 'briefing_receipts');"
        "DROP TABLE briefing_disseminations, briefing_receipts, briefing_recommendations,"
        " briefing_findings, briefings;"
        "DROP FUNCTION actor.keep_wording, actor.date_moves, actor.guard_briefing,"
        " actor.guard_briefing_receipt"
    )
