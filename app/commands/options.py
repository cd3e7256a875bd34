"""What the parts of the command share."""

from typing import Annotated

import typer
from pydantic import ValidationError

from app.installation import SetupError
from app.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def settings_with(chosen: dict[str, object] | None = None) -> Settings:
    """Read the environment. Raises SetupError that names the variable, not its value."""
    try:
        return Settings(**(chosen or {}))  # type: ignore[arg-type]
    except ValidationError as error:
        raise SetupError.of(error) from None
