"""Legal gateways on the wire: the grounds on which information is shared (Framework section 7)."""

from typing import Annotated

from pydantic import Field

from app.reference.gateways import GatewayCompliance, GatewayUser
from app.schemas.base import Code, Label
from app.schemas.health import Said
from app.schemas.regimes import Certain, FirstDay, LastDay, Sentence


class LegalGatewayRead(Said):
    """A legal ground for sharing information. What is believed is confirmed before it is used."""

    code: Annotated[Code, Field(description="Name.", examples=["ca2004_s14B"])]
    title: Annotated[Sentence, Field(description="What it is for.")]
    statute: Annotated[
        Label, Field(description="The law.", examples=["Children Act 2004 section 14B"])
    ]
    used_by: Annotated[
        list[GatewayUser], Field(max_length=10, description="Who may ask, or give, by it.")
    ]
    compliance: Annotated[
        GatewayCompliance, Field(description="Whether who is asked by it must comply.")
    ]
    is_in_force: Annotated[
        bool, Field(description="False where it is enacted and not known to have commenced.")
    ]
    valid_from: FirstDay
    valid_to: LastDay
    regimes: Annotated[
        list[Code],
        Field(
            max_length=50,
            description="Regimes of case reviews it goes with.",
            examples=[["LSCB_WT2015"]],
        ),
    ]
    certainty: Certain
