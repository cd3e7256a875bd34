"""Areas, agencies and named leads: every partner reads them, the Business Office records them."""

from migrations.support import RECORD, one_of, run, secure

revision = "0002"
down_revision = "0001"

SECTORS = (
    "la_childrens la_adults la_education public_health district_borough icb_ccg nhs_acute"
    " nhs_community_mh gp_primary ambulance police pcc probation_nps crc prison_yoi"
    " youth_offending cafcass school college early_years housing fire voluntary faith"
    " private_provider childrens_trust armed_services ukvi local_authority nhs_trust"
).split()
AREA_KINDS = "county district unitary metropolitan_district london_borough other".split()
SCHEMES = (
    "urn laestab ukprn ofsted_urn ods gss la_code la_register police companies_house charity"
).split()
FUNCTIONS = "section_11 section_175 maca data training inspection cdop safeguarding".split()
SUCCESSIONS = "succeeded merged divided converted amalgamated".split()

TABLES = f"""
CREATE TABLE areas (
    {RECORD},
    name text NOT NULL,
    kind varchar(64) NOT NULL {one_of("kind", AREA_KINDS)},
    gss_code text UNIQUE,
    la_code text,
    valid_from date,
    valid_to date,
    part_of_id uuid REFERENCES areas,
    CONSTRAINT areas_period_check CHECK (valid_to >= valid_from),
    CONSTRAINT areas_part_check CHECK (part_of_id <> id)
);
CREATE UNIQUE INDEX areas_la_code_key ON areas (la_code) WHERE valid_to IS NULL;
CREATE INDEX areas_part_of_id_idx ON areas (part_of_id);

CREATE TABLE area_successions (
    {RECORD},
    predecessor_id uuid NOT NULL REFERENCES areas,
    successor_id uuid NOT NULL REFERENCES areas,
    UNIQUE (predecessor_id, successor_id),
    CONSTRAINT area_successions_self_check CHECK (predecessor_id <> successor_id)
);
CREATE INDEX area_successions_predecessor_id_idx ON area_successions (predecessor_id);
CREATE INDEX area_successions_successor_id_idx ON area_successions (successor_id);

CREATE TABLE agencies (
    {RECORD},
    name text NOT NULL,
    short_name text,
    sector varchar(64) NOT NULL {one_of("sector", SECTORS)},
    duty_bases text[] NOT NULL DEFAULT '{{}}',
    is_board_member boolean NOT NULL DEFAULT false,
    serves_adults boolean NOT NULL DEFAULT false,
    area_id uuid REFERENCES areas,
    town text,
    valid_from date,
    valid_to date,
    CONSTRAINT agencies_period_check CHECK (valid_to >= valid_from)
);
CREATE INDEX agencies_area_id_idx ON agencies (area_id);
CREATE INDEX agencies_sector_idx ON agencies (sector, id);

CREATE TABLE agency_identifiers (
    {RECORD},
    agency_id uuid NOT NULL REFERENCES agencies,
    scheme varchar(64) NOT NULL {one_of("scheme", SCHEMES)},
    value text NOT NULL,
    valid_to date
);
CREATE UNIQUE INDEX agency_identifiers_scheme_value_key ON agency_identifiers (scheme, value)
    WHERE valid_to IS NULL;
CREATE INDEX agency_identifiers_agency_id_idx ON agency_identifiers (agency_id);
CREATE INDEX agency_identifiers_value_idx ON agency_identifiers (value);

CREATE TABLE agency_successions (
    {RECORD},
    predecessor_id uuid NOT NULL REFERENCES agencies,
    successor_id uuid NOT NULL REFERENCES agencies,
    kind varchar(64) NOT NULL {one_of("kind", SUCCESSIONS)},
    effective_on date,
    CONSTRAINT agency_successions_pair_key UNIQUE (predecessor_id, successor_id),
    CONSTRAINT agency_successions_self_check CHECK (predecessor_id <> successor_id)
);
CREATE INDEX agency_successions_predecessor_id_idx ON agency_successions (predecessor_id);
CREATE INDEX agency_successions_successor_id_idx ON agency_successions (successor_id);

CREATE TABLE agency_leads (
    {RECORD},
    agency_id uuid NOT NULL REFERENCES agencies,
    function varchar(64) NOT NULL {one_of("function", FUNCTIONS)},
    name text NOT NULL,
    post text,
    email text,
    is_deputy boolean NOT NULL DEFAULT false,
    valid_from date NOT NULL DEFAULT current_date,
    valid_to date,
    CONSTRAINT agency_leads_period_check CHECK (valid_to >= valid_from)
);
CREATE INDEX agency_leads_agency_id_idx ON agency_leads (agency_id, function);

ALTER TABLE principals ADD FOREIGN KEY (agency_id) REFERENCES agencies;
"""

SIGNED_IN = "(SELECT actor.id()) IS NOT NULL"


def upgrade() -> None:
    run(TABLES)
    for table in ("areas", "area_successions"):
        writes = "(SELECT actor.can('areas:write'))"
        secure(table, reads=SIGNED_IN, creates=writes, changes=writes, deletes=writes)
    for table in ("agencies", "agency_identifiers", "agency_successions"):
        writes = "(SELECT actor.can('agencies:write'))"
        secure(table, reads=SIGNED_IN, creates=writes, changes=writes, deletes=writes)
    own = (
        "(SELECT actor.can('agency-leads:write')) AND CASE WHEN"
        " (SELECT actor.can('agencies:write')) THEN true"
        " ELSE agency_id = (SELECT actor.agency_id()) END"
    )
    secure("agency_leads", reads=SIGNED_IN, creates=own, changes=own)


def downgrade() -> None:
    run(
        "ALTER TABLE principals DROP CONSTRAINT principals_agency_id_fkey;"
        "DROP TABLE agency_leads, agency_successions, agency_identifiers, agencies,"
        " area_successions, areas"
    )
