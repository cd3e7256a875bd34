"""Roles of the framework, as the capabilities they carry (Framework sections 8, 9, 11 and 14-16).

A role is data: it is copied to the table `roles` at every migration. One person may hold
several. What is not listed is not allowed.
"""

from dataclasses import dataclass

from app.access.scopes import Capability, Scope
from app.sensitivity import Level

EVERYBODY = frozenset({Scope.access_log_heads_read})
"""Whoever signs in may be a witness of the access log."""
READ_PARTNERSHIP = frozenset(
    {
        Scope.reference_read,
        Scope.areas_read,
        Scope.agencies_read,
        Scope.instruments_read,
        Scope.audits_read,
        Scope.audit_responses_read,
        Scope.information_request_summaries_read,
        Scope.external_reviews_read,
        Scope.jobs_read,
        Scope.governance_read,
        Scope.learning_read,
        Scope.briefings_read,
        Scope.timetable_read,
        Scope.event_feed_read,
    }
)
READ_RESULTS = READ_PARTNERSHIP | {Scope.audit_summaries_read, Capability.all_responses}
ANSWER_TO_BOARD = frozenset(
    {
        Scope.findings_write,
        Scope.actions_write,
        Scope.challenges_write,
        Scope.briefing_receipts_write,
        Scope.obligations_write,
        Scope.subscriptions_write,
    }
)
"""What an agency says of itself: to findings, actions, challenges and briefings."""
LEAD_LEARNING = frozenset(
    {
        Scope.decisions_write,
        Scope.findings_write,
        Scope.recommendations_write,
        Scope.impact_checks_write,
        Scope.challenges_write,
        Scope.briefings_write,
        Capability.confirm_findings,
        Capability.verify_actions,
    }
)
"""What a sub group does with what was found."""
FILL_IN = (
    READ_PARTNERSHIP
    | ANSWER_TO_BOARD
    | {
        Scope.agency_leads_write,
        Scope.audit_responses_write,
        Scope.good_practice_write,
        Scope.imports_write,
    }
)
SIGN_OFF = (
    READ_PARTNERSHIP
    | ANSWER_TO_BOARD
    | {
        Scope.audit_responses_submit,
        Scope.good_practice_write,
        Capability.sign_off,
    }
)
RUN_BOARD = (
    READ_RESULTS
    | LEAD_LEARNING
    | {
        Scope.governance_write,
        Scope.actions_write,
        Scope.assurance_write,
        Scope.briefing_receipts_write,
        Scope.timetable_write,
        Scope.obligations_write,
        Scope.subscriptions_write,
        Capability.run_learning,
        Scope.areas_write,
        Scope.agencies_write,
        Scope.agency_leads_write,
        Scope.instruments_write,
        Scope.audits_write,
        Scope.audit_responses_moderate,
        Scope.good_practice_write,
        Scope.imports_write,
    }
)

TAKE_PART = frozenset(
    {
        Scope.cases_read,
        Scope.case_reviews_read,
        Scope.information_requests_read,
    }
)
"""What concerns a case that one's own agency takes part in."""
REPORT_ON_CASES = TAKE_PART | {
    Scope.case_notifications_write,
    Scope.agency_reports_write,
    Scope.information_requests_write,
}
MAY_BE_DISCLOSED_TO = frozenset({Scope.disclosure_grants_read, Scope.disclosure_grants_write})
REVIEW_CASES = TAKE_PART | MAY_BE_DISCLOSED_TO | {Scope.case_reviews_write}
RUN_CASES = REVIEW_CASES | {
    Scope.cases_write,
    Scope.persons_write,
    Scope.person_lookups_write,
    Scope.information_requests_write,
    Scope.retention_read,
    Scope.retention_write,
    Capability.all_cases,
}

CLIENT_SCOPES = EVERYBODY | FILL_IN | REPORT_ON_CASES | {Scope.audit_responses_submit}
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
    granted = frozenset(str(each) for each in capabilities | EVERYBODY)
    return Role(title, description, level, granted)


ROLES: dict[str, Role] = {
    "chair": _role(
        "Independent Chair",
        "Leads the Board and decides what only the chair may (sections 8 and 16).",
        Level.agency,
        READ_RESULTS
        | TAKE_PART
        | MAY_BE_DISCLOSED_TO
        | LEAD_LEARNING
        | {
            Scope.assurance_write,
            Capability.take_chairs_action,
            Scope.events_read,
            Scope.access_log_read,
            Capability.all_log,
            Scope.retention_read,
            Capability.approve_audits,
            Capability.all_cases,
            Capability.decide,
            Capability.all_grants,
            Capability.approve_grants,
            Capability.emergency,
            Capability.approve_information_requests,
        },
    ),
    "board_member": _role(
        "Board member",
        "Senior representative of an agency on the Board (sections 12 and 15).",
        Level.partnership,
        READ_RESULTS | {Scope.challenges_write, Scope.briefing_receipts_write},
    ),
    "lay_member": _role(
        "Lay member", "Member of the public on the Board.", Level.partnership, READ_RESULTS
    ),
    "qa_member": _role(
        "Quality Assurance Sub Group member",
        "Moderates responses of agencies other than the own (sections 14 and 15).",
        Level.agency,
        READ_RESULTS
        | LEAD_LEARNING - {Capability.confirm_findings, Scope.decisions_write}
        | {Scope.audit_responses_moderate, Scope.good_practice_write},
    ),
    "qa_chair": _role(
        "Quality Assurance Sub Group chair",
        "Approves audits on the decision of the sub group (section 15).",
        Level.agency,
        READ_RESULTS
        | LEAD_LEARNING
        | {
            Scope.audits_write,
            Scope.audit_responses_moderate,
            Scope.good_practice_write,
            Capability.approve_audits,
        },
    ),
    "esg_member": _role(
        "Executive Strategic Group member",
        "Considers recommendations before the Board does, and what is escalated (section 14).",
        Level.partnership,
        READ_RESULTS | {Scope.recommendations_write, Scope.challenges_write},
    ),
    "ld_member": _role(
        "Learning and Development Sub Group member",
        "Considers training, its effect and what needs to be learned (section 11).",
        Level.partnership,
        READ_RESULTS | LEAD_LEARNING - {Capability.confirm_findings, Scope.decisions_write},
    ),
    "ld_chair": _role(
        "Learning and Development Sub Group chair",
        "Leads the sub group for training (section 11).",
        Level.partnership,
        READ_RESULTS | LEAD_LEARNING,
    ),
    "cdop_member": _role(
        "Child Death Overview Panel member",
        "Reviews deaths of children and recommends what is learned from them (section 19).",
        Level.partnership,
        READ_RESULTS | LEAD_LEARNING - {Capability.confirm_findings, Scope.decisions_write},
    ),
    "cdop_chair": _role(
        "Child Death Overview Panel chair",
        "Leads the panel that reviews deaths of children (section 19).",
        Level.partnership,
        READ_RESULTS | LEAD_LEARNING,
    ),
    "bo_manager": _role(
        "Business Office manager",
        "Runs the Business Office; approves lock exceptions, never an own request (section 9).",
        Level.agency,
        RUN_BOARD
        | RUN_CASES
        | {
            Scope.subject_exports_write,
            Capability.all_grants,
            Capability.emergency,
            Capability.approve_information_requests,
            Capability.approve_retention,
            Scope.users_read,
            Scope.users_write,
            Scope.clients_read,
            Scope.clients_write,
            Scope.events_read,
            Scope.access_log_read,
            Capability.approve_lock_exceptions,
            Capability.approve_audits,
            Capability.all_principals,
            Capability.grant_board_roles,
        },
    ),
    "bo_officer": _role(
        "Business Office officer",
        "Plans and runs audits and case reviews, follows returns (sections 9, 11 and 16).",
        Level.agency,
        RUN_BOARD | RUN_CASES | {Scope.subject_exports_write},
    ),
    "bo_analyst": _role(
        "Business Office analyst", "Analyses what agencies return.", Level.agency, RUN_BOARD
    ),
    "agency_lead": _role(
        "Agency lead",
        "Named lead of an agency: fills in its responses (section 9).",
        Level.partnership,
        FILL_IN | REPORT_ON_CASES | MAY_BE_DISCLOSED_TO,
    ),
    "agency_contributor": _role(
        "Agency contributor",
        "Completes parts of a response of the own agency.",
        Level.partnership,
        FILL_IN,
    ),
    "agency_senior": _role(
        "Agency senior",
        "Signs off the responses and case reports of the own agency (sections 15 and 16).",
        Level.partnership,
        SIGN_OFF | TAKE_PART | {Scope.agency_reports_write},
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
    "scr_member": _role(
        "Serious Case Review Sub Group member",
        "Considers incidents and recommends what becomes of them (section 16).",
        Level.agency,
        READ_RESULTS
        | REVIEW_CASES
        | LEAD_LEARNING - {Capability.confirm_findings, Scope.decisions_write}
        | {Capability.all_cases, Capability.recommend},
    ),
    "scr_chair": _role(
        "Serious Case Review Sub Group chair",
        "Leads the sub group that reviews cases (section 16).",
        Level.agency,
        READ_RESULTS
        | REVIEW_CASES
        | LEAD_LEARNING
        | {
            Scope.cases_write,
            Scope.persons_write,
            Capability.all_cases,
            Capability.recommend,
            Capability.emergency,
        },
    ),
    "lead_reviewer": _role(
        "Lead reviewer",
        "Reviews one case, as long as the appointment lasts (section 16).",
        Level.partnership,
        REVIEW_CASES | {Scope.persons_write},
    ),
    "panel_member": _role(
        "Panel member",
        "Works on the panel of one case (sections 15 and 16).",
        Level.partnership,
        REVIEW_CASES,
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
        frozenset(
            {
                Scope.events_read,
                Scope.access_log_read,
                Capability.all_log,
                Scope.reference_read,
                Scope.agencies_read,
                Scope.retention_read,
                Scope.subject_exports_write,
                Scope.disclosure_grants_read,
                Capability.all_grants,
                Capability.approve_grants,
                Capability.approve_retention_as_dpo,
            }
        ),
    ),
    "sysadmin": _role(
        "Operator",
        "Registers people and systems; sees no content.",
        Level.public,
        frozenset(
            {
                Scope.reference_read,
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
    "vault": frozenset({Capability.open_vault}),
    "public": frozenset({Scope.published_reports_read}),
    "keeper": frozenset(
        {Capability.open_vault, Capability.rotate_keys, Capability.destroy_identities}
    ),
}
"""What acts without a person: actors like any other, with a token made from the secret key."""
