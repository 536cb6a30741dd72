"""What is known of a driver's face, and the file that keeps it."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from vivant.graph.errors import VivantError
from vivant.nodes.face.lid_range import LEAST_CLOSED, MOST_OPEN, Lid
from vivant.nodes.face.neutral import MOST_REST, Neutral
from vivant.nodes.formats.arkit import BLENDSHAPES, INDEX

_LARGEST_BYTES = 100_000
_LONGEST_NAME = 100
Weight = Annotated[float, Field(strict=True, ge=0, le=MOST_REST)]
Angle = Annotated[float, Field(strict=True, ge=-3.2, le=3.2)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NeutralEntry(_Entry):
    """A neutral face."""

    weights: dict[str, Weight] = Field(description="What the face wears at rest, by ARKit name; left out: 0.")
    turn: tuple[Angle, Angle, Angle] = Field(description="Rotation vector from head to camera, radians.")

    @field_validator("weights")
    @classmethod
    def _known(cls, weights: dict[str, float]) -> dict[str, float]:
        for name in weights:
            if name not in INDEX:
                raise ValueError(f"{name!r} is no ARKit name")
        return weights


class LidEntry(_Entry):
    """The range of one eye's lid."""

    open: float = Field(strict=True, ge=0, le=MOST_OPEN)
    closed: float = Field(strict=True, ge=LEAST_CLOSED, le=1)


class Calibration(_Entry):
    """A driver's neutral face and the range of the lids, as its file holds them."""

    version: Literal[1] = 1
    neutral: NeutralEntry | None = None
    lids: dict[Literal["Left", "Right"], LidEntry] = Field(default_factory=dict)

    @classmethod
    def of(cls, neutral: Neutral | None, lids: dict[Literal["Left", "Right"], Lid]) -> Calibration:
        """Return what is to be kept."""
        entry = None
        if neutral is not None:
            weights = {n: round(float(w), 4) for n, w in zip(BLENDSHAPES, neutral.weights, strict=True) if w > 5e-5}
            x, y, z = (round(float(angle), 5) for angle in neutral.turn)
            entry = NeutralEntry(weights=weights, turn=(x, y, z))
        known = {s: LidEntry(open=round(d.open, 4), closed=round(d.closed, 4)) for s, d in lids.items() if d != Lid()}
        return cls(neutral=entry, lids=known)

    def neutral_face(self) -> Neutral | None:
        """Return the neutral face, if there is one."""
        if self.neutral is None:
            return None
        weights = np.array([self.neutral.weights.get(name, 0.0) for name in BLENDSHAPES])
        return Neutral.of(weights, np.array(self.neutral.turn))

    def lid(self, side: Literal["Left", "Right"]) -> Lid:
        """Return the range of a lid; where none is kept, the tracker's own."""
        entry = self.lids.get(side)
        return Lid() if entry is None else Lid(entry.open, entry.closed)


def calibration_file(profile: str, device: str) -> Path:
    """Return where the calibration of a person before a camera is kept.

    The folder is ``VIVANT_CONFIG``, else Vivant's among the user's settings.
    """
    name = re.sub(r"[^\w-]+", "-", f"{profile} {device}".strip()).strip("-").lower()[:_LONGEST_NAME]
    # a name of its own before it: some names, such as con, are none for a file on Windows
    return _folder() / "calibration" / f"driver-{name}.json"


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
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise VivantError(
            f"the calibration cannot be kept: {error.strerror or error}",
            where=str(file),
            remedy="make the folder writable, or name another in the environment variable VIVANT_CONFIG",
        ) from error


def _folder() -> Path:
    named = os.environ.get("VIVANT_CONFIG")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return platformdirs.user_config_path("vivant", appauthor=False)


def _unreadable(file: Path, why: str) -> VivantError:
    return VivantError(
        f"this calibration cannot be used: {why}", where=str(file), remedy="calibrate anew, or delete the file"
    )
