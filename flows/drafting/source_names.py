"""The names of this installation's sources, as what a form on the server's pages offers to choose from."""

from typing import Annotated

from pydantic import Field

from flows.context import default_config

__all__ = ["SourceName"]

SourceName = Annotated[
    str,
    # Those that were configured when the deployments were registered; a flow itself asks the configuration in force.
    Field(json_schema_extra={"enum": sorted(path.stem for path in (default_config() / "sources").glob("*.toml"))}),
]
