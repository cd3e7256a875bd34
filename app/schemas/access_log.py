"""The access log on the wire: who looked at what, and the proof that nobody changed it since."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from app.models.access import PrincipalKind
from app.models.access_log import AccessAct, AccessLogEntry, AccessLogHead
from app.pagination import Paging
from app.schemas.base import Code, Id, ReadSchema, Time
from app.sensitivity import Computed, Level

EXACT = "to_char(t.{0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
"""A time as it is hashed: always six digits after the second."""
HEX = "encode(t.{0}, 'hex')"
PLACE = "(SELECT l.place FROM access_log_leaves l WHERE l.seq = t.seq)"

Hash = Annotated[str, Field(max_length=64, pattern="^[0-9a-f]{64}$", examples=["5e" * 32])]
"""32 bytes in hexadecimal."""
Number = Annotated[int, Field(ge=0, le=2**53 - 1)]
Batch = Annotated[int, Field(ge=1, le=2**31 - 1, description="Number of the batch, from 1.")]
Seq = Annotated[
    Number, Field(description="Order of writing; gaps are transactions that came to nothing.")
]
Act = Annotated[AccessAct, Field(description="What was done.", examples=["identity_read"])]
ActorKind = Annotated[PrincipalKind, Field(description="What acted: a person, or a system.")]
Operation = Annotated[
    Code, Field(description="`operationId` it was done by.", examples=["read_person_identity"])
]
CaseId = Annotated[UUID | None, Field(description="Case it was about; null for none.")]
RecordId = Annotated[UUID | None, Field(description="Record it was about; null for none.")]
GrantId = Annotated[UUID | None, Field(description="Disclosure grant it was done under, or null.")]
PersonIds = Annotated[list[UUID], Field(max_length=1000, description="People it was about.")]
Members = Annotated[
    list[Code], Field(max_length=200, description="Members that were seen; never their values.")
]
Found = Annotated[bool | None, Field(description="Whether a look-up found somebody; null else.")]
Salt = Annotated[
    Hash, Field(description="Chance, so that nobody guesses an entry from its hash."),
    Computed(HEX.format("salt")),
]  # fmt: skip
Place = Annotated[
    Number | None,
    Field(description="Place in the sealed log, from 1 without gaps; null while not sealed."),
    Computed(PLACE),
]


class OfTheAudit(ReadSchema, table=AccessLogEntry, level=Level.partnership):
    """A record of the class `audit`: who may see it sees all of it, and that the rows' policy says.

    To the projection it is therefore like any record without members that are withheld.
    """

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say the class in the contract."""
        schema = super().__get_pydantic_json_schema__(core, handler)
        for member in handler.resolve_ref_schema(schema).get("properties", {}).values():
            if "x-sensitivity" in member:
                member["x-sensitivity"] = {"class": Level.audit.name, "redaction": "none"}
        return schema


class AccessLogEntryRead(OfTheAudit, table=AccessLogEntry, level=Level.partnership):
    """That somebody looked at what is confidential: ids and names of members, never a value."""

    id: Id
    seq: Seq
    occurred_at: Annotated[
        datetime, Field(description="When (UTC)."), Computed(EXACT.format("occurred_at"))
    ]
    actor_id: Annotated[UUID, Field(description="Who did it.")]
    actor_kind: ActorKind
    actor_agency_id: Annotated[
        UUID | None, Field(description="Agency of who did it; null for none.")
    ]
    act: Act
    operation: Operation
    case_id: CaseId
    record_id: RecordId
    grant_id: GrantId
    person_ids: PersonIds
    members: Members
    found: Found
    salt: Salt
    place: Place


class InclusionProof(BaseModel):
    """That an entry stands in a sealed batch, to be recomputed by whoever has its head."""

    batch: Batch
    leaf: Annotated[Hash, Field(description="Hash of the entry without `place` and `proof`.")]
    position: Annotated[
        int, Field(ge=0, le=2**31 - 1, description="Position of the leaf in the batch, from 0.")
    ]
    size: Annotated[int, Field(ge=1, le=2**31 - 1, description="Leaves of the batch.")]
    path: Annotated[
        list[Hash],
        Field(max_length=64, description="Nodes from the leaf to the root, lowest first."),
    ]
    root: Annotated[Hash, Field(description="Root of the batch.")]
    head: Annotated[Hash, Field(description="Head over it, as `GET /v1/access-log/heads` has it.")]


class AccessLogProofRead(AccessLogEntryRead, table=AccessLogEntry, level=Level.partnership):
    """An entry with the proof that it is sealed."""

    proof: Annotated[
        InclusionProof | None,
        Field(description="Null while it is not sealed, or where its batch is damaged."),
    ]


class AccessLogFilters(Paging):
    """Query parameters of the lists."""

    act: Annotated[list[AccessAct], Field(max_length=20, description="Any of these acts.")] = []
    case_id: Annotated[UUID | None, Field(description="Only about this case.")] = None
    record_id: Annotated[UUID | None, Field(description="Only about this record.")] = None
    grant_id: Annotated[UUID | None, Field(description="Only under this grant.")] = None
    actor_id: Annotated[UUID | None, Field(description="Only by this person or system.")] = None
    occurred_at_from: Annotated[
        Time | None, Field(description="From this moment on, inclusive.")
    ] = None
    occurred_at_before: Annotated[Time | None, Field(description="Before this moment.")] = None


class AccessLogHeadRead(ReadSchema, table=AccessLogHead, level=Level.public):
    """The seal of a batch. `head` is the hash of all other members but `id`; keep it."""

    id: Id
    number: Batch
    size: Annotated[int, Field(ge=1, le=2**31 - 1, description="Entries of the batch.")]
    total: Annotated[Number, Field(description="Entries sealed so far, with this batch.")]
    first_seq: Annotated[Number, Field(description="`seq` of its first entry.")]
    last_seq: Annotated[Number, Field(description="Highest `seq` sealed so far.")]
    root: Annotated[
        Hash, Field(description="Root over its entries (RFC 9162)."), Computed(HEX.format("root"))
    ]
    previous_head: Annotated[
        Hash,
        Field(description="The head before; zeros for the first."),
        Computed(HEX.format("previous_head")),
    ]
    sealed_at: Annotated[
        datetime, Field(description="When (UTC)."), Computed(EXACT.format("sealed_at"))
    ]
    head: Annotated[Hash, Field(description="The head."), Computed(HEX.format("head"))]


class AccessLogHeadFilters(Paging):
    """Query parameters of the list of heads."""

    number_from: Annotated[
        int | None, Field(ge=1, le=2**31 - 1, description="From this number on.")
    ] = None


class AccessLogExportQuery(BaseModel):
    """Where an export goes on. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    after_place: Annotated[
        int, Field(ge=0, le=2**53 - 1, description="`place` of the last entry you have.")
    ] = 0
    limit: Annotated[int, Field(ge=1, le=1000, description="Most entries.")] = 1000
