"""A response as a spreadsheet, on the wire."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class FormQuery(BaseModel):
    """How the form is sent. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[
        Literal["csv", "xlsx"], Field(description="As a workbook, or as comma-separated values.")
    ] = "xlsx"


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORM_CONTENT: dict[str, dict[str, Any]] = {
    XLSX: {"schema": {"type": "string", "format": "binary"}},
    "text/csv": {
        "schema": {"type": "string", "format": "binary"},
        "example": 'code,answer,narrative\r\n1.1,met,"Minutes of March."\r\n',
    },
}
"""The media types of the form, both ways."""
