"""Parameters of nodes: frozen pydantic models whose fields say what changing them costs."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Cost(StrEnum):
    """What it costs to change a parameter while the graph runs."""

    LIVE = "live"
    """Taken over with the next frame."""
    RECOMPILE = "recompile"
    """A shader is compiled again."""
    REOPEN = "reopen"
    """The node is closed and opened again (a model, a camera, a file)."""


class NodeParams(BaseModel):
    """Base of every node's parameters: immutable, and unknown names are refused.

    Declare each field with `param`; units go into the name (``_ms``, ``_hz``, ``_deg``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def param(default: Any = ..., help: str = "", *, cost: Cost = Cost.LIVE, **constraints: Any) -> Any:
    """Declare a parameter.

    Args:
        default: Its default; ``...`` makes it required.
        help: One sentence for `vivant nodes` and for the JSON Schema.
        cost: What changing it costs in a running graph.
        **constraints: pydantic's bounds (``ge``, ``le``, ``gt``, ``lt``, ``min_length``, ``pattern``, ...).
    """
    return Field(default, description=help, json_schema_extra={"cost": cost.value}, **constraints)


def cost_of(params: type[NodeParams], name: str) -> Cost:
    """Return what changing parameter `name` costs; undeclared costs count as REOPEN, the safest."""
    extra = params.model_fields[name].json_schema_extra
    value = extra.get("cost") if isinstance(extra, dict) else None
    return Cost(value) if isinstance(value, str) else Cost.REOPEN
