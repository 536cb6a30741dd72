"""What is known of a driver's face, and the file that keeps it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vivant.graph.errors import VivantError
from vivant.nodes.face.lid_range import LEAST_CLOSED, MOST_OPEN, Lid
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX

VERSION = 1
_LARGEST_BYTES = 100_000
Weight = Annotated[float, Field(strict=True, ge=0, le=1)]
Angle = Annotated[float, Field(strict=True, ge=-3.2, le=3.2)]


class LidEntry(BaseModel):
    """The range of one eye's lid."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    open: float = Field(0.0, strict=True, ge=0, le=MOST_OPEN)
    closed: float = Field(1.0, strict=True, ge=LEAST_CLOSED, le=1)

    def lid(self) -> Lid:
        """Return it as the lids' range takes it."""
        return Lid(self.open, self.closed)


class Calibration(BaseModel):
    """A driver's neutral face and the range of the lids, as its file holds them."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    version: Literal[1] = VERSION
    rest: dict[str, Weight] | None = Field(
        None, description="What the face wears at rest, by ARKit name; left out: 0. None: not calibrated."
    )
    turn: tuple[Angle, Angle, Angle] | None = Field(
        None, description="How the head is turned at rest: rotation vector from head to camera, radians."
    )
    lids: dict[Literal["Left", "Right"], LidEntry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_names(self) -> Calibration:
        unknown = [name for name in self.rest or {} if name not in INDEX]
        if unknown:
            raise ValueError(f"{unknown[0]} is no ARKit name")
        if (self.rest is None) != (self.turn is None):
            raise ValueError("rest and turn belong together")
        return self

    def rest_weights(self) -> npt.NDArray[np.float32]:
        """Return `rest` as weights ``float32 (52,)``."""
        return np.array([(self.rest or {}).get(name, 0.0) for name in BLENDSHAPES], np.float32)


def calibration_file(profile: str, device: str) -> Path:
    """Return where the calibration of a person before a camera is kept.

    The folder is ``VIVANT_CONFIG``, else Vivant's in the user's settings.
    """
    name = re.sub(r"[^\w-]+", "-", f"{profile} {device}".strip()).strip("-").lower() or "default"
    return _folder() / "calibration" / f"{name[:80]}.json"


def read_calibration(file: Path) -> Calibration | None:
    """Read a calibration; None where there is no such file.

    Raises:
        VivantError: It cannot be read.
    """
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise _unreadable(file, "it is far too large")
        return Calibration.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise _unreadable(file, f"{place}: {first['msg']}" if place else first["msg"]) from error


def write_calibration(file: Path, calibration: Calibration) -> None:
    """Write a calibration; at every moment the file is the old one or the new one, whole.

    Raises:
        VivantError: It cannot be written.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(calibration.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise VivantError(
            f"the calibration cannot be kept: {error.strerror or error}",
            where=str(file),
            remedy="make the folder writable, or name another in the environment variable VIVANT_CONFIG",
        ) from error


def _folder() -> Path:
    named = os.environ.get("VIVANT_CONFIG")
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_config_path("vivant", appauthor=False)


def _unreadable(file: Path, why: str) -> VivantError:
    return VivantError(
        f"this calibration cannot be used: {why}", where=str(file), remedy="delete the file, and calibrate anew"
    )
