"""Findings of any source, themes they show, and recommendations of sub groups to the Board.

What comes from a live case is read by who works on it, until it is released; the agency that a
finding is of reads it from its factual check on.
"""

from migrations.support import RECORD, guard_moves, one_of, run, secure, works_on_case

revision = "0018"
down_revision = "0017"

KINDS = (
    "strength good_practice area_for_development concern immediate_safeguarding system_theme"
).split()
SCOPES = "single_agency multi_agency system".split()
SOURCES = (
    "indicator s11 s175 maca eha_audit single_agency_audit thematic_audit case_review cdop"
    " survey_children survey_families survey_practitioners forum training_evaluation"
    " training_return assurance_report agency_annual_report subgroup_annual_report inspection"
    " complaint_compliment deep_dive national_research neighbour_learning jsna"
).split()
FINDING = "drafted factual_check disputed confirmed resolved shared linked closed".split()
TOLD = "'confirmed', 'resolved', 'shared', 'linked', 'closed'"
THEME = "open monitored closed".split()
RECOMMENDATION = (
    "drafted recommended_by_sub_group executive_group_supported executive_group_returned accepted"
    " rejected deferred actions_agreed implemented impact_verified reopened closed superseded"
).split()


def _from_source(table: str) -> str:
    """Say where a record comes from, and how what comes from a case is released to partners."""
    return f"""
    source_kind varchar(64) NOT NULL {one_of("source_kind", SOURCES)},
    source_id uuid,
    source_title text NOT NULL,
    source_case_id uuid REFERENCES cases,
    drafted_by_id uuid NOT NULL REFERENCES principals,
    is_released boolean NOT NULL DEFAULT false,
    released_by_id uuid REFERENCES principals,
    release_decision_id uuid REFERENCES decisions,
    release_reason text,
    CONSTRAINT {table}_review_check CHECK (source_kind <> 'case_review' OR source_id IS NOT NULL),
    CONSTRAINT {table}_release_check
        CHECK (NOT is_released OR num_nonnulls(release_decision_id, release_reason) > 0)"""


def _indexes(table: str, *columns: str) -> str:
    """Index references for lists, which go by the newest."""
    return "\n".join(
        f"CREATE INDEX {table}_{column}_idx ON {table} ({column}, id);" for column in columns
    )


TABLES = f"""
CREATE TABLE practitioner_forums (
    {RECORD},
    held_on date NOT NULL,
    title text NOT NULL,
    agency_ids uuid[] NOT NULL DEFAULT '{{}}' CHECK (cardinality(agency_ids) <= 200),
    themes_raised text
);

CREATE TABLE findings (
    {RECORD},
    agency_id uuid REFERENCES agencies,
    kind varchar(64) NOT NULL {one_of("kind", KINDS)},
    scope varchar(64) NOT NULL {one_of("scope", SCOPES)},
    title text NOT NULL,
    text text NOT NULL,
    analysis text,
    method jsonb,
    severity smallint CHECK (severity BETWEEN 1 AND 5),
    spread smallint CHECK (spread BETWEEN 1 AND 5),
    standard text,
    priority_id uuid REFERENCES priorities,
    body_id uuid REFERENCES bodies,
    {_from_source("findings")},
    review_finding_id uuid REFERENCES review_findings,
    status varchar(64) NOT NULL DEFAULT 'drafted' {one_of("status", FINDING)},
    factual_check_due_on date,
    facts_accepted_on date,
    confirmed_by_id uuid REFERENCES principals,
    confirmed_on date,
    CONSTRAINT findings_review_finding_id_key UNIQUE (review_finding_id),
    CONSTRAINT findings_single_agency_check
        CHECK (scope <> 'single_agency' OR agency_id IS NOT NULL),
    CONSTRAINT findings_two_people_check CHECK (confirmed_by_id <> drafted_by_id)
);
{
    _indexes(
        "findings",
        *"agency_id body_id status kind source_id priority_id source_case_id drafted_by_id".split(),
        *"confirmed_by_id released_by_id release_decision_id".split(),
    )
}

CREATE TABLE themes (
    {RECORD},
    title text NOT NULL,
    description text NOT NULL,
    body_id uuid NOT NULL REFERENCES bodies,
    priority_id uuid REFERENCES priorities,
    standard text,
    status varchar(64) NOT NULL DEFAULT 'open' {one_of("status", THEME)}
);
{_indexes("themes", "body_id", "status", "priority_id")}

CREATE TABLE theme_findings (
    {RECORD},
    theme_id uuid NOT NULL REFERENCES themes,
    finding_id uuid NOT NULL REFERENCES findings,
    added_by_id uuid NOT NULL REFERENCES principals,
    CONSTRAINT theme_findings_pair_key UNIQUE (theme_id, finding_id)
);
{_indexes("theme_findings", "theme_id", "finding_id", "added_by_id")}

CREATE TABLE recommendations (
    {RECORD},
    title text NOT NULL,
    text text NOT NULL,
    body_id uuid NOT NULL REFERENCES bodies,
    agency_id uuid REFERENCES agencies,
    priority_id uuid REFERENCES priorities,
    {_from_source("recommendations")},
    is_national boolean NOT NULL DEFAULT false,
    status varchar(64) NOT NULL DEFAULT 'drafted' {one_of("status", RECOMMENDATION)},
    deferred_until date,
    superseded_by_id uuid REFERENCES recommendations,
    CONSTRAINT recommendations_superseded_check
        CHECK (superseded_by_id IS NULL OR superseded_by_id <> id AND status = 'superseded')
);
{
    _indexes(
        "recommendations",
        *"agency_id body_id status source_id priority_id source_case_id drafted_by_id".split(),
        *"superseded_by_id released_by_id release_decision_id".split(),
    )
}

CREATE TABLE recommendation_findings (
    {RECORD},
    recommendation_id uuid NOT NULL REFERENCES recommendations,
    finding_id uuid NOT NULL REFERENCES findings,
    added_by_id uuid NOT NULL REFERENCES principals,
    CONSTRAINT recommendation_findings_pair_key UNIQUE (recommendation_id, finding_id)
);
{_indexes("recommendation_findings", "recommendation_id", "finding_id", "added_by_id")}
"""

GUARDS = """
-- What a review of a case taught is bound to that case, and nobody says otherwise.
CREATE FUNCTION actor.bind_to_case() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    NEW.source_case_id := NULL;
    IF NEW.source_kind = 'case_review' THEN
        SELECT r.case_id INTO NEW.source_case_id FROM public.case_reviews r
        WHERE r.id = NEW.source_id;
        IF NEW.source_case_id IS NULL THEN
            RAISE EXCEPTION 'No such review.' USING ERRCODE = '42501';
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- A finding of a review is taken over into that review's learning only.
CREATE FUNCTION actor.guard_taken_over() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.source_kind <> 'case_review' OR NOT EXISTS (
        SELECT FROM public.review_findings f
        WHERE f.id = NEW.review_finding_id AND f.case_review_id = NEW.source_id
    ) THEN
        RAISE EXCEPTION 'Not of this review.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

-- What comes from a case is released once, for good, by who runs the pipeline, in the own name.
CREATE FUNCTION actor.guard_release() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.is_released OR OLD.source_case_id IS NULL OR NOT NEW.is_released
        OR NOT actor.can('learning:run') THEN
        RAISE EXCEPTION 'Not released, or not by this actor.' USING ERRCODE = '42501';
    END IF;
    NEW.released_by_id := actor.id();
    RETURN NEW;
END $$;

-- Words change before they are confirmed; what they weigh, by a sub group, until it is closed;
-- the agency says of the facts only that they are right, or that they are not.
CREATE FUNCTION actor.guard_finding() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    today constant date := (now() AT TIME ZONE 'Europe/London')::date;
    leads constant boolean := actor.can('recommendations:write');
    is_own constant boolean := coalesce(OLD.agency_id = actor.agency_id(), false);
    free text[] := ARRAY['updated_at', 'status', 'is_released', 'released_by_id',
        'release_decision_id', 'release_reason', 'confirmed_by_id', 'confirmed_on'];
BEGIN
    IF leads AND OLD.status <> 'closed' THEN
        free := free || ARRAY['severity', 'spread', 'standard', 'priority_id', 'body_id'];
    END IF;
    IF (leads OR OLD.drafted_by_id = actor.id()) AND OLD.status IN ('drafted', 'disputed')
        AND NEW.status = OLD.status THEN
        free := free || ARRAY['kind', 'scope', 'title', 'text', 'analysis', 'method'];
    END IF;
    IF NEW.status = 'factual_check' AND OLD.factual_check_due_on IS NULL THEN
        free := free || ARRAY['factual_check_due_on'];
    ELSIF NEW.status = 'factual_check' AND is_own THEN
        free := free || ARRAY['facts_accepted_on'];
    ELSIF NEW.status = 'disputed' AND OLD.status <> 'disputed' AND NOT is_own THEN
        RAISE EXCEPTION 'Only the agency concerned.' USING ERRCODE = '42501';
    END IF;
    IF to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'Nothing else changes.' USING ERRCODE = '42501';
    END IF;
    IF NEW.status IN ('confirmed', 'resolved') AND NEW.status <> OLD.status THEN
        IF OLD.drafted_by_id = actor.id() OR is_own THEN
            RAISE EXCEPTION 'Another person confirms.' USING ERRCODE = '42501';
        END IF;
        NEW.confirmed_by_id := actor.id();
        NEW.confirmed_on := today;
    ELSE
        NEW.confirmed_by_id := OLD.confirmed_by_id;
        NEW.confirmed_on := OLD.confirmed_on;
    END IF;
    RETURN NEW;
END $$;

-- A recommendation is worded until it is recommended, and goes on by its moves.
CREATE FUNCTION actor.guard_recommendation() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    free text[] := ARRAY['updated_at', 'status', 'is_released', 'released_by_id',
        'release_decision_id', 'release_reason'];
BEGIN
    IF NEW.status = OLD.status AND OLD.status IN ('drafted', 'executive_group_returned')
        AND actor.can('recommendations:write') THEN
        free := free || ARRAY['title', 'text', 'agency_id', 'priority_id'];
    ELSIF NEW.status = 'superseded' AND OLD.superseded_by_id IS NULL THEN
        free := free || ARRAY['superseded_by_id'];
    ELSIF NEW.status = 'deferred' AND OLD.deferred_until IS NULL THEN
        free := free || ARRAY['deferred_until'];
    END IF;
    IF to_jsonb(NEW) - free IS DISTINCT FROM to_jsonb(OLD) - free THEN
        RAISE EXCEPTION 'Nothing else changes.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION actor.bind_to_case, actor.guard_taken_over, actor.guard_release,
    actor.guard_finding, actor.guard_recommendation TO safeguarding_app;

CREATE TRIGGER bind_to_case BEFORE INSERT ON findings FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.bind_to_case();
CREATE TRIGGER bind_to_case BEFORE INSERT ON recommendations FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.bind_to_case();
CREATE TRIGGER guard_taken_over BEFORE INSERT ON findings FOR EACH ROW
    WHEN (current_user = 'safeguarding_app' AND NEW.review_finding_id IS NOT NULL)
    EXECUTE FUNCTION actor.guard_taken_over();
CREATE TRIGGER guard BEFORE UPDATE ON findings FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_finding();
CREATE TRIGGER guard BEFORE UPDATE ON recommendations FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_recommendation();
"""
RELEASE = """
CREATE TRIGGER guard_release
    BEFORE UPDATE OF is_released, released_by_id, release_decision_id, release_reason ON {}
    FOR EACH ROW WHEN (current_user = 'safeguarding_app')
    EXECUTE FUNCTION actor.guard_release();
"""

READS = "(SELECT actor.can('learning:read'))"
WRITES = "(SELECT actor.can('findings:write'))"
LEADS = "(SELECT actor.can('recommendations:write'))"
RUNS = "(SELECT actor.can('learning:run'))"
CONFIRMS = "(SELECT actor.can('findings:confirm'))"
ME = "(SELECT actor.id())"
OWN = "agency_id = (SELECT actor.agency_id())"
WORKS = works_on_case("source_case_id")
OPEN_TO_ALL = f"(source_case_id IS NULL OR is_released OR {WORKS})"
SEES_FINDING = (
    f"{READS} AND ({OPEN_TO_ALL} AND (status IN ({TOLD}) OR {RUNS} OR {CONFIRMS}"
    f" OR drafted_by_id = {ME}"
    f" OR {OWN} AND status <> 'drafted')"
    f" OR {OWN} AND status <> 'drafted' AND source_case_id = ANY ((SELECT actor.cases())::uuid[]))"
)
SEES_RECOMMENDATION = f"{READS} AND {OPEN_TO_ALL} AND (status <> 'drafted' OR {LEADS})"
NEW = (
    f"drafted_by_id = {ME} AND NOT is_released"
    " AND num_nonnulls(released_by_id, release_decision_id, release_reason) = 0"
    f" AND (source_case_id IS NULL OR {WORKS})"
)
RELEASED = "is_released, released_by_id, release_decision_id, release_reason"


def upgrade() -> None:
    run(TABLES)
    run(GUARDS)
    secure(
        "practitioner_forums",
        reads=READS,
        creates=f"{WRITES} AND {LEADS}",
        changes=f"{WRITES} AND {LEADS}",
        columns="(held_on, title, agency_ids, themes_raised, updated_at)",
    )
    _secure_findings()
    _secure_themes()
    _secure_recommendations()
    for table in ("findings", "recommendations"):
        run(RELEASE.format(table))
    for table in ("findings", "themes", "recommendations"):
        guard_moves(table)


def _secure_findings() -> None:
    secure(
        "findings",
        reads=SEES_FINDING,
        creates=f"{WRITES} AND ({LEADS} OR {OWN}) AND {NEW} AND status = 'drafted'"
        " AND num_nonnulls(factual_check_due_on, facts_accepted_on, confirmed_by_id,"
        " confirmed_on) = 0",
        changes=f"{WRITES} AND {SEES_FINDING}",
        columns="(kind, scope, title, text, analysis, method, severity, spread, standard,"
        " priority_id, body_id, status, factual_check_due_on, facts_accepted_on,"
        f" confirmed_by_id, confirmed_on, {RELEASED}, updated_at)",
    )


def _secure_themes() -> None:
    secure(
        "themes",
        reads=READS,
        creates=f"{WRITES} AND {LEADS} AND status = 'open'",
        changes=f"{WRITES} AND {LEADS}",
        columns="(title, description, body_id, priority_id, standard, status, updated_at)",
    )
    secure(
        "theme_findings",
        reads="EXISTS (SELECT FROM findings f WHERE f.id = finding_id)",
        creates=f"{WRITES} AND {LEADS} AND added_by_id = {ME} AND EXISTS (SELECT FROM findings f"
        f" WHERE f.id = finding_id AND f.status IN ({TOLD}))",
    )


def _secure_recommendations() -> None:
    secure(
        "recommendations",
        reads=SEES_RECOMMENDATION,
        creates=f"{LEADS} AND {NEW} AND num_nonnulls(deferred_until, superseded_by_id) = 0"
        " AND status = CASE WHEN is_national THEN 'recommended_by_sub_group' ELSE 'drafted' END"
        " AND EXISTS (SELECT FROM bodies b WHERE b.id = body_id"
        " AND b.kind IN ('sub_group', 'panel'))",
        changes=f"({LEADS} OR (SELECT actor.can('impact-checks:write'))) AND {SEES_RECOMMENDATION}",
        columns="(title, text, agency_id, priority_id, status, deferred_until, superseded_by_id,"
        f" {RELEASED}, updated_at)",
    )
    # What is learned from one case is not told with what is learned from another.
    secure(
        "recommendation_findings",
        reads="EXISTS (SELECT FROM findings f WHERE f.id = finding_id)"
        " AND EXISTS (SELECT FROM recommendations r WHERE r.id = recommendation_id)",
        creates=f"{LEADS} AND added_by_id = {ME} AND EXISTS (SELECT FROM findings f"
        " JOIN recommendations r ON r.id = recommendation_id"
        f" WHERE f.id = finding_id AND f.status IN ({TOLD})"
        " AND (f.source_case_id IS NULL OR f.is_released OR f.source_case_id = r.source_case_id))",
    )


def downgrade() -> None:
    run(
        "DELETE FROM transitions WHERE subject IN ('findings', 'themes', 'recommendations');"
        "DROP TABLE recommendation_findings, recommendations, theme_findings, themes, findings,"
        " practitioner_forums;"
        "DROP FUNCTION actor.bind_to_case, actor.guard_taken_over, actor.guard_release,"
        " actor.guard_finding, actor.guard_recommendation"
    )
