"""The file beside a picture that says where its face is: ``NAME.face.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vivant.graph.errors import VivantError
from vivant.graph.problem import Problem, json_path, listed, nearest_name, quoted
from vivant.nodes.face.named_points import NAMED_POINTS, missing_points, other_side
from vivant.nodes.formats.arkit import BLENDSHAPES
from vivant.nodes.formats.face import LANDMARK_COUNT
from vivant.nodes.formats.face_marks import FaceMarks

SUFFIX = ".face.json"
VERSION = 1
_LARGEST_BYTES = 1_000_000
_LEAST_APART = 4.0
_SHOWN = 12

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Size = Annotated[int, Field(strict=True, ge=1)]
Place = tuple[Number, Number]


class FaceFile(BaseModel):
    """Where the face of the picture beside this file is.

    Give either `points`, a few points by name, or all 478 `landmarks`. All places are pixels ``[x, y]`` of the
    upright picture, x to the right and y down from the top left corner. Left and right are the person's own: who
    looks at you has the right eye on the left of the picture.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = Field(description="Version of this format.")
    size: tuple[Size, Size] | None = Field(
        None, description="Width and height of the picture that the places were measured in, if it was resized since."
    )
    points: dict[str, Place] | None = Field(
        None,
        description="Places by name. For each eye its middle or both its corners, and nose_tip, "
        "right_mouth_corner, left_mouth_corner and chin are needed. All names: " + ", ".join(NAMED_POINTS),
        json_schema_extra={"propertyNames": {"enum": list(NAMED_POINTS)}},
    )
    landmarks: list[Place | tuple[Number, Number, Number]] | None = Field(
        None,
        description="All landmarks of MediaPipe's face mesh, in its order; z on the scale of x, smaller is nearer.",
        json_schema_extra={"minItems": LANDMARK_COUNT, "maxItems": LANDMARK_COUNT},
    )
    expression: dict[str, Annotated[float, Field(strict=True, ge=0, le=1)]] = Field(
        default_factory=dict,
        description="What the face wears, by ARKit name; what is missing is estimated.",
        json_schema_extra={"propertyNames": {"enum": list(BLENDSHAPES)}},
    )


def face_file_of(picture: Path) -> Path:
    """Return where the side file of a picture lies, if there is one."""
    return picture.with_name(picture.stem + SUFFIX)


def read_face_file(file: Path, size: tuple[int, int]) -> FaceMarks:
    """Read where the face of a picture is.

    Args:
        file: The side file.
        size: Width and height of the upright picture in pixels.

    Returns:
        The marks, in pixels of that picture.

    Raises:
        VivantError: The file cannot be read or says what cannot be; every problem in one block, exit status 2.
    """
    marks, problems = face_marks(_parsed(file), size)
    if marks is None:
        lines = [f"  {problem}" for problem in problems[:_SHOWN]]
        if len(problems) > _SHOWN:
            lines.append(f"  ... and {len(problems) - _SHOWN} more")
        raise VivantError(
            "\n".join([f"this file does not say where the picture's face is, for {len(problems)} reason(s):", *lines]),
            where=str(file),
            remedy="mend it, or put the points where they belong with `vivant rig PICTURE --edit`; without the file "
            "the face is looked for",
            exit_status=2,
        )
    return marks


def face_marks(document: Any, size: tuple[int, int]) -> tuple[FaceMarks | None, list[Problem]]:
    """Check what a side file says.

    Args:
        document: Its JSON.
        size: Width and height of the upright picture in pixels.

    Returns:
        The marks in pixels of that picture, None where there are problems; and the problems.
    """
    try:
        found = FaceFile.model_validate_json(json.dumps(document))
    except ValidationError as error:
        return None, list(_structure(error, document))
    marks = FaceMarks(
        dict(found.points or {}),
        None if found.landmarks is None else _landmarks(found.landmarks),
        dict(found.expression),
    )
    given = found.size or size
    problems = list(_sense(found, marks, given, size))
    if problems:
        return None, problems
    return marks.scaled(size[0] / given[0], size[1] / given[1]), []


def face_schema() -> dict[str, Any]:
    """Return the JSON Schema of side files, for editors that complete and check while you type."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **FaceFile.model_json_schema()}


def _parsed(file: Path) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no number")

    remedy = "mend it or remove it: without it the face is looked for"
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise ValueError("it is far too large")
        return json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)
    except OSError as error:
        raise VivantError(
            f"the file with the face's points cannot be read: {error.strerror or error}",
            where=str(file),
            remedy=remedy,
            exit_status=2,
        ) from None
    except (ValueError, RecursionError) as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise VivantError(
            f"the file with the face's points is no valid JSON: {what}",
            where=f"{file}{line}",
            remedy=remedy,
            exit_status=2,
        ) from None


def _landmarks(rows: list[Any]) -> Any:
    columns = min((len(row) for row in rows), default=2)
    return np.array([row[:columns] for row in rows], np.float32).reshape(-1, columns)


def _structure(error: ValidationError, data: Any) -> Iterator[Problem]:
    if not isinstance(data, dict):
        yield Problem("", "it must be a JSON object with `version` and `points`")
        return
    told: set[tuple[str | int, ...]] = set()
    for fault in error.errors(include_url=False, include_input=False):
        # what is wrong with one number is told once, not for each form that a place may have
        place = tuple(step for step in fault["loc"] if not (isinstance(step, str) and step.startswith("tuple[")))
        deep = place[:2] if place and place[0] in ("points", "landmarks", "size", "expression") else place
        if deep in told:
            continue
        told.add(deep)
        if fault["type"] == "extra_forbidden":
            name = str(place[-1])
            yield Problem(json_path(*deep), "there is no such entry", nearest_name(name, FaceFile.model_fields))
        elif fault["type"] == "missing" and len(place) == 1:
            yield Problem(str(place[0]), f"it is missing; this is version {VERSION}")
        elif deep == ("version",):
            yield Problem("version", f"only version {VERSION} is known")
        elif len(deep) == 2 and deep[0] in ("points", "landmarks"):
            yield Problem(json_path(*deep), "a place is two finite numbers, [x, y]")
        elif len(deep) == 2 and deep[0] == "expression":
            yield Problem(json_path(*deep), "it is a number from 0 to 1")
        else:
            yield Problem(json_path(*deep), str(fault["msg"]))


def _sense(found: FaceFile, marks: FaceMarks, given: tuple[int, int], size: tuple[int, int]) -> Iterator[Problem]:
    for name in marks.expression:
        if name not in BLENDSHAPES:
            yield Problem("expression", f"there is no expression {quoted(name)}", nearest_name(name, BLENDSHAPES))
    unknown = [name for name in marks.points if name not in NAMED_POINTS]
    for name in unknown:
        near = nearest_name(name, NAMED_POINTS)
        known = "" if near else f"; there are: {listed(NAMED_POINTS, 60)}"
        yield Problem("points", f"there is no point called {quoted(name)}{known}", near)
    if abs(given[0] * size[1] - given[1] * size[0]) > 0.02 * given[0] * size[1]:
        yield Problem("size", f"{given[0]} x {given[1]} is not the shape of the picture, {size[0]} x {size[1]}")
        return
    if (found.points is None) == (found.landmarks is None):
        yield Problem("", "either `points` or `landmarks` must be there, and not both")
        return
    if marks.landmarks is not None:
        count = len(marks.landmarks)
        if count != LANDMARK_COUNT:
            yield Problem("landmarks", f"there are {count} of them; it must be all {LANDMARK_COUNT}")
            return
        outside = int((~_inside(marks.landmarks, given)).sum())
        # a face may be cut by the picture's border, but not by half
        if outside > LANDMARK_COUNT // 2:
            yield Problem("landmarks", f"{outside} of them lie outside the picture, {given[0]} x {given[1]}")
        places = {name: _mean(marks.landmarks, name) for name in NAMED_POINTS}
        yield from _arrangement(places, "landmarks")
        return
    for name, place in marks.points.items():
        if name in NAMED_POINTS and not _inside(np.array([place]), given)[0]:
            yield Problem(
                json_path("points", name),
                f"[{place[0]:g}, {place[1]:g}] lies outside the picture, {given[0]} x {given[1]} pixels",
            )
    missing = missing_points(marks.points)
    for lack in missing:
        yield Problem("points", f"{lack} is missing")
    if not missing:
        yield from _arrangement({n: np.array(p) for n, p in marks.points.items() if n in NAMED_POINTS}, "points")


def _inside(places: Any, size: tuple[int, int]) -> Any:
    return ((places[:, :2] >= 0) & (places[:, :2] <= np.array(size))).all(axis=1)


def _mean(landmarks: Any, name: str) -> Any:
    return landmarks[list(NAMED_POINTS[name].landmarks), :2].mean(axis=0).astype(np.float64)


def _arrangement(places: dict[str, Any], where: str) -> Iterator[Problem]:
    """Tell what lies where it cannot: mirrored, swapped, upside down, on one another."""

    def eye(side: str) -> Any:
        if f"{side}_eye" in places:
            return places[f"{side}_eye"]
        return (places[f"{side}_eye_outer"] + places[f"{side}_eye_inner"]) / 2

    across = eye("left") - eye("right")
    down = places["chin"] - (eye("left") + eye("right")) / 2
    if np.linalg.norm(across) < _LEAST_APART or np.linalg.norm(down) < _LEAST_APART:
        yield Problem(where, "both eyes, or eyes and chin, lie on one another")
        return
    if across[0] * down[1] - across[1] * down[0] < 0:
        yield Problem(
            where,
            "left and right are swapped: they are the person's own, so the right eye lies on the picture's left "
            "(or the picture was mirrored after the points were set)",
        )
        return
    for name in places:
        other = other_side(name)
        if other is None or other not in places or not name.startswith("right_"):
            continue
        if name not in ("right_iris_edge", "right_eye") and float((places[other] - places[name]) @ across) < 0:
            yield Problem(where, f"'{name}' and '{other}' are swapped")
    for side, sign in (("right", 1.0), ("left", -1.0)):
        outer, inner = places.get(f"{side}_eye_outer"), places.get(f"{side}_eye_inner")
        if outer is not None and inner is not None and sign * float((inner - outer) @ across) <= 0:
            yield Problem(where, f"'{side}_eye_outer' and '{side}_eye_inner' are swapped")
    for upper, lower in (
        ("right_eye_upper", "right_eye_lower"),
        ("left_eye_upper", "left_eye_lower"),
        ("upper_lip_top", "lower_lip_bottom"),
        ("upper_lip_top", "upper_lip_bottom"),
        ("lower_lip_top", "lower_lip_bottom"),
    ):
        if upper in places and lower in places and float((places[lower] - places[upper]) @ down) < 0:
            yield Problem(where, f"'{upper}' lies below '{lower}'")
