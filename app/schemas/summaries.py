"""What an audit shows across agencies, on the wire (Framework section 15)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.models.audits import Audit, ResponseStatus, RosterEntry
from app.pagination import Matches, Paging
from app.schemas.agencies import Identifiers, Name
from app.schemas.base import Body, Code, Label, Prose, ReadSchema, Redaction
from app.sensitivity import Classified, Computed, Level

ASKED = "coalesce(r.status NOT IN ('exempt', 'withdrawn'), true)"
"""Whether the audit still asks an agency on its roster, whose response is `r` if it has one."""
RETURNED = f"({ASKED} AND coalesce(r.revision >= 1, false))"
"""Whether its return counts: still asked for, and submitted at least once."""
REWORKED = "r.status IN ('in_progress', 'agency_review')"
"""Whether a response that was submitted is being worked on again: its last submission counts."""
GIVEN_GRADE = "NOT a.is_carried_forward AND (a.is_not_applicable OR a.grade IS NOT NULL)"
"""Whether a row `a` of `answers` answers a question that takes a grade."""


def percent(part: str, whole: str) -> str:
    """Write a share in percent with one decimal, halves up; null of nothing."""
    return f"round(100.0 * {part} / nullif({whole}, 0), 1)"


OWN_GRADES = f"""
SELECT a.id, a.grade, a.is_not_applicable FROM answers a
WHERE a.response_id = r.id AND a.question_id = q.id AND {GIVEN_GRADE} AND NOT {REWORKED}
UNION ALL
SELECT s.id, a.grade, a.is_not_applicable
FROM submissions s CROSS JOIN LATERAL jsonb_to_recordset(s.answers)
    AS a (question text, grade text, is_not_applicable boolean)
WHERE s.response_id = r.id AND s.revision = r.revision AND {REWORKED}
    AND a.question = q.code AND (a.is_not_applicable OR a.grade IS NOT NULL)"""
MODERATED_GRADES = f"""
SELECT a.id, a.moderated_grade AS grade, a.is_not_applicable FROM answers a
WHERE a.response_id = r.id AND a.question_id = q.id AND {GIVEN_GRADE}"""


def cells(grades: str, extra: str = "") -> str:
    """Write the figures of a roster entry `t` under each standard.

    `grades` selects those of a response `r` to a question `q`; `extra` adds members over the
    figures `c`.
    """
    return f"""(
SELECT coalesce(json_agg(json_build_object(
    'code', c.code, {extra}
    'met', c.met, 'met_percent', {percent("c.met", "c.graded")}, 'worst_grade', c.worst
) ORDER BY c.position), '[]') FROM (
    SELECT st.code, st.position, count(a.id) AS answers, count(v.id) AS graded,
        count(*) FILTER (WHERE v.meets = 'met') AS met,
        (array_agg(v.code ORDER BY v.rank) FILTER (WHERE v.code IS NOT NULL))[1] AS worst
    FROM audits u JOIN instruments i ON i.id = u.instrument_id
    JOIN standards st ON st.instrument_id = i.id
    LEFT JOIN questions q ON q.standard_id = st.id AND q.answer_type = 'grade'
    LEFT JOIN audit_responses r
        ON r.audit_id = t.audit_id AND r.agency_id = t.agency_id AND {RETURNED}
    LEFT JOIN LATERAL ({grades}) a ON true
    LEFT JOIN grade_values v
        ON v.scale_id = i.grade_scale_id AND v.code = a.grade AND NOT a.is_not_applicable
    WHERE u.id = t.audit_id GROUP BY st.id
) c)"""


INT32 = {"format": "int32"}
Count = Annotated[int, Field(ge=0, lt=2**31, json_schema_extra=INT32, examples=[295])]
Percent = Annotated[float | None, Field(ge=0, le=100, examples=[90.5])]

Answers = Annotated[
    Count, Field(description="Answers, those that say a question does not apply included.")
]
Applicable = Annotated[Count, Field(description="Answers but those that say it does not apply.")]
Met = Annotated[Count, Field(description="Own grades that the scale counts as met.")]
Partly = Annotated[Count, Field(description="Own grades that the scale counts as partly met.")]
NotMet = Annotated[Count, Field(description="Own grades that the scale counts as not met.")]
MetPercent = Annotated[
    Percent,
    Field(description="`met` in percent of `applicable`, halves up; null where that is none."),
]
StandardCode = Annotated[
    Code, Field(description="The standard, by its code.", examples=["safer_recruitment"])
]
WorstGrade = Annotated[
    Code | None,
    Field(description="Lowest grade under the standard; null where there is none."),
]


class GradeCount(Body):
    """How often one grade of the scale was given to a question."""

    code: Annotated[Code, Field(description="The grade.", examples=["met"])]
    label: Annotated[Label, Field(description="How it reads.", examples=["Met"])]
    self: Annotated[Count, Field(description="Times agencies gave it themselves.")]
    moderated: Annotated[Count, Field(description="Times moderators gave it.")]


class QuestionFigures(Body):
    """What agencies answered to one question."""

    code: Annotated[Code, Field(description="The question, by its code.", examples=["1.2"])]
    text: Annotated[Prose, Field(description="The question.")]
    answers: Answers
    applicable: Applicable
    met: Annotated[Met | None, Field(description="As of a standard; null without grades.")]
    partly: Annotated[Partly | None, Field(description="As of a standard; null without grades.")]
    not_met: Annotated[NotMet | None, Field(description="As of a standard; null without grades.")]
    met_percent: MetPercent
    grades: Annotated[
        list[GradeCount],
        Field(max_length=50, description="Grades of the scale from the lowest; none without."),
    ]


class StandardFigures(Body):
    """What agencies answered under one standard. Counts questions that take a grade."""

    code: StandardCode
    title: Annotated[Label, Field(description="Title.", examples=["Safer recruitment"])]
    position: Annotated[Count, Field(description="Place in the instrument.", examples=[5])]
    answers: Answers
    applicable: Applicable
    met: Met
    partly: Partly
    not_met: NotMet
    met_percent: MetPercent
    questions: Annotated[
        list[QuestionFigures], Field(max_length=200, description="Questions, in order.")
    ]


class AuditSummaryRead(ReadSchema, table=Audit, level=Level.partnership):
    """What an audit shows. A return that is worked on again counts as it was last submitted."""

    audit_id: Annotated[UUID, Field(description="The audit.")]
    roster: Annotated[
        Count, Field(description="Agencies on the roster, but exempt and withdrawn ones.")
    ]
    returned: Annotated[Count, Field(description="Those of them that submitted, once or more.")]
    return_rate_percent: Annotated[
        Percent, Field(description="`returned` in percent of `roster`; null of nobody.")
    ]
    late: Annotated[
        Count, Field(description="Returned ones whose last submission came after the day due.")
    ]
    resubmitted: Annotated[Count, Field(description="Returned ones that submitted again.")]
    standards: Annotated[
        list[StandardFigures], Field(max_length=200, description="Standards, in order.")
    ]


def _of_agency(column: str) -> Computed:
    return Computed(f"(SELECT g.{column} FROM agencies g WHERE g.id = t.agency_id)")


def _of_response(expression: str) -> Computed:
    return Computed(f"({RESPONSE.format(expression)})")


RESPONSE = (
    "SELECT {} FROM (VALUES (true)) one LEFT JOIN audit_responses r"
    " ON r.audit_id = t.audit_id AND r.agency_id = t.agency_id"
)
IS_MISSING = f"{ASKED} AND NOT {RETURNED}"

AgencyId = Annotated[UUID, Field(description="The agency.")]
AgencyName = Annotated[Name, _of_agency("name")]
Status = Annotated[
    ResponseStatus | None,
    _of_response("r.status"),
    Field(description="Where its response stands; null before the audit opens."),
]


class MatrixCell(Body):
    """One agency under one standard, by its own grades. Counts questions that take a grade."""

    code: StandardCode
    answers: Answers
    applicable: Applicable
    met: Met
    met_percent: MetPercent
    worst_grade: WorstGrade


class ModeratedCell(Body):
    """One agency under one standard, by the grades of the moderators."""

    code: StandardCode
    answers: Annotated[Count, Field(description="Answers that moderators graded.")]
    met: Annotated[Count, Field(description="Those of them that the scale counts as met.")]
    met_percent: Annotated[
        Percent,
        Field(description="`met` in percent of `answers`, halves up; null where that is none."),
    ]
    worst_grade: WorstGrade


class MatrixRowRead(ReadSchema, table=RosterEntry, level=Level.partnership):
    """One agency of an audit under every standard; figures stand once it has returned."""

    agency_id: AgencyId
    name: AgencyName
    status: Status
    standards: Annotated[
        list[MatrixCell] | None,
        Classified(Level.agency),
        Computed(cells(OWN_GRADES, "'answers', c.answers, 'applicable', c.graded,")),
        Field(max_length=200, description="By its own grades; null if withheld from you."),
    ]
    moderated: Annotated[
        list[ModeratedCell],
        Computed(cells(MODERATED_GRADES, "'answers', c.graded,")),
        Field(max_length=200, description="By the grades of the moderators."),
    ]
    redactions: Annotated[
        list[Redaction], Field(max_length=50, description="Members withheld from you.")
    ]


class MatrixFilters(Paging):
    """Query parameters of the matrix."""

    agency_id: Annotated[UUID | None, Field(description="Only this agency.")] = None


class AgencyReturnRead(ReadSchema, table=RosterEntry, level=Level.partnership):
    """Whether and when an agency of the roster returned."""

    agency_id: AgencyId
    name: AgencyName
    identifiers: Annotated[
        Identifiers,
        Computed(
            "(SELECT coalesce(json_agg(json_build_object('scheme', i.scheme, 'value', i.value,"
            " 'valid_to', i.valid_to) ORDER BY i.scheme, i.value), '[]')"
            " FROM agency_identifiers i WHERE i.agency_id = t.agency_id)"
        ),
    ]
    response_id: Annotated[
        UUID | None,
        _of_response("r.id"),
        Field(description="Its response; null before the audit opens."),
    ]
    status: Status
    revision: Annotated[
        Count,
        _of_response("coalesce(r.revision, 0)"),
        Field(description="How many times it submitted.", examples=[1]),
    ]
    submitted_on: Annotated[
        date | None,
        _of_response("r.submitted_on"),
        Field(description="Day of the last submission; null before that."),
    ]
    is_late: Annotated[
        bool | None,
        _of_response("r.is_late"),
        Field(description="Whether that was after the day due; null before that."),
    ]
    is_missing: Annotated[
        bool,
        _of_response(IS_MISSING),
        Field(description="Whether it is asked, and has submitted nothing yet."),
    ]


class AgencyReturnFilters(Paging):
    """Query parameters of the list of returns."""

    agency_id: Annotated[UUID | None, Field(description="Only this agency.")] = None
    missing: Annotated[
        bool | None,
        Matches(f"({RESPONSE.replace('{}', IS_MISSING)}) = {{}}"),
        Field(description="Only agencies that are asked and returned nothing, or only the rest."),
    ] = None
    late: Annotated[
        bool | None,
        Matches(f"({RESPONSE.replace('{}', 'r.is_late')}) = {{}}"),
        Field(description="Only returns that came late, or only those in time."),
    ] = None
