"""What members are inducted into, the business plan, stakeholders, and briefings of officers.

Framework sections 1, 8 and 9. Nobody's seat becomes active without the undertaking and every
document of the induction, acknowledged as it stands.
"""

from migrations.support import RECORD, guard_moves, let_policy_read, one_of, run, secure

revision = "0022"
down_revision = "0021"

KINDS = "framework policy procedure terms_of_reference strategy".split()
RELATIONS = "accountable_to accountable_for supports challenges informs informed_by".split()
RECIPIENTS = (
    "chief_executive director_of_childrens_services lead_member health_and_wellbeing_board other"
).split()
PROGRESS = "on_track at_risk off_track achieved".split()

TABLES = f"""
CREATE TABLE documents (
    {RECORD},
    kind varchar(64) NOT NULL {one_of("kind", KINDS)},
    title text NOT NULL,
    body_id uuid NOT NULL REFERENCES bodies,
    is_for_induction boolean NOT NULL DEFAULT false,
    review_months smallint CHECK (review_months BETWEEN 1 AND 120)
);
CREATE INDEX documents_body_id_idx ON documents (body_id);

CREATE TABLE document_versions (
    {RECORD},
    document_id uuid NOT NULL REFERENCES documents,
    number smallint NOT NULL CHECK (number > 0),
    status varchar(64) NOT NULL DEFAULT 'draft' {one_of("status", ["draft", "published"])},
    effective_on date NOT NULL,
    review_due_on date,
    url text,
    text text,
    change_note text NOT NULL,
    CONSTRAINT document_versions_number_key UNIQUE (document_id, number),
    CONSTRAINT document_versions_content_check CHECK (num_nonnulls(url, text) = 1),
    CONSTRAINT document_versions_review_check CHECK (review_due_on > effective_on)
);

CREATE TABLE document_acknowledgements (
    {RECORD},
    document_version_id uuid NOT NULL REFERENCES document_versions,
    user_id uuid NOT NULL REFERENCES principals,
    acknowledged_on date NOT NULL DEFAULT current_date,
    CONSTRAINT document_acknowledgements_user_key UNIQUE (document_version_id, user_id)
);
CREATE INDEX document_acknowledgements_user_id_idx ON document_acknowledgements (user_id);

CREATE TABLE stakeholders (
    {RECORD},
    name text NOT NULL CONSTRAINT stakeholders_name_key UNIQUE,
    relation varchar(64) NOT NULL {one_of("relation", RELATIONS)},
    agency_id uuid REFERENCES agencies,
    receives text NOT NULL,
    receives_when text NOT NULL
);
CREATE INDEX stakeholders_agency_id_idx ON stakeholders (agency_id);

CREATE TABLE officer_briefings (
    {RECORD},
    recipient varchar(64) NOT NULL {one_of("recipient", RECIPIENTS)},
    recipient_title text NOT NULL,
    is_escalation boolean NOT NULL DEFAULT false,
    sent_on date NOT NULL,
    text text NOT NULL,
    response text,
    responded_on date,
    CONSTRAINT officer_briefings_response_check
        CHECK ((response IS NULL) = (responded_on IS NULL)),
    CONSTRAINT officer_briefings_dates_check CHECK (responded_on >= sent_on)
);

CREATE TABLE objectives (
    {RECORD},
    priority_id uuid NOT NULL REFERENCES priorities,
    body_id uuid NOT NULL REFERENCES bodies,
    year smallint NOT NULL CHECK (year BETWEEN 2004 AND 2999),
    title text NOT NULL,
    measure text NOT NULL,
    due_on date NOT NULL
);
CREATE INDEX objectives_priority_id_idx ON objectives (priority_id);
CREATE INDEX objectives_body_id_idx ON objectives (body_id);

CREATE TABLE objective_evidence (
    {RECORD},
    objective_id uuid NOT NULL REFERENCES objectives,
    title text NOT NULL,
    subject text,
    record_id uuid,
    url text,
    note text,
    CONSTRAINT objective_evidence_subject_check CHECK ((subject IS NULL) = (record_id IS NULL)),
    CONSTRAINT objective_evidence_source_check CHECK (num_nonnulls(record_id, url) = 1)
);
CREATE INDEX objective_evidence_objective_id_idx ON objective_evidence (objective_id, id);
CREATE INDEX objective_evidence_record_id_idx ON objective_evidence (record_id);

CREATE TABLE objective_progress (
    {RECORD},
    objective_id uuid NOT NULL REFERENCES objectives,
    progress varchar(64) NOT NULL {one_of("progress", PROGRESS)},
    note text NOT NULL,
    reported_by_id uuid NOT NULL REFERENCES principals
);
CREATE INDEX objective_progress_objective_id_idx ON objective_progress (objective_id, id);
CREATE INDEX objective_progress_reported_by_id_idx ON objective_progress (reported_by_id);
"""

FUNCTIONS = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
-- The version of a document that is in force today; null before the first one is.
CREATE FUNCTION actor.version_in_force(document_id uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT v.id FROM public.document_versions v
    WHERE v.document_id = version_in_force.document_id AND v.status = 'published'
        AND v.effective_on <= current_date
    ORDER BY v.effective_on DESC, v.number DESC LIMIT 1
$$;

-- Whether a person has undertaken to keep what is confidential, and has acknowledged every
-- document of the induction in the version in force. For the person, and who reads of members.
CREATE OR REPLACE FUNCTION actor.is_inducted(user_id uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT (actor.can('governance:read') OR is_inducted.user_id = actor.id())
        AND EXISTS (SELECT FROM public.undertakings u
            WHERE u.user_id = is_inducted.user_id AND u.valid_to >= current_date)
        AND NOT EXISTS (
            SELECT FROM public.documents d
            CROSS JOIN LATERAL (SELECT actor.version_in_force(d.id) AS id) v
            WHERE d.is_for_induction AND v.id IS NOT NULL AND NOT EXISTS (
                SELECT FROM public.document_acknowledgements a
                WHERE a.document_version_id = v.id AND a.user_id = is_inducted.user_id))
$$;
REVOKE EXECUTE ON FUNCTION actor.version_in_force FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.version_in_force TO safeguarding_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""

UNDERTAKEN = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
CREATE OR REPLACE FUNCTION actor.is_inducted(user_id uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (SELECT FROM public.undertakings u
        WHERE u.user_id = is_inducted.user_id AND u.valid_to >= current_date)
$$;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""

GUARDS = """
CREATE FUNCTION actor.guard_induction() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT actor.is_inducted(NEW.user_id) THEN
        RAISE EXCEPTION 'Who is not inducted takes no seat.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

-- A version that members go by stays as it was when it was published; its review is due then.
CREATE FUNCTION actor.guard_document_version() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.status = 'published' THEN
        RAISE EXCEPTION 'What is published does not change.' USING ERRCODE = '42501';
    END IF;
    NEW.review_due_on := (
        SELECT (NEW.effective_on + make_interval(months => d.review_months))::date
        FROM public.documents d WHERE d.id = NEW.document_id AND NEW.status = 'published');
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION actor.guard_induction, actor.guard_document_version TO safeguarding_app;
CREATE TRIGGER guard_induction BEFORE UPDATE OF status ON memberships FOR EACH ROW
    WHEN (current_user = 'safeguarding_app' AND NEW.status = 'active'
        AND OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION actor.guard_induction();
CREATE TRIGGER guard BEFORE UPDATE ON document_versions FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_document_version();
-- What the API refuses, whoever asks: a decision without a quorum, presence without a seat.
CREATE POLICY quorate ON decisions AS RESTRICTIVE FOR INSERT TO safeguarding_app WITH CHECK (
    is_chairs_action OR EXISTS (SELECT FROM meetings g JOIN bodies b ON b.id = g.body_id
        WHERE g.id = meeting_id AND g.body_id = decisions.body_id
            AND g.status IN ('held', 'minutes_agreed') AND b.quorum <= (
                SELECT count(*) FROM attendances a JOIN memberships s ON s.id = a.membership_id
                WHERE a.meeting_id = g.id AND a.presence IN ('attended', 'deputised')
                    AND s.status = 'active'
                    AND s.position IN ('chair', 'vice_chair', 'member'))));
CREATE POLICY seated ON attendances AS RESTRICTIVE FOR INSERT TO safeguarding_app WITH CHECK (
    EXISTS (SELECT FROM memberships m JOIN meetings g ON g.body_id = m.body_id
        WHERE m.id = membership_id AND g.id = meeting_id
            AND m.agency_id IS NOT DISTINCT FROM attendances.agency_id));
"""

ME = "(SELECT actor.id())"
READS = "(SELECT actor.can('governance:read'))"
WRITES = "(SELECT actor.can('governance:write'))"
# Who is to be inducted reads what into, before any right comes with the seat.
IS_SEATED = f"EXISTS (SELECT FROM memberships m WHERE m.user_id = {ME} AND m.status <> 'ended')"


def upgrade() -> None:
    run(TABLES)
    let_policy_read("documents", "(id, is_for_induction)")
    let_policy_read("document_versions", "(id, document_id, number, status, effective_on)")
    let_policy_read("document_acknowledgements", "(document_version_id, user_id)")
    run(FUNCTIONS)
    run(GUARDS)
    run(
        "CREATE POLICY reads_own ON memberships FOR SELECT TO safeguarding_app"
        f" USING (user_id = {ME})"
    )
    _secure_documents()
    _secure_others()
    guard_moves("document_versions")


def _secure_documents() -> None:
    secure(
        "documents",
        reads=f"{READS} OR {IS_SEATED}",
        creates=WRITES,
        changes=WRITES,
        columns="(title, body_id, is_for_induction, review_months, updated_at)",
    )
    secure(
        "document_versions",
        reads=f"{WRITES} OR status = 'published' AND ({READS} OR {IS_SEATED})",
        creates=f"{WRITES} AND status = 'draft' AND review_due_on IS NULL",
        changes=WRITES,
        columns="(status, effective_on, url, text, change_note, updated_at)",
    )
    secure(
        "document_acknowledgements",
        reads=f"{WRITES} OR user_id = {ME}",
        creates=f"user_id = {ME} AND acknowledged_on = current_date AND EXISTS ("
        "SELECT FROM document_versions v WHERE v.id = document_version_id"
        " AND v.status = 'published')",
    )


def _secure_others() -> None:
    for table, columns in (
        ("stakeholders", "(name, relation, agency_id, receives, receives_when, updated_at)"),
        ("officer_briefings", "(response, responded_on, updated_at)"),
        ("objectives", "(title, body_id, measure, due_on, updated_at)"),
    ):
        secure(table, reads=READS, creates=WRITES, changes=WRITES, columns=columns)
    secure("objective_evidence", reads=READS, creates=WRITES)
    secure("objective_progress", reads=READS, creates=f"{WRITES} AND reported_by_id = {ME}")


def downgrade() -> None:
    run(UNDERTAKEN)
    run(
        "DROP POLICY reads_own ON memberships; DROP POLICY quorate ON decisions;"
        "DROP POLICY seated ON attendances;"
        "DROP TRIGGER guard_induction ON memberships;"
        "DROP TABLE objective_progress, objective_evidence, objectives, officer_briefings,"
        " stakeholders, document_acknowledgements, document_versions, documents;"
        "DROP FUNCTION actor.guard_document_version, actor.guard_induction,"
        " actor.version_in_force"
    )
