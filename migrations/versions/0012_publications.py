"""Publication of case reviews: in drafts, with labels of their own, checked, decided, announced.

What is published is plain text in `published_reports`, which nothing there joins to a case. Two
functions alone write it: `actor.publish`, which renders it itself from what was checked, confirmed
and decided, and `actor.withdraw`. Framework section 16.
"""

from migrations.support import (
    RECORD,
    let_policy_read,
    one_of,
    rescanned,
    run,
    secure,
    works_on_case,
)

revision = "0012"
down_revision = "0011"

KINDS = "overview_report summary response improvements_information".split()
STATES = "draft approved withheld published withdrawn".split()
DECISIONS = (
    "publish_full publish_redacted publish_summary_only improvements_information_only withhold"
).split()
REASONS = (
    "welfare_of_child_directly_concerned risk_to_sibling_or_family identification_unavoidable"
    " criminal_or_coronial_proceedings court_order other_with_text"
).split()
DEFERS = "criminal_or_coronial_proceedings"
RECIPIENTS = (
    "ofsted dfe national_panel_of_independent_experts child_safeguarding_practice_review_panel"
).split()
CHANCE = RECORD.replace("uuidv7()", "gen_random_uuid()")
"""The columns of a record whose identifier does not tell when it was made."""

OF_PUBLICATION = f"""{RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    publication_id uuid NOT NULL"""
TO_PUBLICATION = "FOREIGN KEY (publication_id, case_id) REFERENCES publications (id, case_id)"

TABLES = f"""
CREATE TABLE published_reports (
    {CHANCE},
    kind varchar(64) NOT NULL {one_of("kind", KINDS)},
    title text NOT NULL,
    sections jsonb NOT NULL,
    sha256 text NOT NULL,
    published_on date NOT NULL,
    is_withdrawn boolean NOT NULL DEFAULT false
);
CREATE INDEX published_reports_published_on_idx ON published_reports (published_on, id);

CREATE TABLE report_withdrawals (
    {CHANCE},
    report_id uuid NOT NULL UNIQUE REFERENCES published_reports,
    withdrawn_on date NOT NULL,
    public_reason text NOT NULL
);

CREATE TABLE publications (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    case_review_id uuid NOT NULL,
    kind varchar(64) NOT NULL {one_of("kind", KINDS)},
    version smallint NOT NULL CHECK (version > 0),
    title text NOT NULL,
    status varchar(64) NOT NULL DEFAULT 'draft' {one_of("status", STATES)},
    planned_on date,
    notices_due_on date,
    can_publish_on date,
    family_informed_on date,
    warnings jsonb NOT NULL DEFAULT '[]',
    editor_ids uuid[] NOT NULL DEFAULT '{{}}',
    report_id uuid REFERENCES published_reports,
    published_on date,
    available_until date,
    FOREIGN KEY (case_review_id, case_id) REFERENCES case_reviews (id, case_id),
    CONSTRAINT publications_id_case_key UNIQUE (id, case_id),
    CONSTRAINT publications_version_key UNIQUE (case_review_id, kind, version),
    CONSTRAINT publications_published_check
        CHECK (num_nonnulls(report_id, published_on, available_until)
            = CASE WHEN status IN ('published', 'withdrawn') THEN 3 ELSE 0 END)
);
CREATE INDEX publications_case_id_idx ON publications (case_id, id);
CREATE INDEX publications_report_id_idx ON publications (report_id);

CREATE TABLE publication_sections (
    {OF_PUBLICATION},
    number smallint NOT NULL CHECK (number > 0),
    heading text NOT NULL,
    text text NOT NULL,
    {TO_PUBLICATION},
    CONSTRAINT publication_sections_number_key UNIQUE (publication_id, number)
);

CREATE TABLE publication_labels (
    {OF_PUBLICATION},
    person_id uuid NOT NULL REFERENCES persons,
    number smallint NOT NULL,
    label text NOT NULL,
    {TO_PUBLICATION},
    CONSTRAINT publication_labels_person_key UNIQUE (publication_id, person_id)
);
CREATE INDEX publication_labels_person_id_idx ON publication_labels (person_id);
CREATE UNIQUE INDEX publication_labels_label_key
    ON publication_labels (publication_id, lower(label));

CREATE TABLE publication_checks (
    {OF_PUBLICATION},
    sha256 text NOT NULL,
    people_version integer NOT NULL,
    is_clean boolean NOT NULL,
    findings jsonb NOT NULL,
    accepted jsonb NOT NULL,
    warnings jsonb NOT NULL,
    checked_by_id uuid NOT NULL REFERENCES principals,
    second_person_confirmed_by_id uuid REFERENCES principals,
    confirmed_at timestamptz,
    {TO_PUBLICATION},
    CONSTRAINT publication_checks_clean_check CHECK (is_clean = (findings = '[]'::jsonb)),
    CONSTRAINT publication_checks_two_people_check
        CHECK (second_person_confirmed_by_id <> checked_by_id),
    CONSTRAINT publication_checks_confirmed_check
        CHECK ((second_person_confirmed_by_id IS NULL) = (confirmed_at IS NULL))
);
CREATE INDEX publication_checks_checked_by_id_idx ON publication_checks (checked_by_id);
CREATE INDEX publication_checks_second_person_confirmed_by_id_idx
    ON publication_checks (second_person_confirmed_by_id);

CREATE TABLE publication_decisions (
    {OF_PUBLICATION},
    check_id uuid REFERENCES publication_checks,
    decision varchar(64) NOT NULL {one_of("decision", DECISIONS)},
    reasons text NOT NULL,
    withhold_reason text {one_of("withhold_reason", REASONS)},
    legal_advice_reference text,
    review_on date,
    decided_by_id uuid NOT NULL REFERENCES principals,
    {TO_PUBLICATION},
    CONSTRAINT publication_decisions_withheld_check
        CHECK (num_nonnulls(withhold_reason, legal_advice_reference)
            = CASE WHEN decision = 'withhold' THEN 2 ELSE 0 END),
    CONSTRAINT publication_decisions_checked_check
        CHECK ((decision = 'withhold') = (check_id IS NULL)),
    CONSTRAINT publication_decisions_review_on_check
        CHECK (CASE WHEN withhold_reason = '{DEFERS}' THEN review_on IS NOT NULL
            WHEN decision <> 'withhold' THEN review_on IS NULL ELSE true END)
);
CREATE INDEX publication_decisions_check_id_idx ON publication_decisions (check_id);
CREATE INDEX publication_decisions_decided_by_id_idx ON publication_decisions (decided_by_id);

CREATE TABLE publication_notices (
    {OF_PUBLICATION},
    decision_id uuid NOT NULL REFERENCES publication_decisions,
    recipient text NOT NULL {one_of("recipient", RECIPIENTS)},
    sent_on date NOT NULL,
    sent_by_id uuid NOT NULL REFERENCES principals,
    {TO_PUBLICATION},
    CONSTRAINT publication_notices_recipient_key UNIQUE (decision_id, recipient)
);
CREATE INDEX publication_notices_sent_by_id_idx ON publication_notices (sent_by_id);

CREATE TABLE publication_withdrawals (
    {OF_PUBLICATION},
    reason text NOT NULL,
    public_reason text NOT NULL,
    withdrawn_by_id uuid NOT NULL REFERENCES principals,
    {TO_PUBLICATION}
);
CREATE INDEX publication_withdrawals_withdrawn_by_id_idx
    ON publication_withdrawals (withdrawn_by_id);
"""
OF_PUBLICATIONS = (
    "publication_withdrawals publication_notices publication_decisions publication_checks"
    " publication_labels publication_sections"
).split()

RENDERING = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
-- Writes tokens of people as the labels of a publication, without brackets. What has no label, says
-- more than who it is, or is masked stays a token, for the check to find.
CREATE FUNCTION actor.render_published(narrative text, labels jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
    parts text[] := string_to_array(narrative, '⟦');
    rendered text := parts[1];
    part text;
    token text;
    shown text;
BEGIN
    FOREACH part IN ARRAY parts[2:] LOOP
        token := split_part(part, '⟧', 1);
        shown := '⟦' || token || '⟧';
        IF position('⟧' IN part) = 0 THEN
            rendered := rendered || '⟦' || part;
            CONTINUE;
        ELSIF token ~ '^[0-9]+(,[0-9]+)*$' AND labels ?& string_to_array(token, ',') THEN
            SELECT string_agg(labels ->> n, ' or ' ORDER BY n::int) INTO shown
            FROM unnest(string_to_array(token, ',')) AS n;
        END IF;
        rendered := rendered || shown || substr(part, position('⟧' IN part) + 1);
    END LOOP;
    RETURN rendered;
END $$;

-- A publication as it would be published now, and the hash of its text.
CREATE FUNCTION actor.rendition(
    publication uuid, OUT title text, OUT sections jsonb, OUT hash text
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
    labels jsonb;
    whole text;
BEGIN
    SELECT coalesce(jsonb_object_agg(l.number, l.label), '{}') INTO labels
    FROM public.publication_labels l WHERE l.publication_id = publication;
    SELECT actor.render_published(p.title, labels) INTO title
    FROM public.publications p WHERE p.id = publication;
    SELECT coalesce(jsonb_agg(jsonb_build_object('heading', r.heading, 'text', r.text)
            ORDER BY r.number), '[]'),
        concat_ws(E'\\n\\n', title, string_agg(r.heading || E'\\n\\n' || r.text, E'\\n\\n'
            ORDER BY r.number))
    INTO sections, whole
    FROM (SELECT s.number, actor.render_published(s.heading, labels) AS heading,
            actor.render_published(s.text, labels) AS text
        FROM public.publication_sections s WHERE s.publication_id = publication) AS r;
    hash := encode(sha256(convert_to(whole, 'UTF8')), 'hex');
END $$;

-- The newest check that still holds: clean, confirmed by a second person, of the text as it is and
-- the people as they are registered now. Null for none.
CREATE FUNCTION actor.valid_check(publication uuid) RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT k.id FROM public.publication_checks k
    WHERE k.publication_id = publication AND k.is_clean
        AND k.second_person_confirmed_by_id IS NOT NULL
        AND k.sha256 = (SELECT r.hash FROM actor.rendition(publication) AS r)
        AND k.people_version = (SELECT c.people_version FROM public.cases c WHERE c.id = k.case_id)
    ORDER BY k.id DESC LIMIT 1
$$;

-- Whoever writes of a publication is one of its editors, and not the second person.
CREATE FUNCTION actor.publication_edited() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    UPDATE public.publications p SET editor_ids = array_append(p.editor_ids, actor.id())
    WHERE p.id = coalesce(NEW.publication_id, OLD.publication_id) AND actor.id() IS NOT NULL
        AND NOT actor.can('vault:open') AND NOT actor.id() = ANY (p.editor_ids);
    RETURN NULL;
END $$;
"""

PUBLISHING = """
-- Another decision asks for other notices.
CREATE FUNCTION actor.publication_decided() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    UPDATE public.publications SET can_publish_on = NULL WHERE id = NEW.publication_id;
    RETURN NULL;
END $$;

-- Publishes what was checked, confirmed and decided, once its notices are old enough; returns the
-- report. `available_until` is worked out from the clocks of the regime. Errors: 42501.
CREATE FUNCTION actor.publish(publication uuid, available_until date) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    today constant date := (now() AT TIME ZONE 'Europe/London')::date;
    p public.publications;
    decided public.publication_decisions;
    report uuid;
BEGIN
    SELECT * INTO p FROM public.publications WHERE id = publication FOR UPDATE;
    SELECT * INTO decided FROM public.publication_decisions d WHERE d.publication_id = p.id
    ORDER BY d.id DESC LIMIT 1;
    IF p.id IS NULL
        OR NOT (actor.can('cases:all') OR p.case_id = ANY (actor.team_cases()))
        OR NOT actor.can('cases:write')
        OR p.status <> 'approved' OR decided.decision = 'withhold'
        OR p.family_informed_on IS NULL OR p.family_informed_on > today
        OR p.can_publish_on IS NULL OR p.can_publish_on > today OR available_until < today
        OR (SELECT max(n.sent_on) FROM public.publication_notices n
            WHERE n.decision_id = decided.id) < today IS NOT TRUE
        OR EXISTS (SELECT FROM public.parallel_processes o
                   WHERE o.case_review_id = p.case_review_id AND o.pauses_publication
                       AND o.ended_on IS NULL)
        OR actor.valid_check(p.id) IS NULL
        OR (SELECT k.sha256 FROM public.publication_checks k WHERE k.id = decided.check_id)
            IS DISTINCT FROM (SELECT r.hash FROM actor.rendition(p.id) AS r) THEN
        RAISE EXCEPTION 'It cannot be published now, or not by you.' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.published_reports (kind, title, sections, sha256, published_on)
    SELECT p.kind, r.title, r.sections, r.hash, today FROM actor.rendition(p.id) AS r
    RETURNING id INTO report;
    UPDATE public.publications SET status = 'published', report_id = report, published_on = today,
        available_until = publish.available_until
    WHERE id = p.id;
    RETURN report;
END $$;

-- Takes a published report down and keeps who, when and why. Before it was available long enough
-- only the decision maker does. Errors: 42501.
CREATE FUNCTION actor.withdraw(publication uuid, reason text, public_reason text) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    today constant date := (now() AT TIME ZONE 'Europe/London')::date;
    p public.publications;
    withdrawal uuid;
BEGIN
    SELECT * INTO p FROM public.publications WHERE id = publication FOR UPDATE;
    IF p.id IS NULL OR p.status <> 'published'
        OR NOT (actor.can('cases:all') OR p.case_id = ANY (actor.team_cases()))
        OR NOT (actor.can('case-reviews:decide')
                OR actor.can('cases:write') AND today >= p.available_until) THEN
        RAISE EXCEPTION 'It cannot be taken down now, or not by you.' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.publication_withdrawals
        (case_id, publication_id, reason, public_reason, withdrawn_by_id)
    VALUES (p.case_id, p.id, withdraw.reason, withdraw.public_reason, actor.id())
    RETURNING id INTO withdrawal;
    INSERT INTO public.report_withdrawals (report_id, withdrawn_on, public_reason)
    VALUES (p.report_id, today, withdraw.public_reason);
    UPDATE public.published_reports SET is_withdrawn = true WHERE id = p.report_id;
    UPDATE public.publications SET status = 'withdrawn' WHERE id = p.id;
    RETURN withdrawal;
END $$;
REVOKE EXECUTE ON FUNCTION actor.render_published, actor.rendition, actor.valid_check,
    actor.publication_edited, actor.publication_decided, actor.publish, actor.withdraw
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.render_published, actor.rendition, actor.valid_check,
    actor.publish, actor.withdraw TO safeguarding_app;
GRANT EXECUTE ON FUNCTION actor.publication_edited, actor.publication_decided
    TO safeguarding_owner;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;

CREATE TRIGGER edited AFTER INSERT OR UPDATE OR DELETE ON publication_sections FOR EACH ROW
    EXECUTE FUNCTION actor.publication_edited();
CREATE TRIGGER edited AFTER INSERT OR UPDATE OR DELETE ON publication_labels FOR EACH ROW
    EXECUTE FUNCTION actor.publication_edited();
CREATE TRIGGER decided AFTER INSERT ON publication_decisions FOR EACH ROW
    EXECUTE FUNCTION actor.publication_decided();
"""

OF_POLICY = """
GRANT UPDATE (status, can_publish_on, report_id, published_on, available_until, editor_ids,
    updated_at) ON publications TO safeguarding_policy;
GRANT UPDATE (is_withdrawn, updated_at) ON published_reports TO safeguarding_policy;
GRANT INSERT ON published_reports, report_withdrawals, publication_withdrawals
    TO safeguarding_policy;
CREATE POLICY publishes ON publications FOR UPDATE TO safeguarding_policy USING (true);
CREATE POLICY withdraws ON published_reports FOR UPDATE TO safeguarding_policy USING (true);
CREATE POLICY publishes ON published_reports FOR INSERT TO safeguarding_policy WITH CHECK (true);
CREATE POLICY withdraws ON report_withdrawals FOR INSERT TO safeguarding_policy WITH CHECK (true);
CREATE POLICY withdraws ON publication_withdrawals FOR INSERT TO safeguarding_policy
    WITH CHECK (true);
"""

GUARDS = """
-- A draft is written by who runs the review; where it stands, a decision of this transaction says.
CREATE FUNCTION actor.guard_publication() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    stands constant text[] := ARRAY['status', 'updated_at'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.editor_ids := ARRAY[actor.id()];
        RETURN NEW;
    END IF;
    IF actor.can('vault:open') THEN
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - stands IS DISTINCT FROM to_jsonb(OLD) - stands
        AND NOT actor.can('case-reviews:write') THEN
        RAISE EXCEPTION 'Only who runs the review writes it.' USING ERRCODE = '42501';
    END IF;
    IF NEW.title IS DISTINCT FROM OLD.title THEN
        IF OLD.status IN ('published', 'withdrawn') THEN
            RAISE EXCEPTION 'What is published does not change.' USING ERRCODE = '42501';
        ELSIF NOT actor.id() = ANY (OLD.editor_ids) THEN
            NEW.editor_ids := array_append(OLD.editor_ids, actor.id());
        END IF;
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        OLD.status IN ('draft', 'approved', 'withheld') AND NEW.status IN ('approved', 'withheld')
        AND (SELECT d.created_at = now() AND d.decided_by_id = actor.id()
                AND (d.decision = 'withhold') = (NEW.status = 'withheld')
            FROM public.publication_decisions d WHERE d.publication_id = NEW.id
            ORDER BY d.id DESC LIMIT 1) IS TRUE) THEN
        RAISE EXCEPTION 'Only a decision moves it there.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;

-- What is published does not change any more, but for names that the vault finds in it later.
CREATE FUNCTION actor.guard_publication_content() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT actor.can('vault:open') AND NOT EXISTS (
        SELECT FROM public.publications p
        WHERE p.id = CASE TG_OP WHEN 'DELETE' THEN OLD.publication_id ELSE NEW.publication_id END
            AND p.status IN ('draft', 'approved', 'withheld')) THEN
        RAISE EXCEPTION 'What is published does not change.' USING ERRCODE = '42501';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- A check is of the text as it stands; who confirms it neither wrote nor checked it.
CREATE FUNCTION actor.guard_publication_check() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    hash constant text := (SELECT r.hash FROM actor.rendition(NEW.publication_id) AS r);
    people constant int := (SELECT c.people_version FROM public.cases c WHERE c.id = NEW.case_id);
BEGIN
    IF (NEW.sha256, NEW.people_version) IS DISTINCT FROM (hash, people)
        OR TG_OP = 'UPDATE' AND (NOT NEW.is_clean
            OR OLD.second_person_confirmed_by_id IS NOT NULL
            OR NEW.second_person_confirmed_by_id IS DISTINCT FROM actor.id()) THEN
        RAISE EXCEPTION 'That is not what stands there.' USING ERRCODE = '42501';
    END IF;
    IF TG_OP = 'INSERT' THEN
        RETURN NEW;
    END IF;
    IF EXISTS (SELECT FROM public.publications p
               WHERE p.id = NEW.publication_id AND actor.id() = ANY (p.editor_ids)) THEN
        RAISE EXCEPTION 'An editor is no second person.' USING ERRCODE = '23514',
            CONSTRAINT = 'publication_checks_two_people_check';
    END IF;
    NEW.confirmed_at := now();
    RETURN NEW;
END $$;

-- What is to be published was checked as it stands, and confirmed.
CREATE FUNCTION actor.guard_publication_decision() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.check_id IS DISTINCT FROM (
        CASE WHEN NEW.decision <> 'withhold' THEN actor.valid_check(NEW.publication_id) END) THEN
        RAISE EXCEPTION 'That is not what was checked.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION actor.guard_publication, actor.guard_publication_content,
    actor.guard_publication_check, actor.guard_publication_decision TO safeguarding_app;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON publications FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_publication();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON publication_sections FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_publication_content();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON publication_labels FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_publication_content();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON publication_checks FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_publication_check();
CREATE TRIGGER guard BEFORE INSERT ON publication_decisions FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_publication_decision();
"""

ME = "(SELECT actor.id())"
WORKS = works_on_case()
WRITES = f"(SELECT actor.can('case-reviews:write')) AND {WORKS}"
DECIDES = f"(SELECT actor.can('case-reviews:decide')) AND {WORKS}"
SENDS = f"(SELECT actor.can('cases:write')) AND {WORKS}"
MAY_MOVE = (
    "((SELECT actor.can('case-reviews:write')) OR (SELECT actor.can('case-reviews:decide')))"
    f" AND {WORKS}"
)
READ_BY_POLICY = {
    "publications": "",
    "publication_sections": "",
    "publication_labels": "",
    "publication_checks": "",
    "publication_decisions": "",
    "publication_notices": "",
    "publication_withdrawals": "(id)",
    "published_reports": "(id)",
    "parallel_processes": "(case_review_id, pauses_publication, ended_on)",
}
"""What the functions of this migration read, and of what was there before which columns."""


def upgrade() -> None:
    run(TABLES)
    for table in OF_PUBLICATIONS:
        run(
            f"CREATE INDEX {table}_publication_id_idx ON {table} (publication_id, id);"
            f"CREATE INDEX {table}_case_id_idx ON {table} (case_id)"
        )
    for table, columns in READ_BY_POLICY.items():
        let_policy_read(table, columns)
    run(OF_POLICY)
    run(RENDERING + PUBLISHING)
    _secure_drafts()
    _secure_steps()
    _secure_public()
    run(GUARDS)


def _secure_drafts() -> None:
    secure(
        "publications",
        reads=WORKS,
        creates=f"{WRITES} AND status = 'draft' AND can_publish_on IS NULL",
        changes=MAY_MOVE,
        columns="(title, status, planned_on, notices_due_on, can_publish_on, family_informed_on,"
        " warnings, updated_at)",
    )
    secure("publication_sections", reads=WORKS, creates=WRITES, deletes=WRITES)
    secure(
        "publication_labels",
        reads=WORKS,
        creates=f"{WRITES} AND (person_id, number) IN (SELECT p.id, p.number FROM persons p"
        " WHERE p.case_id = publication_labels.case_id)",
        deletes=WRITES,
    )
    rescanned("publications", "(title, updated_at)")
    rescanned("publication_sections", "(heading, text, updated_at)")


def _secure_steps() -> None:
    secure(
        "publication_checks",
        reads=WORKS,
        creates=f"{WRITES} AND checked_by_id = {ME} AND second_person_confirmed_by_id IS NULL",
        changes=WRITES,
        columns="(second_person_confirmed_by_id, confirmed_at, updated_at)",
    )
    secure("publication_decisions", reads=WORKS, creates=f"{DECIDES} AND decided_by_id = {ME}")
    secure(
        "publication_notices",
        reads=WORKS,
        creates=f"{SENDS} AND sent_by_id = {ME} AND decision_id IN"
        " (SELECT d.id FROM publication_decisions d"
        " WHERE d.publication_id = publication_notices.publication_id"
        " AND d.decision <> 'withhold')",
    )
    secure("publication_withdrawals", reads=WORKS)
    rescanned("publication_decisions", "(reasons, legal_advice_reference, updated_at)")
    rescanned("publication_withdrawals", "(reason, updated_at)")


def _secure_public() -> None:
    """Let the public read what was published, and why something is not there any more."""
    inside, outside = (
        f"(SELECT actor.can('{each}:read'))" for each in ("case-reviews", "published-reports")
    )
    secure(
        "published_reports",
        reads=f"CASE WHEN {inside} THEN true ELSE {outside} AND NOT is_withdrawn END",
    )
    secure("report_withdrawals", reads=f"{inside} OR {outside}")


def downgrade() -> None:
    run(
        "DELETE FROM transitions WHERE subject = 'publications';"
        f"DROP TABLE {', '.join(OF_PUBLICATIONS)}, publications, report_withdrawals,"
        " published_reports;"
        "DROP FUNCTION actor.publish, actor.withdraw, actor.publication_edited,"
        " actor.publication_decided, actor.valid_check,"
        " actor.rendition, actor.render_published, actor.guard_publication,"
        " actor.guard_publication_content, actor.guard_publication_check,"
        " actor.guard_publication_decision;"
        "DROP POLICY looks_up ON parallel_processes;"
        "REVOKE SELECT (case_review_id, pauses_publication, ended_on) ON parallel_processes"
        " FROM safeguarding_policy"
    )
