"""Publications of case reviews on the wire: drafts and their labels (Framework section 16)."""

from typing import Annotated
from uuid import UUID

from pydantic import MISSING, BaseModel, Field

from app.models.publications import (
    PUBLICATION_LIFECYCLE,
    Publication,
    PublicationKind,
    PublicationStatus,
)
from app.pagination import Paging
from app.schemas.base import PUBLIC_TEXT, WHOLE, Body, Code, Date, Label, Narrative
from app.schemas.cases import LABEL
from app.schemas.narratives import CaseRecordRead, NarratedCreate, NarratedUpdate
from app.schemas.transitions import AllowedTransitions, CaseTransitionCreate
from app.sensitivity import Classified, Computed, Level, NarratedRows

OPEN = Classified(Level.partnership)
CaseReviewId = Annotated[UUID, OPEN, Field(description="The review.")]
Kind = Annotated[PublicationKind, OPEN, Field(description="What is published of the review.")]
Title = Annotated[
    Narrative,
    Field(
        max_length=300,
        description="Title, as the public will read it.",
        examples=["Serious case review: learning from the case of a young child"],
    ),
]
PlannedOn = Annotated[
    Date | None, Field(description="Day it is planned to be published; null if none is.")
]
FamilyInformedOn = Annotated[
    Date | None,
    Field(description="Day the family was told of the publication; null if it was not yet."),
]
Heading = Annotated[
    Narrative, Field(max_length=300, description="Heading.", examples=["What happened"])
]
Text = Annotated[
    Narrative,
    Field(description="Text of the section.", examples=["Agencies knew the family for years."]),
]
SECTIONS = NarratedRows("publication_sections", "publication_id", ("heading", "text"))


class SectionIn(Body):
    """A section of a publication."""

    heading: Heading
    text: Text


class SectionRead(BaseModel):
    """A section of a publication, with people by their labels within the case."""

    heading: Heading
    text: Text


class PublishedLabelIn(Body):
    """What a person is to be called in one publication."""

    person_id: Annotated[UUID, Field(description="A person whom the publication speaks of.")]
    label: Annotated[
        str,
        Field(
            min_length=1,
            max_length=60,
            pattern=LABEL,
            description="Label or pseudonym, which says nothing of who it is. No other publication"
            " of the case has it, but for words like `Mother`; nor is it a label of the case.",
            examples=["Sam"],
        ),
    ]


class PublishedLabel(BaseModel):
    """What a person is called in one publication, and within the case."""

    person_id: Annotated[UUID, Field(description="The person.")]
    case_label: Annotated[
        Label, Field(description="Label within the case: never published.", examples=["Child A"])
    ]
    label: Annotated[Label, Field(description="Label in this publication.", examples=["Child P"])]


class PublicationPlace(BaseModel):
    """A place in the rendition of a publication. Never the text itself."""

    pointer: Annotated[
        str,
        Field(
            max_length=200,
            pattern="^/[a-z0-9_/]+$",
            description="JSON Pointer into the rendition.",
            examples=["/sections/0/text"],
        ),
    ]
    start: Annotated[
        int,
        Field(ge=0, le=10_000_000, description="First character, from 0, in code points."),
        WHOLE,
    ]
    length: Annotated[
        int, Field(ge=1, le=10_000_000, description="Characters, in code points."), WHOLE
    ]
    kind: Annotated[Code, Field(description="What it seems to be.", examples=["exact_age"])]


Warnings = Annotated[
    list[PublicationPlace],
    Field(
        max_length=10_000,
        description="Places in the rendition that narrow down who somebody is: `exact_age`,"
        " `exact_date`, `school`, `small_place`, `ordinal_fact`. They refuse nothing.",
    ),
]
Sections = Annotated[
    list[SectionIn], Field(min_length=1, max_length=100, description="Its sections, in order.")
]


class PublicationCreate(NarratedCreate):
    """A publication to draft. Everybody it speaks of gets a label that is of this one alone."""

    case_review_id: CaseReviewId
    kind: Kind
    title: Title
    sections: Sections
    planned_on: PlannedOn = None
    family_informed_on: FamilyInformedOn = None


class PublicationUpdate(NarratedUpdate):
    """Changes to a draft. Another text or another label ends what was checked and decided."""

    title: Title | MISSING = MISSING
    sections: Sections | MISSING = MISSING
    labels: (
        Annotated[
            list[PublishedLabelIn],
            Field(max_length=1000, description="Labels to set; the others stay."),
        ]
        | MISSING
    ) = MISSING
    planned_on: PlannedOn | MISSING = MISSING
    family_informed_on: FamilyInformedOn | MISSING = MISSING


LABELS = """coalesce((
    SELECT json_agg(json_build_object('person_id', p.id, 'case_label', p.label, 'label', l.label)
        ORDER BY l.number)
    FROM publication_labels l JOIN persons p ON p.id = l.person_id
    WHERE l.publication_id = t.id), '[]'::json)"""


class PublicationRead(CaseRecordRead, table=Publication, level=Level.restricted):
    """One version of what is to be published of a review. It is for the team of the case."""

    case_review_id: CaseReviewId
    kind: Kind
    version: Annotated[int, OPEN, Field(ge=1, le=32_767, description="Version, from 1.")]
    title: Title
    sections: Annotated[
        list[SectionRead], SECTIONS, Field(max_length=100, description="Its sections, in order.")
    ]
    labels: Annotated[
        list[PublishedLabel],
        Computed(LABELS),
        Field(max_length=1000, description="What people are called in it."),
    ]
    warnings: Warnings
    status: Annotated[PublicationStatus, OPEN, Field(description="Where it stands.")]
    is_checked: Annotated[
        bool,
        Computed("actor.valid_check(t.id) IS NOT NULL"),
        Field(
            description="Whether a check holds: clean, confirmed by a second person, of the text"
            " as it is and the people as they are registered now."
        ),
    ]
    planned_on: PlannedOn
    notices_due_on: Annotated[
        Date | None,
        Field(description="Last day to send notices for the planned day; null without one."),
    ]
    can_publish_on: Annotated[
        Date | None,
        Field(description="First day the notices allow; null until all are sent."),
    ]
    family_informed_on: FamilyInformedOn
    editor_ids: Annotated[
        list[UUID], Field(max_length=1000, description="Who wrote of it, and so confirms no check.")
    ]
    report_id: Annotated[
        UUID | None, Field(description="The published report; null before it is published.")
    ]
    published_on: Annotated[Date | None, Field(description="Day of publication; null before.")]
    available_until: Annotated[
        Date | None,
        Field(
            description="First day on which the Business Office may take it down by itself; null"
            " before it is published."
        ),
    ]
    allowed_transitions: Annotated[AllowedTransitions, Computed(PUBLICATION_LIFECYCLE.allowed)]


class PublicationFilters(Paging):
    """Query parameters of the list."""

    case_id: Annotated[UUID | None, Field(description="Only of this case.")] = None
    case_review_id: Annotated[UUID | None, Field(description="Only of this review.")] = None
    kind: Annotated[
        list[PublicationKind], Field(max_length=4, description="Any of these kinds.")
    ] = []
    status: Annotated[
        list[PublicationStatus], Field(max_length=5, description="Standing in any of these.")
    ] = []


class RenditionSection(BaseModel):
    """A section as the public would read it."""

    heading: Annotated[str, Field(max_length=100_000, pattern=PUBLIC_TEXT, description="Heading.")]
    text: Annotated[str, Field(max_length=1_000_000, pattern=PUBLIC_TEXT, description="Text.")]


class RenditionRead(BaseModel):
    """A publication as the public would read it now, and the hash that a check names."""

    title: Annotated[str, Field(max_length=100_000, pattern=PUBLIC_TEXT, description="Title.")]
    sections: Annotated[
        list[RenditionSection], Field(max_length=100, description="Sections, in order.")
    ]
    sha256: Annotated[
        str,
        Field(
            max_length=64,
            pattern="^[0-9a-f]{64}$",
            description="SHA-256 of the UTF-8 text of title, headings and texts in order, each"
            " separated from the next by an empty line.",
            examples=["0" * 64],
        ),
    ]
    warnings: Warnings


class PublicationTransitionCreate(CaseTransitionCreate):
    """A move of a publication."""

    to: Annotated[PublicationStatus, Field(description="State to move to.", examples=["published"])]
