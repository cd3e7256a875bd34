"""Case reviews: from the notification of an incident to what was learned from it.

A review is run by the Business Office, recommended on by the sub group and decided by the decision
maker of its regime alone; `actor.guard_case_review` keeps them apart. Of a review an agency that
takes part sees that there is one; its work is for the team.
"""

from migrations.support import RECORD, one_of, rescanned, run, secure, sees_case, works_on_case

revision = "0010"
down_revision = "0009"

HARMS = "death death_suspected_suicide serious_harm near_miss_learning none".split()
REGIMES = "LSCB_WT2013 LSCB_WT2015 LSP_WT2018 LSP_WT2023 LSP_WT2026".split()
TYPES = (
    "scr rapid_review lcspr case_mapping_exercise single_agency_review"
    " multi_agency_learning_review practice_learning_review deep_dive thematic_review"
).split()
STATES = (
    "notified triage screening sg_recommendation chair_decision"
    " incident_notified criteria_agreed rapid_review sent_to_panel panel_response partners_decision"
    " no_further_action other_process audit_theme"
    " commissioned conducting paused report_draft agencies_fact_check family_shared sg_endorsed"
    " board_approved publication_decision pre_publication_notice published withheld"
    " mapping_event_held learning_agreed briefing"
    " agreed_with_sub_group in_progress report_received considered"
    " learning_implementation impact closed"
).split()
OUTCOMES = (
    "statutory_review rapid_review_only case_mapping_exercise single_agency_review thematic_audit"
    " refer_to_other_process no_further_action"
).split()
METHODOLOGIES = (
    "systems_learning_together silp sili root_cause appreciative_inquiry rapid traditional_imr"
    " other"
).split()
PANEL_RESPONSES = "agree query national_review".split()
PROCESSES = (
    "criminal coroner care_proceedings disciplinary professional_regulator iopc psii_health dardr"
    " safeguarding_adults_review complaint civil_claim national_review mappa_scr cdop_link leder"
    " offensive_weapons_homicide_review"
).split()
METHODS = "meeting telephone letter video_call other".split()
FINDINGS = (
    "strength good_practice area_for_development concern immediate_safeguarding system_theme"
).split()
SCOPES = "single_agency multi_agency system".split()

DECIDES = (
    "criteria_agreed chair_decision partners_decision commissioned no_further_action other_process"
    " audit_theme board_approved publication_decision withheld"
).split()
"""States that only the decision maker moves a review to."""
RECOMMENDS = "sg_recommendation sg_endorsed considered".split()
"""States that only the sub group moves a review to."""
PUBLISHES = "pre_publication_notice published".split()
"""States that only the Business Office moves a review to, or from `withheld` the decision maker."""

OF_REVIEW = f"""{RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    case_review_id uuid NOT NULL"""
TO_REVIEW = "FOREIGN KEY (case_review_id, case_id) REFERENCES case_reviews (id, case_id)"

TABLES = f"""
CREATE TABLE case_reviews (
    {RECORD},
    case_id uuid NOT NULL REFERENCES cases,
    review_type varchar(64) NOT NULL {one_of("review_type", TYPES)},
    regime text NOT NULL {one_of("regime", REGIMES)},
    status varchar(64) NOT NULL {one_of("status", STATES)},
    harm varchar(64) NOT NULL {one_of("harm", HARMS)},
    notified_on date NOT NULL,
    aware_on date,
    is_looked_after_child_death boolean NOT NULL DEFAULT false,
    methodology varchar(64) {one_of("methodology", METHODOLOGIES)},
    panel_response varchar(64) {one_of("panel_response", PANEL_RESPONSES)},
    criteria_version integer NOT NULL DEFAULT 0 CHECK (criteria_version >= 0),
    outcome varchar(64) {one_of("outcome", OUTCOMES)},
    decided_on date,
    initiated_on date,
    title text,
    circumstances text,
    terms_of_reference text,
    summary text,
    learning text,
    CONSTRAINT case_reviews_id_case_key UNIQUE (id, case_id),
    CONSTRAINT case_reviews_aware_check CHECK (aware_on <= notified_on),
    CONSTRAINT case_reviews_decided_check CHECK (decided_on >= notified_on)
);
CREATE INDEX case_reviews_case_id_idx ON case_reviews (case_id, id);

CREATE TABLE case_notifications (
    {OF_REVIEW},
    agency_id uuid NOT NULL REFERENCES agencies,
    harm varchar(64) NOT NULL {one_of("harm", HARMS)},
    occurred_on date,
    aware_on date,
    is_looked_after_child_death boolean NOT NULL DEFAULT false,
    circumstances text NOT NULL,
    immediate_action text,
    {TO_REVIEW}
);
CREATE INDEX case_notifications_agency_id_idx ON case_notifications (agency_id, id);

CREATE TABLE case_review_criteria (
    {OF_REVIEW},
    version integer NOT NULL CHECK (version > 0),
    limb text NOT NULL,
    is_met boolean,
    reason text NOT NULL,
    answered_by_id uuid NOT NULL REFERENCES principals,
    {TO_REVIEW},
    CONSTRAINT case_review_criteria_limb_key UNIQUE (case_review_id, version, limb)
);
CREATE INDEX case_review_criteria_answered_by_id_idx ON case_review_criteria (answered_by_id);

CREATE TABLE case_review_recommendations (
    {OF_REVIEW},
    outcome varchar(64) NOT NULL {one_of("outcome", OUTCOMES)},
    recommended_on date NOT NULL,
    is_consensus boolean NOT NULL,
    votes_for integer CHECK (votes_for >= 0),
    votes_against integer CHECK (votes_against >= 0),
    votes_abstained integer CHECK (votes_abstained >= 0),
    reasons text NOT NULL,
    dissent text,
    recorded_by_id uuid NOT NULL REFERENCES principals,
    {TO_REVIEW},
    CONSTRAINT case_review_recommendations_votes_check
        CHECK (num_nonnulls(votes_for, votes_against, votes_abstained)
            = CASE WHEN is_consensus THEN 0 ELSE 3 END),
    CONSTRAINT case_review_recommendations_dissent_check
        CHECK (coalesce(votes_against, 0) = 0 OR dissent IS NOT NULL)
);
CREATE INDEX case_review_recommendations_recorded_by_id_idx
    ON case_review_recommendations (recorded_by_id);

CREATE TABLE case_review_decisions (
    {OF_REVIEW},
    outcome varchar(64) NOT NULL {one_of("outcome", OUTCOMES)},
    decided_on date NOT NULL,
    decided_by_id uuid NOT NULL REFERENCES principals,
    recommendation_id uuid REFERENCES case_review_recommendations,
    differs_from_recommendation boolean NOT NULL DEFAULT false,
    reasons text NOT NULL,
    reasons_for_difference text,
    {TO_REVIEW},
    CONSTRAINT case_review_decisions_review_key UNIQUE (case_review_id),
    CONSTRAINT case_review_decisions_difference_check
        CHECK (differs_from_recommendation = (reasons_for_difference IS NOT NULL))
);
CREATE INDEX case_review_decisions_decided_by_id_idx ON case_review_decisions (decided_by_id);
CREATE INDEX case_review_decisions_recommendation_id_idx
    ON case_review_decisions (recommendation_id);

CREATE TABLE case_deadlines (
    {OF_REVIEW},
    clock text NOT NULL,
    recipient text,
    starts_on date NOT NULL,
    due_on date NOT NULL,
    is_earliest boolean NOT NULL DEFAULT false,
    met_on date,
    {TO_REVIEW},
    CONSTRAINT case_deadlines_met_check CHECK (is_earliest OR met_on >= starts_on
        OR due_on < starts_on)
);
CREATE INDEX case_deadlines_due_on_idx ON case_deadlines (due_on) WHERE met_on IS NULL;

CREATE TABLE case_reviewers (
    {OF_REVIEW},
    user_id uuid NOT NULL REFERENCES principals,
    case_member_id uuid NOT NULL REFERENCES case_members,
    starts_on date NOT NULL,
    ends_on date,
    independence text NOT NULL,
    conflicts text NOT NULL,
    {TO_REVIEW},
    CONSTRAINT case_reviewers_period_check CHECK (ends_on >= starts_on)
);
CREATE INDEX case_reviewers_user_id_idx ON case_reviewers (user_id);
CREATE INDEX case_reviewers_case_member_id_idx ON case_reviewers (case_member_id);
CREATE UNIQUE INDEX case_reviewers_current_key ON case_reviewers (case_review_id, user_id)
    WHERE ends_on IS NULL;

CREATE TABLE panel_meetings (
    {OF_REVIEW},
    held_on date NOT NULL,
    is_quorate boolean NOT NULL,
    attendee_ids uuid[] NOT NULL CHECK (cardinality(attendee_ids) <= 100),
    minutes text,
    {TO_REVIEW}
);

CREATE TABLE parallel_processes (
    {OF_REVIEW},
    kind varchar(64) NOT NULL {one_of("kind", PROCESSES)},
    reference text,
    started_on date,
    expected_end_on date,
    ended_on date,
    pauses_publication boolean NOT NULL,
    note text,
    {TO_REVIEW},
    CONSTRAINT parallel_processes_period_check CHECK (ended_on >= started_on)
);

CREATE TABLE family_contacts (
    {OF_REVIEW},
    person_ids uuid[] NOT NULL CHECK (cardinality(person_ids) BETWEEN 1 AND 20),
    method varchar(64) NOT NULL {one_of("method", METHODS)},
    contacted_on date NOT NULL,
    note text NOT NULL,
    {TO_REVIEW}
);

CREATE TABLE review_findings (
    {OF_REVIEW},
    kind varchar(64) NOT NULL {one_of("kind", FINDINGS)},
    scope varchar(64) NOT NULL {one_of("scope", SCOPES)},
    confirmed_on date,
    finding text NOT NULL,
    {TO_REVIEW}
);
"""
OF_REVIEWS = (
    "case_notifications case_review_criteria case_review_recommendations case_review_decisions"
    " case_deadlines case_reviewers panel_meetings parallel_processes family_contacts"
    " review_findings"
).split()

GUARDS = f"""
-- Who runs a review neither recommends nor decides; who decides writes nothing else of it.
CREATE FUNCTION actor.guard_case_review() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    needs text := CASE
        WHEN NEW.status = 'published' AND OLD.status = 'withheld' THEN 'case-reviews:decide'
        WHEN NEW.status = ANY ('{{{",".join(DECIDES)}}}') THEN 'case-reviews:decide'
        WHEN NEW.status = ANY ('{{{",".join(RECOMMENDS)}}}') THEN 'case-reviews:recommend'
        WHEN NEW.status = ANY ('{{{",".join(PUBLISHES)}}}') THEN 'cases:write'
        ELSE 'case-reviews:write' END;
    work constant text[] := ARRAY['status', 'updated_at', 'outcome', 'decided_on', 'review_type',
        'initiated_on'];
    is_decided constant boolean := NEW.status IN ('chair_decision', 'partners_decision');
BEGIN
    IF to_jsonb(NEW) - work IS DISTINCT FROM to_jsonb(OLD) - work
        AND NOT (actor.can('case-reviews:write') OR actor.can('vault:open')) THEN
        RAISE EXCEPTION 'Only who runs the review writes it.' USING ERRCODE = '42501';
    END IF;
    IF (NEW.outcome, NEW.decided_on, NEW.review_type)
        IS DISTINCT FROM (OLD.outcome, OLD.decided_on, OLD.review_type)
        AND NOT (actor.can('case-reviews:decide') AND is_decided AND NEW.status <> OLD.status) THEN
        RAISE EXCEPTION 'Only a decision changes what was decided.' USING ERRCODE = '42501';
    END IF;
    NEW.initiated_on := OLD.initiated_on;
    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    IF NEW.status = 'agreed_with_sub_group' THEN
        needs := CASE WHEN actor.can('case-reviews:decide') THEN 'case-reviews:decide'
            ELSE 'case-reviews:recommend' END;
    ELSIF NEW.status = 'learning_implementation' AND OLD.status = 'partners_decision' THEN
        needs := 'case-reviews:decide';
    END IF;
    IF NOT actor.can(needs) THEN
        RAISE EXCEPTION 'Only who may decide this.' USING ERRCODE = '42501';
    END IF;
    IF is_decided AND NEW.outcome IS NULL THEN
        RAISE EXCEPTION 'Nothing was decided.' USING ERRCODE = '42501';
    END IF;
    IF NEW.status = 'commissioned' THEN
        NEW.initiated_on := (now() AT TIME ZONE 'Europe/London')::date;
    ELSIF NEW.status = ANY ('{{{",".join(PUBLISHES)}}}') AND EXISTS (
            SELECT FROM public.parallel_processes p
            WHERE p.case_review_id = NEW.id AND p.pauses_publication AND p.ended_on IS NULL) THEN
        RAISE EXCEPTION 'A process beside the review is open.' USING ERRCODE = '23514',
            CONSTRAINT = 'case_reviews_publication_pause_check';
    END IF;
    RETURN NEW;
END $$;

-- A decision is compared with the last recommendation, whoever says what.
CREATE FUNCTION actor.guard_case_review_decision() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    recommended text;
BEGIN
    NEW.recommendation_id := NULL;
    SELECT r.id, r.outcome INTO NEW.recommendation_id, recommended
    FROM public.case_review_recommendations r WHERE r.case_review_id = NEW.case_review_id
    ORDER BY r.id DESC LIMIT 1;
    NEW.differs_from_recommendation := coalesce(recommended <> NEW.outcome, false);
    RETURN NEW;
END $$;

-- The family is of the case, and a panel is of people who sign in.
CREATE FUNCTION actor.guard_people_of_review() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF TG_TABLE_NAME = 'family_contacts' AND EXISTS (
            SELECT FROM jsonb_array_elements_text(to_jsonb(NEW) -> 'person_ids') AS id
            WHERE id::uuid NOT IN (SELECT p.id FROM public.persons p WHERE p.case_id = NEW.case_id))
        OR TG_TABLE_NAME = 'panel_meetings' AND EXISTS (
            SELECT FROM jsonb_array_elements_text(to_jsonb(NEW) -> 'attendee_ids') AS id
            WHERE NOT actor.is_person(id::uuid)) THEN
        RAISE EXCEPTION 'Somebody does not belong here.' USING ERRCODE = '23503';
    END IF;
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION actor.guard_case_review, actor.guard_case_review_decision,
    actor.guard_people_of_review TO safeguarding_app;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OF person_ids ON family_contacts FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_people_of_review();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OF attendee_ids ON panel_meetings FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_people_of_review();
CREATE TRIGGER guard BEFORE UPDATE ON case_reviews FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_case_review();
CREATE TRIGGER guard BEFORE INSERT ON case_review_decisions FOR EACH ROW
    WHEN (current_user = 'safeguarding_app') EXECUTE FUNCTION actor.guard_case_review_decision();
"""

WRITES = "(SELECT actor.can('case-reviews:write'))"
RECOMMENDS_ON = "(SELECT actor.can('case-reviews:recommend'))"
DECIDES_ON = "(SELECT actor.can('case-reviews:decide'))"
WORKS = works_on_case()
ME = "(SELECT actor.id())"
JUST_NOTIFIED = (
    "(SELECT actor.can('case-notifications:write'))"
    f" AND case_id IN (SELECT id FROM cases WHERE created_at = now()) AND {sees_case()}"
)
"""Whoever notifies opens the review in the same transaction."""
FIRST = (
    "status IN ('notified', 'incident_notified') AND outcome IS NULL AND decided_on IS NULL"
    " AND initiated_on IS NULL AND criteria_version = 0 AND panel_response IS NULL"
)


def upgrade() -> None:
    run(TABLES)
    for table in OF_REVIEWS:
        run(
            f"CREATE INDEX {table}_case_review_id_idx ON {table} (case_review_id, id);"
            f"CREATE INDEX {table}_case_id_idx ON {table} (case_id)"
        )
    _secure_reviews()
    _secure_what_is_only_added()
    _secure_work()
    run(GUARDS)


def _secure_reviews() -> None:
    secure(
        "case_reviews",
        reads=sees_case(),
        creates=f"{FIRST} AND (({WRITES} AND {WORKS}) OR ({JUST_NOTIFIED}))",
        changes=f"({WRITES} OR {RECOMMENDS_ON} OR {DECIDES_ON}) AND {WORKS}",
        columns="(status, review_type, harm, aware_on, is_looked_after_child_death, methodology,"
        " panel_response, criteria_version, outcome, decided_on, initiated_on, title,"
        " circumstances, terms_of_reference, summary, learning, updated_at)",
    )
    rescanned(
        "case_reviews",
        "(title, circumstances, terms_of_reference, summary, learning, updated_at)",
    )
    secure(
        "case_notifications",
        reads=f"CASE WHEN {WORKS} THEN true"
        f" ELSE agency_id = (SELECT actor.agency_id()) AND {sees_case()} END",
        creates=f"agency_id = (SELECT actor.agency_id()) AND {JUST_NOTIFIED}",
    )
    rescanned("case_notifications", "(circumstances, immediate_action, updated_at)")


def _secure_what_is_only_added() -> None:
    """Lock what is said once and stays: answers, recommendations, decisions."""
    for table, who, narratives in (
        ("case_review_criteria", f"{WRITES} AND answered_by_id = {ME}", "reason"),
        (
            "case_review_recommendations",
            f"{RECOMMENDS_ON} AND recorded_by_id = {ME}",
            "reasons, dissent",
        ),
        (
            "case_review_decisions",
            f"{DECIDES_ON} AND decided_by_id = {ME}",
            "reasons, reasons_for_difference",
        ),
    ):
        secure(table, reads=WORKS, creates=f"{who} AND {WORKS}")
        rescanned(table, f"({narratives}, updated_at)")


def _secure_work() -> None:
    """Lock the work on a review, which is for its team."""
    starts = f"({WRITES} OR {RECOMMENDS_ON} OR {DECIDES_ON}) AND {WORKS}"
    secure(
        "case_deadlines",
        reads=WORKS,
        creates=f"({starts}) OR ({JUST_NOTIFIED})",
        changes=starts,
        columns="(met_on, updated_at)",
    )
    for table, columns, narratives in (
        ("case_reviewers", "ends_on, ", "independence, conflicts"),
        ("panel_meetings", "held_on, is_quorate, attendee_ids, ", "minutes"),
        (
            "parallel_processes",
            "started_on, expected_end_on, ended_on, pauses_publication, ",
            "reference, note",
        ),
        ("family_contacts", "person_ids, method, contacted_on, ", "note"),
        ("review_findings", "kind, scope, confirmed_on, ", "finding"),
    ):
        creates = f"{WRITES} AND {WORKS}"
        if table == "case_reviewers":
            creates += " AND (SELECT actor.is_person(user_id))"
        secure(
            table,
            reads=WORKS,
            creates=creates,
            changes=f"{WRITES} AND {WORKS}",
            columns=f"({columns}{narratives}, updated_at)",
        )
        rescanned(table, f"({narratives}, updated_at)")


def downgrade() -> None:
    run(
        "DELETE FROM transitions WHERE subject = 'case_reviews';"
        f"DROP TABLE {', '.join(OF_REVIEWS)}, case_reviews;"
        "DROP FUNCTION actor.guard_case_review, actor.guard_case_review_decision,"
        " actor.guard_people_of_review"
    )
