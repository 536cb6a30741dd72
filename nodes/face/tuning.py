"""How single expressions are taken over: a side file that a user writes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from vivant.graph.errors import VivantError
from vivant.graph.problem import listed, nearest_name, quoted
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX

_LARGEST_BYTES = 1_000_000
_SHOWN = 12
Weight = Annotated[float, Field(ge=0, le=1)]
SHORT_NAMES = tuple(dict.fromkeys(n.removesuffix("Left").removesuffix("Right") for n in BLENDSHAPES))
"""Names without their side, which speak of both sides, beside those that have none."""


class ShapeTuning(BaseModel):
    """How one expression is taken over: first its input range, then the curve, then its output range."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    input: tuple[Weight, Weight] = Field((0.0, 1.0), strict=False, description="What counts as none of it, and as all.")
    output: tuple[Weight, Weight] = Field((0.0, 1.0), strict=False, description="What none and all of it become.")
    curve: float = Field(1.0, ge=0.2, le=5, description="Exponent: above 1 the small ones become smaller.")
    smooth_ms: float = Field(0.0, ge=0, le=2000, description="Time constant of a low pass; 0: none.")

    @field_validator("input")
    @classmethod
    def _not_empty(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[1] - value[0] < 0.01:
            raise ValueError("the second number must be larger than the first by at least 0.01")
        return value


class Tuning(BaseModel):
    """The side file: expressions by their ARKit names; without Left or Right a name speaks of both sides."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    shapes: dict[str, ShapeTuning]

    @field_validator("shapes")
    @classmethod
    def _known(cls, shapes: dict[str, ShapeTuning]) -> dict[str, ShapeTuning]:
        for name in shapes:
            if name not in INDEX and name not in SHORT_NAMES:
                nearest = nearest_name(name, (*BLENDSHAPES, *SHORT_NAMES))
                hint = f"did you mean {quoted(nearest)}?" if nearest else f"they begin with {listed(BLENDSHAPES, 4)}"
                raise ValueError(f"{quoted(name)} is no ARKit name; {hint}")
        return shapes

    def by_index(self) -> dict[int, ShapeTuning]:
        """Return the tunings by index into `arkit.BLENDSHAPES`; a name with its side wins over one without."""
        found = {}
        for name, index in INDEX.items():
            tuning = self.shapes.get(name) or self.shapes.get(name.removesuffix("Left").removesuffix("Right"))
            if tuning is not None:
                found[index] = tuning
        return found


def read_tuning(file: Path) -> Tuning:
    """Read a tuning.

    Raises:
        VivantError: It cannot be read or is wrong; all problems in one block, exit status 2.
    """
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise _unusable(file, "it is far too large")
        return Tuning.model_validate_json(file.read_bytes())
    except OSError as error:
        raise _unusable(file, error.strerror or str(error)) from error
    except ValidationError as error:
        problems = [f"{'.'.join(str(p) for p in e['loc']) or 'file'}: {e['msg']}" for e in error.errors()]
        shown = problems[:_SHOWN] + ([f"... and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else [])
        raise _unusable(file, "".join(f"\n  {problem}" for problem in shown)) from error


def _unusable(file: Path, why: str) -> VivantError:
    return VivantError(
        f"this tuning cannot be used: {why}",
        where=str(file),
        remedy='write {"version": 1, "shapes": {"jawOpen": {"input": [0.05, 0.8], "curve": 1.2}}}, with ARKit names',
        exit_status=2,
    )
