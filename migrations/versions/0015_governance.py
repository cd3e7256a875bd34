"""Who governs the Board: bodies, members, meetings, decisions, priorities; and the table of moves.

Framework sections 13 and 21. What is agreed by a body points to a decision of that body.
"""

from migrations.support import RECORD, guard_moves, let_policy_read, one_of, run, secure

revision = "0015"
down_revision = "0014"

KINDS = "board executive_group sub_group panel task_and_finish_group business_office".split()
POSITIONS = "chair vice_chair member adviser observer".split()
MEMBERSHIP = "nominated inducting active suspended ended".split()
MEETING = "planned held minutes_agreed cancelled".split()
PRESENCE = "attended deputised apologies absent".split()
OUTCOMES = "agreed rejected deferred noted".split()
PRIORITY = "proposed adopted active retired".split()

TABLES = f"""
CREATE TABLE bodies (
    {RECORD},
    code text NOT NULL CONSTRAINT bodies_code_key UNIQUE,
    name text NOT NULL,
    kind varchar(64) NOT NULL {one_of("kind", KINDS)},
    parent_id uuid REFERENCES bodies,
    terms_of_reference text,
    quorum smallint NOT NULL DEFAULT 3 CHECK (quorum BETWEEN 1 AND 100),
    member_role text REFERENCES roles (code),
    chair_role text REFERENCES roles (code),
    valid_from date NOT NULL DEFAULT current_date,
    valid_to date,
    CONSTRAINT bodies_parent_check CHECK (parent_id <> id),
    CONSTRAINT bodies_validity_check CHECK (valid_to >= valid_from)
);
CREATE INDEX bodies_parent_id_idx ON bodies (parent_id);
CREATE INDEX bodies_member_role_idx ON bodies (member_role);
CREATE INDEX bodies_chair_role_idx ON bodies (chair_role);

CREATE TABLE memberships (
    {RECORD},
    body_id uuid NOT NULL REFERENCES bodies,
    user_id uuid NOT NULL REFERENCES principals,
    agency_id uuid REFERENCES agencies,
    position varchar(64) NOT NULL {one_of("position", POSITIONS)},
    status varchar(64) NOT NULL DEFAULT 'nominated' {one_of("status", MEMBERSHIP)},
    valid_from date NOT NULL DEFAULT current_date,
    valid_to date,
    CONSTRAINT memberships_validity_check CHECK (valid_to >= valid_from)
);
CREATE UNIQUE INDEX memberships_body_id_user_id_key ON memberships (body_id, user_id)
    WHERE status <> 'ended';
CREATE INDEX memberships_body_id_idx ON memberships (body_id, id);
CREATE INDEX memberships_user_id_idx ON memberships (user_id);
CREATE INDEX memberships_agency_id_idx ON memberships (agency_id, id);

CREATE TABLE meetings (
    {RECORD},
    body_id uuid NOT NULL REFERENCES bodies,
    held_on date NOT NULL,
    title text NOT NULL,
    place text,
    status varchar(64) NOT NULL DEFAULT 'planned' {one_of("status", MEETING)},
    minutes text
);
CREATE INDEX meetings_body_id_idx ON meetings (body_id, held_on, id);

CREATE TABLE agenda_items (
    {RECORD},
    meeting_id uuid NOT NULL REFERENCES meetings,
    number smallint NOT NULL CHECK (number BETWEEN 1 AND 200),
    title text NOT NULL,
    subject text,
    record_id uuid,
    presenter text,
    CONSTRAINT agenda_items_number_key UNIQUE (meeting_id, number),
    CONSTRAINT agenda_items_subject_check CHECK ((subject IS NULL) = (record_id IS NULL))
);
CREATE INDEX agenda_items_record_id_idx ON agenda_items (record_id);

CREATE TABLE attendances (
    {RECORD},
    meeting_id uuid NOT NULL REFERENCES meetings,
    membership_id uuid NOT NULL REFERENCES memberships,
    agency_id uuid REFERENCES agencies,
    presence varchar(64) NOT NULL {one_of("presence", PRESENCE)},
    CONSTRAINT attendances_member_key UNIQUE (meeting_id, membership_id)
);
CREATE INDEX attendances_membership_id_idx ON attendances (membership_id);
CREATE INDEX attendances_agency_id_idx ON attendances (agency_id);

CREATE TABLE decisions (
    {RECORD},
    body_id uuid NOT NULL REFERENCES bodies,
    meeting_id uuid REFERENCES meetings,
    agenda_item_id uuid REFERENCES agenda_items,
    decided_on date NOT NULL,
    outcome varchar(64) NOT NULL {one_of("outcome", OUTCOMES)},
    text text NOT NULL,
    subject text,
    record_id uuid,
    is_chairs_action boolean NOT NULL DEFAULT false,
    ratified_by_id uuid REFERENCES decisions,
    is_consensus boolean NOT NULL DEFAULT true,
    votes_for smallint CHECK (votes_for >= 0),
    votes_against smallint CHECK (votes_against >= 0),
    votes_abstained smallint CHECK (votes_abstained >= 0),
    dissent text,
    recorded_by_id uuid NOT NULL REFERENCES principals,
    CONSTRAINT decisions_subject_check CHECK ((subject IS NULL) = (record_id IS NULL)),
    CONSTRAINT decisions_source_check CHECK (is_chairs_action = (meeting_id IS NULL)),
    CONSTRAINT decisions_item_check CHECK (agenda_item_id IS NULL OR meeting_id IS NOT NULL),
    CONSTRAINT decisions_votes_check CHECK (
        is_consensus = (num_nonnulls(votes_for, votes_against, votes_abstained) = 0)
        AND num_nonnulls(votes_for, votes_against, votes_abstained) IN (0, 3))
);
CREATE INDEX decisions_body_id_idx ON decisions (body_id, id);
CREATE INDEX decisions_meeting_id_idx ON decisions (meeting_id);
CREATE INDEX decisions_agenda_item_id_idx ON decisions (agenda_item_id);
CREATE INDEX decisions_record_id_idx ON decisions (record_id);
CREATE INDEX decisions_ratified_by_id_idx ON decisions (ratified_by_id);
CREATE INDEX decisions_recorded_by_id_idx ON decisions (recorded_by_id);

CREATE TABLE priorities (
    {RECORD},
    code text NOT NULL,
    version smallint NOT NULL DEFAULT 1 CHECK (version > 0),
    title text NOT NULL,
    description text,
    status varchar(64) NOT NULL DEFAULT 'proposed' {one_of("status", PRIORITY)},
    CONSTRAINT priorities_code_key UNIQUE (code, version)
);

ALTER TABLE transitions ADD COLUMN decision_id uuid REFERENCES decisions;
CREATE INDEX transitions_decision_id_idx ON transitions (decision_id);

CREATE TABLE lifecycle_moves (
    {RECORD},
    subject text NOT NULL,
    from_state text NOT NULL,
    to_state text NOT NULL,
    needs text NOT NULL,
    CONSTRAINT lifecycle_moves_move_key UNIQUE (subject, from_state, to_state, needs)
);
"""

# One lock for every lifecycle: what `app.models.lifecycles` lists is copied here at every
# migration, and a state that is not reached by one of these moves is not reached at all.
GUARD = """
CREATE FUNCTION actor.guard_move() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.lifecycle_moves m WHERE m.subject = TG_TABLE_NAME
            AND m.from_state = OLD.status AND m.to_state = NEW.status AND actor.can(m.needs)
    ) THEN
        RAISE EXCEPTION 'No such move, or not for this actor.' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
END $$;
GRANT EXECUTE ON FUNCTION actor.guard_move TO safeguarding_app;
"""

# Rights derive from an active seat and end with it, as from a role that was given.
ROLES = """
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
CREATE FUNCTION actor.roles_of(user_id uuid, day date DEFAULT current_date) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT a.role FROM public.role_assignments a
    WHERE a.user_id = roles_of.user_id AND a.valid_from <= day
        AND coalesce(a.valid_to, 'infinity') >= day
    UNION
    SELECT seat.role
    FROM public.memberships m JOIN public.bodies b ON b.id = m.body_id
    CROSS JOIN LATERAL (SELECT CASE WHEN m.position IN ('chair', 'vice_chair') THEN b.chair_role
        WHEN m.position = 'member' THEN b.member_role END) AS seat (role)
    WHERE m.user_id = roles_of.user_id AND seat.role IS NOT NULL
        AND (m.status = 'active' OR m.status = 'ended' AND day < current_date)
        AND m.valid_from <= day AND coalesce(m.valid_to, 'infinity') >= day
        AND b.valid_from <= day AND coalesce(b.valid_to, 'infinity') >= day
$$;

-- Whether a person has done what a seat takes first.
CREATE FUNCTION actor.is_inducted(user_id uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT EXISTS (SELECT FROM public.undertakings u
        WHERE u.user_id = is_inducted.user_id AND u.valid_to >= current_date)
$$;
REVOKE EXECUTE ON FUNCTION actor.roles_of, actor.is_inducted FROM PUBLIC;
GRANT EXECUTE ON FUNCTION actor.roles_of, actor.is_inducted TO safeguarding_app;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""

HELD = (
    "FROM public.role_assignments a JOIN public.roles r ON r.code = a.role",
    "FROM actor.roles_of({0}) AS held (role) JOIN public.roles r ON r.code = held.role",
)
VALID = """
        WHERE a.user_id = {0} AND a.valid_from <= current_date
            AND (a.valid_to IS NULL OR a.valid_to >= current_date)"""
LOGGED = """public.role_assignments a WHERE a.user_id = l.actor_id
                AND a.valid_from <= l.occurred_at::date
                AND coalesce(a.valid_to, 'infinity') >= l.occurred_at::date ORDER BY a.role"""
TOLD = """JOIN public.role_assignments a ON a.user_id = u.id AND a.valid_from <= current_date
        AND coalesce(a.valid_to, 'infinity') >= current_date
    JOIN public.roles r ON r.code = a.role"""
REWRITTEN = (
    ("enter", HELD[0], HELD[1].format("enter.id")),
    ("enter", VALID.format("enter.id"), "\n        WHERE enter.kind = 'person'"),
    ("enter_job", HELD[0], HELD[1].format("asked.id")),
    ("enter_job", VALID.format("asked.id"), "\n        WHERE asked.kind = 'person'"),
    ("approver_addresses", TOLD, "JOIN public.roles r ON r.code IN (SELECT actor.roles_of(u.id))"),
    (
        "accesses_of",
        f"a.role FROM {LOGGED}",
        "held.role FROM actor.roles_of(l.actor_id, l.occurred_at::date) AS held (role)"
        " ORDER BY held.role",
    ),
)
"""Functions that read roles: which, from what text, to what."""


REWRITE = """\
GRANT CREATE ON SCHEMA actor TO safeguarding_policy;
SET ROLE safeguarding_policy;
DO $rewrite$
DECLARE
    defined text := pg_get_functiondef('actor.@function'::regproc);
BEGIN
    IF array_length(string_to_array(defined, $old$@before$old$), 1) <> 2 THEN
        RAISE EXCEPTION 'actor.@function is not what it was.';
    END IF;
    EXECUTE replace(defined, $old$@before$old$, $new$@after$new$);
END $rewrite$;
RESET ROLE;
REVOKE CREATE ON SCHEMA actor FROM safeguarding_policy;
"""


def _rewrite(function: str, before: str, after: str) -> None:
    """Replace a passage of a function, which must be there once."""
    run(REWRITE.replace("@function", function).replace("@before", before).replace("@after", after))


READS = "(SELECT actor.can('governance:read'))"
WRITES = "(SELECT actor.can('governance:write'))"
DECIDES = (
    "(SELECT actor.can('decisions:write')) AND ((SELECT actor.can('governance:write'))"
    " OR (SELECT actor.can('chairs-action:take')) OR body_id IN (SELECT m.body_id"
    " FROM memberships m WHERE m.user_id = (SELECT actor.id()) AND m.status = 'active'"
    " AND m.position IN ('chair', 'vice_chair')))"
)
"""The Business Office, for every body; the Independent Chair; and who chairs the body."""
GIVES = (
    "(SELECT actor.can('governance:write')) AND (SELECT actor.can('board-roles:grant'))"
    " AND user_id <> (SELECT actor.id())"
)


def upgrade() -> None:
    run(TABLES)
    run(GUARD)
    secure("lifecycle_moves", reads="(SELECT actor.id()) IS NOT NULL", trail=False)
    let_policy_read("bodies", "(id, code, kind, member_role, chair_role, valid_from, valid_to)")
    let_policy_read(
        "memberships", "(id, body_id, user_id, agency_id, position, status, valid_from, valid_to)"
    )
    run(ROLES)
    for function, before, after in REWRITTEN:
        _rewrite(function, before, after)
    secure(
        "bodies",
        reads=READS,
        creates=f"{WRITES} AND member_role IS NULL AND chair_role IS NULL"
        " OR (SELECT actor.can('board-roles:grant'))",
        changes=WRITES,
        columns="(name, parent_id, terms_of_reference, quorum, valid_to, updated_at)",
    )
    secure(
        "memberships",
        reads=READS,
        creates=f"{GIVES} AND status = 'nominated'",
        changes=GIVES,
        columns="(status, valid_to, updated_at)",
    )
    secure(
        "meetings",
        reads=READS,
        creates=f"{WRITES} AND status = 'planned'",
        changes=WRITES,
        columns="(held_on, title, place, status, minutes, updated_at)",
    )
    secure(
        "agenda_items",
        reads=READS,
        creates=WRITES,
        changes=WRITES,
        deletes=WRITES,
        columns="(number, title, subject, record_id, presenter, updated_at)",
    )
    secure(
        "attendances",
        reads=READS,
        creates=WRITES,
        changes=WRITES,
        columns="(presence, updated_at)",
    )
    secure(
        "decisions",
        reads=READS,
        creates=f"{DECIDES} AND recorded_by_id = (SELECT actor.id()) AND ratified_by_id IS NULL"
        " AND (NOT is_chairs_action OR (SELECT actor.can('chairs-action:take')))",
        changes=DECIDES,
        columns="(ratified_by_id, updated_at)",
    )
    secure(
        "priorities",
        reads=READS,
        creates=f"{WRITES} AND status = 'proposed'",
        changes=WRITES,
        columns="(title, description, status, updated_at)",
    )
    for table in ("memberships", "meetings", "priorities"):
        guard_moves(table)


def downgrade() -> None:
    for function, before, after in reversed(REWRITTEN):
        _rewrite(function, after, before)
    run("DROP FUNCTION actor.roles_of, actor.is_inducted")
    run(
        "DROP TABLE lifecycle_moves;"
        "ALTER TABLE transitions DROP COLUMN decision_id;"
        "DROP TABLE priorities, decisions, attendances, agenda_items, meetings, memberships,"
        " bodies;"
        "DROP FUNCTION actor.guard_move"
    )
