"""Roles of the framework, as the capabilities they carry (Framework sections 8, 9, 11 and 14-16).

A role is data: it is copied to the table `roles` at every migration. One person may hold
several. What is not listed is not allowed.
"""

from dataclasses import dataclass

from app.access.scopes import Capability, Scope
from app.sensitivity import Level

READ_PARTNERSHIP = frozenset(
    {
        Scope.areas_read,
        Scope.agencies_read,
        Scope.instruments_read,
        Scope.audits_read,
        Scope.audit_responses_read,
        Scope.jobs_read,
    }
)
READ_RESULTS = READ_PARTNERSHIP | {Scope.audit_summaries_read, Capability.all_responses}
FILL_IN = READ_PARTNERSHIP | {
    Scope.agency_leads_write,
    Scope.audit_responses_write,
    Scope.good_practice_write,
    Scope.imports_write,
}
SIGN_OFF = READ_PARTNERSHIP | {
    Scope.audit_responses_submit,
    Scope.good_practice_write,
    Capability.sign_off,
}
RUN_BOARD = READ_RESULTS | {
    Scope.areas_write,
    Scope.agencies_write,
    Scope.agency_leads_write,
    Scope.instruments_write,
    Scope.audits_write,
    Scope.audit_responses_moderate,
    Scope.good_practice_write,
    Scope.imports_write,
}

CLIENT_SCOPES = FILL_IN | {Scope.audit_responses_submit}
"""What an agency's system may be given at most."""


@dataclass(frozen=True, slots=True)
class Role:
    """One hat a person may wear."""

    title: str
    description: str
    level: Level
    capabilities: frozenset[str]


def _role(
    title: str, description: str, level: Level, capabilities: frozenset[str] | set[str]
) -> Role:
    return Role(title, description, level, frozenset(str(each) for each in capabilities))


ROLES: dict[str, Role] = {
    "chair": _role(
        "Independent Chair",
        "Leads the Board and decides what only the chair may (sections 8 and 16).",
        Level.agency,
        READ_RESULTS | {Scope.events_read, Capability.approve_audits},
    ),
    "board_member": _role(
        "Board member",
        "Senior representative of an agency on the Board (sections 12 and 15).",
        Level.partnership,
        READ_RESULTS,
    ),
    "lay_member": _role(
        "Lay member", "Member of the public on the Board.", Level.partnership, READ_RESULTS
    ),
    "qa_member": _role(
        "Quality Assurance Sub Group member",
        "Moderates responses of agencies other than the own (sections 14 and 15).",
        Level.agency,
        READ_RESULTS | {Scope.audit_responses_moderate, Scope.good_practice_write},
    ),
    "qa_chair": _role(
        "Quality Assurance Sub Group chair",
        "Approves audits on the decision of the sub group (section 15).",
        Level.agency,
        READ_RESULTS
        | {
            Scope.audits_write,
            Scope.audit_responses_moderate,
            Scope.good_practice_write,
            Capability.approve_audits,
        },
    ),
    "bo_manager": _role(
        "Business Office manager",
        "Runs the Business Office; approves lock exceptions, never an own request (section 9).",
        Level.agency,
        RUN_BOARD
        | {
            Scope.users_read,
            Scope.users_write,
            Scope.clients_read,
            Scope.clients_write,
            Scope.events_read,
            Capability.approve_lock_exceptions,
            Capability.approve_audits,
            Capability.all_principals,
            Capability.grant_board_roles,
        },
    ),
    "bo_officer": _role(
        "Business Office officer",
        "Plans and runs audits, follows returns (sections 9 and 11).",
        Level.agency,
        RUN_BOARD,
    ),
    "bo_analyst": _role(
        "Business Office analyst", "Analyses what agencies return.", Level.agency, RUN_BOARD
    ),
    "agency_lead": _role(
        "Agency lead",
        "Named lead of an agency: fills in its responses (section 9).",
        Level.partnership,
        FILL_IN,
    ),
    "agency_contributor": _role(
        "Agency contributor",
        "Completes parts of a response of the own agency.",
        Level.partnership,
        FILL_IN,
    ),
    "agency_senior": _role(
        "Agency senior",
        "Signs off the responses of the own agency (section 15).",
        Level.partnership,
        SIGN_OFF,
    ),
    "school_lead": _role(
        "School lead",
        "Head teacher or designated safeguarding lead: fills in the school's return (section 15).",
        Level.partnership,
        FILL_IN,
    ),
    "school_governor": _role(
        "School governor",
        "Signs off the school's return (section 15).",
        Level.partnership,
        SIGN_OFF,
    ),
    "inspector": _role(
        "Inspector",
        "Ofsted, CQC, HMICFRS or HM Inspectorate of Probation (sections 8 and 18).",
        Level.partnership,
        READ_RESULTS,
    ),
    "dpo": _role(
        "Data protection officer",
        "Reads who changed what; sees no content (section 7).",
        Level.audit,
        frozenset({Scope.events_read, Scope.agencies_read}),
    ),
    "sysadmin": _role(
        "Operator",
        "Registers people and systems; sees no content.",
        Level.public,
        frozenset(
            {
                Scope.agencies_read,
                Scope.users_read,
                Scope.users_write,
                Scope.clients_read,
                Scope.clients_write,
                Capability.all_principals,
            }
        ),
    ),
}

AGENCY_ROLES = frozenset(
    {"agency_lead", "agency_contributor", "agency_senior", "school_lead", "school_governor"}
)
"""Roles within an agency: whoever registers people gives them. The others are the Board's, and only
who runs its Business Office gives those: an operator could else make readers of content."""

SERVICES: dict[str, frozenset[str]] = {
    "sign-in": frozenset(
        {
            "me",
            Capability.all_principals,
            Capability.all_tokens,
            Capability.authenticate,
        }
    ),
    "operator": frozenset(
        {
            Scope.agencies_read,
            Scope.users_write,
            Scope.clients_write,
            Capability.all_principals,
            Capability.grant_board_roles,
        }
    ),
    "worker": frozenset(
        RUN_BOARD | {"me", Capability.all_principals, Capability.run_jobs, Scope.users_read}
    ),
}
"""What acts without a person: actors like any other, with a token made from the secret key."""
