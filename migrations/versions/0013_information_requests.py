"""Requests for information between the Board and agencies, and the register of others' reviews.

An agency that is asked about a case it takes no part in sees its request and nothing of the case.
What it answers is recognised and masked as everywhere, and shown to it no more: whose name is
known in the case it does not learn by asking.
"""

from migrations.support import (
    RECORD,
    let_policy_read,
    one_of,
    rescanned,
    run,
    secure,
    sees_case,
)

revision = "0013"
down_revision = "0012"

STATES = (
    "draft approved issued acknowledged supplied part_supplied refused closed withdrawn"
).split()
OUTCOMES = "supplied part_supplied refused".split()
COMPLIANCE = "must must_unless_unreasonable may".split()
GROUNDS = (
    "not_for_functions no_lawful_basis not_necessary not_proportionate common_law_confidence"
    " legal_privilege court_order prejudice_to_proceedings incompatible_with_own_duties"
    " risk_of_harm"
).split()
ITEM_OUTCOMES = "supplied not_held refused".split()
WAYS = "here secure_email secure_portal post by_hand inspection telephone".split()
KINDS = "national neighbouring thematic other_sector".split()
APPLIES = "yes partly no".split()

TABLES = f"""
CREATE TABLE information_requests (
    {RECORD},
    case_id uuid REFERENCES cases,
    from_agency_id uuid REFERENCES agencies,
    to_agency_id uuid REFERENCES agencies,
    gateway text NOT NULL,
    compliance varchar(64) NOT NULL {one_of("compliance", COMPLIANCE)},
    purpose text NOT NULL,
    necessity text NOT NULL,
    proportionality text NOT NULL,
    working_days smallint NOT NULL CHECK (working_days BETWEEN 1 AND 60),
    status varchar(64) NOT NULL DEFAULT 'draft' {one_of("status", STATES)},
    outcome varchar(64) {one_of("outcome", OUTCOMES)},
    refusal_ground varchar(64) {one_of("refusal_ground", GROUNDS)},
    refusal_reasons text,
    drafted_by_id uuid NOT NULL REFERENCES principals,
    approved_by_id uuid REFERENCES principals,
    issued_on date,
    due_on date,
    answered_on date,
    CONSTRAINT information_requests_parties_check
        CHECK (from_agency_id IS DISTINCT FROM to_agency_id),
    CONSTRAINT information_requests_two_people_check CHECK (approved_by_id <> drafted_by_id),
    CONSTRAINT information_requests_refusal_check
        CHECK (coalesce(outcome IN ('part_supplied', 'refused'), false)
            = (refusal_ground IS NOT NULL)
            AND (refusal_ground IS NULL) = (refusal_reasons IS NULL)),
    CONSTRAINT information_requests_due_check CHECK (due_on > issued_on)
);
CREATE INDEX information_requests_case_id_idx ON information_requests (case_id, id);
CREATE INDEX information_requests_from_agency_id_idx ON information_requests (from_agency_id, id);
CREATE INDEX information_requests_to_agency_id_idx ON information_requests (to_agency_id, id);
CREATE INDEX information_requests_drafted_by_id_idx ON information_requests (drafted_by_id);
CREATE INDEX information_requests_approved_by_id_idx ON information_requests (approved_by_id);

CREATE TABLE information_request_items (
    {RECORD},
    case_id uuid REFERENCES cases,
    information_request_id uuid NOT NULL REFERENCES information_requests,
    number smallint NOT NULL CHECK (number > 0),
    asked text NOT NULL,
    outcome varchar(64) {one_of("outcome", ITEM_OUTCOMES)},
    answer text,
    way varchar(64) {one_of("way", WAYS)},
    supplied_on date,
    answered_by_id uuid REFERENCES principals,
    CONSTRAINT information_request_items_number_key UNIQUE (information_request_id, number),
    CONSTRAINT information_request_items_supply_check
        CHECK (coalesce(outcome = 'supplied', false) = (way IS NOT NULL)
            AND (way IS NULL) = (supplied_on IS NULL))
);
CREATE INDEX information_request_items_case_id_idx ON information_request_items (case_id);
CREATE INDEX information_request_items_answered_by_id_idx
    ON information_request_items (answered_by_id);

CREATE TABLE external_reviews (
    {RECORD},
    title text NOT NULL,
    publisher text NOT NULL,
    kind varchar(64) NOT NULL {one_of("kind", KINDS)},
    published_on date NOT NULL,
    url text CONSTRAINT external_reviews_url_key UNIQUE,
    topics text[] NOT NULL DEFAULT '{{}}' CHECK (cardinality(topics) <= 50),
    summary text NOT NULL
);
CREATE INDEX external_reviews_topics_idx ON external_reviews USING gin (topics);

CREATE TABLE applicability_judgements (
    {RECORD},
    external_review_id uuid NOT NULL REFERENCES external_reviews,
    applies varchar(64) NOT NULL {one_of("applies", APPLIES)},
    reasons text NOT NULL,
    decided_on date NOT NULL,
    decided_by_id uuid NOT NULL REFERENCES principals
);
CREATE INDEX applicability_judgements_external_review_id_idx
    ON applicability_judgements (external_review_id, id);
CREATE INDEX applicability_judgements_decided_by_id_idx
    ON applicability_judgements (decided_by_id);

CREATE TABLE review_conflicts (
    {RECORD},
    external_review_id uuid NOT NULL REFERENCES external_reviews,
    conflicts_with_id uuid REFERENCES external_reviews,
    recommendation_reference text,
    explanation text NOT NULL,
    resolved_on date,
    CONSTRAINT review_conflicts_other_check
        CHECK (num_nonnulls(conflicts_with_id, recommendation_reference) = 1),
    CONSTRAINT review_conflicts_self_check CHECK (external_review_id <> conflicts_with_id)
);
CREATE INDEX review_conflicts_external_review_id_idx ON review_conflicts (external_review_id, id);
CREATE INDEX review_conflicts_conflicts_with_id_idx ON review_conflicts (conflicts_with_id);
"""

GUARDS = """
-- What is asked is fixed once it is approved, by another person; who is asked answers, in the own
-- name, and nobody else does.
CREATE FUNCTION actor.guard_information_request() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    said text[] := ARRAY['purpose', 'necessity', 'proportionality', 'gateway',
        'compliance', 'working_days', 'updated_at'];
    is_board constant boolean := actor.can('cases:all');
    is_asked constant boolean := coalesce(OLD.to_agency_id = actor.agency_id(), false)
        OR OLD.to_agency_id IS NULL AND is_board;
    is_asker constant boolean := coalesce(OLD.from_agency_id = actor.agency_id(), false)
        OR is_board;
    writes constant boolean := actor.can('information-requests:write');
    step constant text := OLD.status || ' ' || NEW.status;
    kept public.information_requests := OLD;
BEGIN
    IF NEW.status = OLD.status THEN
        IF actor.can('vault:open') THEN
            said := ARRAY['purpose', 'necessity', 'proportionality', 'refusal_reasons',
                'updated_at'];
        ELSIF NOT (OLD.status = 'draft' AND is_asker AND writes) THEN
            RAISE EXCEPTION 'What was asked does not change.' USING ERRCODE = '42501';
        END IF;
        IF to_jsonb(NEW) - said IS DISTINCT FROM to_jsonb(OLD) - said THEN
            RAISE EXCEPTION 'Nothing else changes.' USING ERRCODE = '42501';
        END IF;
        RETURN NEW;
    END IF;
    kept.status := NEW.status;
    IF step = 'draft approved' AND actor.can('information-requests:approve')
        AND OLD.drafted_by_id <> actor.id() THEN
        kept.approved_by_id := actor.id();
    ELSIF step = 'approved issued' AND writes AND is_board AND NEW.due_on IS NOT NULL THEN
        kept.issued_on := (now() AT TIME ZONE 'Europe/London')::date;
        kept.due_on := NEW.due_on;
    ELSIF step = 'issued acknowledged' AND writes AND is_asked THEN
        NULL;
    ELSIF OLD.status = 'acknowledged' AND NEW.status IN ('supplied', 'part_supplied', 'refused')
        AND writes AND is_asked THEN
        kept.outcome := NEW.status;
        kept.answered_on := (now() AT TIME ZONE 'Europe/London')::date;
        kept.refusal_ground := NEW.refusal_ground;
        kept.refusal_reasons := NEW.refusal_reasons;
    ELSIF OLD.status IN ('supplied', 'part_supplied', 'refused') AND NEW.status = 'closed'
        AND writes AND is_asker THEN
        NULL;
    ELSIF OLD.status IN ('draft', 'approved', 'issued', 'acknowledged')
        AND NEW.status = 'withdrawn' AND writes AND is_asker THEN
        NULL;
    ELSE
        RAISE EXCEPTION 'Only who may move it there.' USING ERRCODE = '42501';
    END IF;
    kept.updated_at := NEW.updated_at;
    RETURN kept;
END $$;

-- What is asked stays; who answers an item does so in the own name.
CREATE FUNCTION actor.guard_information_request_item() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF actor.can('vault:open') THEN
        RETURN NEW;
    END IF;
    IF NEW.asked IS DISTINCT FROM OLD.asked THEN
        RAISE EXCEPTION 'What was asked does not change.' USING ERRCODE = '42501';
    END IF;
    NEW.answered_by_id := actor.id();
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION actor.guard_information_request, actor.guard_information_request_item
    TO safeguarding_app;
CREATE TRIGGER guard BEFORE UPDATE ON information_requests FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_information_request();
CREATE TRIGGER guard BEFORE UPDATE ON information_request_items FOR EACH ROW
    WHEN (current_user = 'safeguarding_app')
    EXECUTE FUNCTION actor.guard_information_request_item();
"""

FUNCTIONS = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
-- The cases that the actor's agency is asked about and answers for now, whether or not it takes
-- part in them: for the texts it writes, which are sealed, and for nothing that it reads.
CREATE FUNCTION actor.asked_cases() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(array_agg(DISTINCT r.case_id) FILTER (WHERE r.case_id IS NOT NULL), '{}')
    FROM public.information_requests r
    WHERE r.to_agency_id = (SELECT actor.agency_id()) AND r.status = 'acknowledged'
        AND (SELECT actor.can('information-requests:write'))
$$;

-- How many requests were issued in a year, by gateway and outcome. Without a view of all cases
-- numbers from 1 to 5 are null, and never leave here: there are no totals to work them out from.
CREATE FUNCTION actor.count_information_requests(year int)
RETURNS TABLE (gateway text, outcome text, requests bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT n.gateway, n.outcome,
        CASE WHEN n.requests > 5 OR actor.can('cases:all') THEN n.requests END
    FROM (
        SELECT r.gateway, count(*) AS requests,
            coalesce(r.outcome, CASE r.status WHEN 'withdrawn' THEN r.status ELSE 'open' END)
                AS outcome
        FROM public.information_requests r
        WHERE r.issued_on >= make_date(count_information_requests.year, 1, 1)
            AND r.issued_on < make_date(count_information_requests.year + 1, 1, 1)
            AND actor.can('information-request-summaries:read')
        GROUP BY 1, 3
    ) n
$$;
REVOKE EXECUTE ON FUNCTION actor.asked_cases, actor.count_information_requests FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.asked_cases, actor.count_information_requests
    TO safeguarding_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""

# Everybody who may write about a case takes numbers for what is masked in it.
MARKS = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
CREATE OR REPLACE FUNCTION actor.mark_narratives(case_id uuid, marks int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    last int;
BEGIN
    UPDATE public.cases c SET narrative_marks = c.narrative_marks + marks
    WHERE c.id = mark_narratives.case_id AND marks BETWEEN 0 AND 1000
        AND (actor.can('cases:all') OR actor.can('disclosure-grants:all')
             OR actor.can('vault:open') OR c.id = ANY (actor.cases()){})
    RETURNING c.narrative_marks INTO last;
    RETURN last;
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""

OF_OTHERS = """
CREATE POLICY reads_asked ON masked_texts FOR SELECT TO safeguarding_app
    USING (case_id = ANY ((SELECT actor.asked_cases())::uuid[]));
CREATE POLICY creates_asked ON masked_texts FOR INSERT TO safeguarding_app
    WITH CHECK (case_id = ANY ((SELECT actor.asked_cases())::uuid[]));
-- The moves of a request are for who sees the request, and for nobody else.
CREATE POLICY reads_of_requests ON transitions FOR SELECT TO safeguarding_app
    USING (subject = 'information_requests'
        AND record_id IN (SELECT id FROM information_requests));
CREATE POLICY only_of_requests ON transitions AS RESTRICTIVE FOR SELECT TO safeguarding_app
    USING (subject <> 'information_requests'
        OR record_id IN (SELECT id FROM information_requests));
"""

OWN = "(SELECT actor.agency_id())"
ME = "(SELECT actor.id())"
BOARD = "(SELECT actor.can('cases:all'))"
WRITES = "(SELECT actor.can('information-requests:write'))"
APPROVES = "(SELECT actor.can('information-requests:approve'))"
VISIBLE = (
    f"CASE WHEN {BOARD} THEN true"
    " WHEN case_id = ANY ((SELECT actor.team_cases())::uuid[]) THEN true"
    f" ELSE (SELECT actor.can('information-requests:read')) AND (from_agency_id = {OWN}"
    f" OR to_agency_id = {OWN} AND issued_on IS NOT NULL) END"
)
FRESH = (
    "status = 'draft' AND num_nonnulls(outcome, refusal_ground, refusal_reasons, approved_by_id,"
    " issued_on, due_on, answered_on) = 0"
)


def upgrade() -> None:
    run(TABLES)
    let_policy_read(
        "information_requests",
        "(case_id, to_agency_id, gateway, outcome, status, issued_on)",
    )
    run(FUNCTIONS)
    run(MARKS.format(" OR c.id = ANY (actor.asked_cases())"))
    _secure_requests()
    run(OF_OTHERS)
    run(GUARDS)
    _secure_reviews()


def _secure_requests() -> None:
    secure(
        "information_requests",
        reads=VISIBLE,
        creates=f"{WRITES} AND drafted_by_id = {ME} AND {FRESH}"
        f" AND CASE WHEN from_agency_id IS NULL THEN {BOARD} ELSE from_agency_id = {OWN} END"
        f" AND (case_id IS NULL OR {sees_case()})",
        changes=f"({WRITES} OR {APPROVES}) AND {VISIBLE}",
        columns="(gateway, compliance, purpose, necessity, proportionality, working_days, status,"
        " outcome, refusal_ground, refusal_reasons, approved_by_id, issued_on, due_on,"
        " answered_on, updated_at)",
    )
    rescanned(
        "information_requests",
        "(purpose, necessity, proportionality, refusal_reasons, updated_at)",
    )
    secure(
        "information_request_items",
        reads="information_request_id IN (SELECT id FROM information_requests)",
        creates=f"{WRITES} AND num_nonnulls(outcome, answer, way, supplied_on, answered_by_id) = 0"
        " AND EXISTS (SELECT FROM information_requests r WHERE r.id = information_request_id"
        f" AND r.status = 'draft' AND r.drafted_by_id = {ME}"
        " AND r.case_id IS NOT DISTINCT FROM information_request_items.case_id)",
        changes=f"{WRITES} AND information_request_id IN (SELECT id FROM information_requests"
        f" WHERE status = 'acknowledged' AND (to_agency_id = {OWN}"
        f" OR to_agency_id IS NULL AND {BOARD}))",
        columns="(outcome, answer, way, supplied_on, answered_by_id, updated_at)",
    )
    rescanned("information_request_items", "(asked, answer, updated_at)")


def _secure_reviews() -> None:
    partner = "(SELECT actor.can('external-reviews:read'))"
    runs = f"(SELECT actor.can('case-reviews:write')) AND {BOARD}"
    secure(
        "external_reviews",
        reads=partner,
        creates=runs,
        changes=runs,
        columns="(title, publisher, kind, published_on, url, topics, summary, updated_at)",
    )
    secure(
        "applicability_judgements",
        reads=partner,
        creates=f"(SELECT actor.can('case-reviews:recommend')) AND decided_by_id = {ME}",
    )
    secure(
        "review_conflicts",
        reads=partner,
        creates=runs,
        changes=runs,
        columns="(explanation, resolved_on, updated_at)",
    )


def downgrade() -> None:
    run(
        "DROP POLICY only_of_requests ON transitions; DROP POLICY reads_of_requests ON transitions;"
        "DROP POLICY creates_asked ON masked_texts; DROP POLICY reads_asked ON masked_texts;"
        "DELETE FROM transitions WHERE subject = 'information_requests'"
    )
    run(MARKS.format(""))
    run(
        "DROP TABLE review_conflicts, applicability_judgements, external_reviews,"
        " information_request_items, information_requests;"
        "DROP FUNCTION actor.asked_cases, actor.count_information_requests,"
        " actor.guard_information_request, actor.guard_information_request_item"
    )
