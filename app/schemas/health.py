"""What the service says of itself, to anybody."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Link = Annotated[str, Field(max_length=100, pattern="^/")]


class Said(BaseModel):
    """An answer that depends on nobody's rights."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class HealthRead(Said):
    """A good state; a bad one is a problem."""

    status: Annotated[Literal["ok"], Field(description="Always `ok`.", examples=["ok"])] = "ok"


class ServiceRead(Said):
    """The service, and where to go on from here."""

    name: Annotated[
        str, Field(max_length=64, pattern="^[a-z-]+$", description="Name of the product.")
    ]
    version: Annotated[
        str,
        Field(
            max_length=32,
            pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$",
            description="Version of the contract.",
            examples=["1.0.0"],
        ),
    ]
    reference: Annotated[Link, Field(description="The contract, to read.")] = "/docs"
    contract: Annotated[Link, Field(description="The contract, as OpenAPI.")] = "/v1/openapi.json"
    status: Annotated[Link, Field(description="Whether requests are answered now.")] = "/readyz"
