"""Measures how well portraits bear turns of the head: ``python scripts/measure_turn.py ME.jpg -o DIR``.

For each yaw and pitch: the share of the person's pixels whose texture is stretched (a texel, seen on the screen, is
longer than two pixels; at rest it is one), the share that was the person's at rest and now shows painted background,
and the CPU time to draw a frame. With ``-o`` a contact sheet for each picture.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import process_time

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.formats.puppet import Puppet, Role
from vivant.nodes.puppet.turn_limits import measure_cell

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]

YAWS_DEG = (-35, -20, 0, 20, 35)
PITCHES_DEG = (-20, 0, 20)
SHEET_SIDE = 360


def main() -> int:
    """Measure each picture named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("-o", "--output", type=Path, help="folder for contact sheets")
    arguments = parser.parse_args()
    failed = 0
    for path in arguments.pictures:
        puppet = built(path)
        if puppet is None:
            print(f"{path.name}: no face is found")
            failed = 1
            continue
        limits = ", ".join(f"{np.degrees(v):.0f}" for v in puppet.turn_limits)
        print(f"{path.name}: limits in degrees (pitch up, down; yaw left, right) {limits}")
        cells = {(yaw, pitch): measure_cell(puppet, yaw, pitch) for pitch in PITCHES_DEG for yaw in YAWS_DEG}
        for name in ("stretched", "uncovered"):
            print(f"  {name}, percent of the person; yaw " + " ".join(f"{yaw:6d}" for yaw in YAWS_DEG))
            for pitch in PITCHES_DEG:
                row = " ".join(f"{100 * getattr(cells[yaw, pitch], name):6.1f}" for yaw in YAWS_DEG)
                print(f"    pitch {pitch:4d}{'':>28}{row}")
        draw(puppet, path, arguments.output)
    return failed


def built(path: Path) -> Puppet | None:
    """Make a puppet of a picture as the preset `portrait` does; None: no face."""
    from PIL import Image

    from vivant.graph.node import NodeContext, Outcome
    from vivant.graph.packet import Packet
    from vivant.nodes.depth.relief import DepthRelief, ReliefInputs, ReliefParams
    from vivant.nodes.face.anatomical_head import load_head
    from vivant.nodes.face.head_fit import HeadFitter
    from vivant.nodes.face.landmarks import FaceLandmarks, LandmarksInputs, LandmarksParams, Mode
    from vivant.nodes.face.matte import FaceMatte, MatteInputs, MatteParams
    from vivant.nodes.formats.picture import Picture
    from vivant.nodes.puppet.assembly import assemble
    from vivant.runtime.models import ModelStore

    pixels = np.array(Image.open(path).convert("RGB"))
    frame = Packet(Picture(pixels), 0, 0)
    context = NodeContext(lambda: 0, path.parent, ModelStore().fetch, lambda _: None, frozenset({"depth"}), True)
    landmarks, matting = FaceLandmarks(LandmarksParams(mode=Mode.STILL)), FaceMatte(MatteParams())
    landmarks.open(context)
    matting.open(context)
    try:
        face = landmarks.process(LandmarksInputs(frame)).face
        matte = matting.process(MatteInputs(frame)).matte
    finally:
        matting.close(Outcome.DONE)
        landmarks.close(Outcome.DONE)
    if face is None:
        return None
    head = load_head()
    fit = HeadFitter(head).fit(face)
    relief = DepthRelief(ReliefParams())
    relief.open(context)
    made = relief.process(ReliefInputs(Packet(matte, 0, 0), Packet(fit, 0, 0)))
    assert made is not None
    begin = process_time()
    puppet = assemble(head, pixels, fit, matte.values, made.depth)
    print(f"{path.name}: {process_time() - begin:.2f} s of CPU time to put the puppet together")
    return puppet


def draw(puppet: Puppet, path: Path, folder: Path | None) -> None:
    """Draw every cell, print what a frame costs, and save a contact sheet."""
    from vivant.nodes.formats.rotation import rotation_matrix
    from vivant.nodes.puppet.posing import pose
    from vivant.nodes.puppet.skinning import bone_matrices, skin
    from vivant.nodes.render.puppet_renderer import PuppetRenderer
    from vivant.runtime.gl_context import GLContext

    gl = GLContext.headless()
    zoom = SHEET_SIDE / (2.1 * puppet.face_width * puppet.size[1])
    size = (round(puppet.size[0] * zoom), round(puppet.size[1] * zoom))
    face = next(layer for layer in puppet.layers if layer.role is Role.SKIN)
    centre = puppet.plane[puppet.triangles[face.first // 3 : (face.first + face.count) // 3]].mean(axis=(0, 1))
    left = int(np.clip(centre[0] * size[1] + size[0] / 2 - SHEET_SIDE / 2, 0, max(0, size[0] - SHEET_SIDE)))
    top = int(np.clip(size[1] / 2 - centre[1] * size[1] - SHEET_SIDE / 2, 0, max(0, size[1] - SHEET_SIDE)))
    vertices = np.empty((len(puppet.plane), 7), np.float32)
    rows, spent = [], 0.0
    renderer = PuppetRenderer(gl.context, size)
    renderer.load(puppet)
    for pitch in PITCHES_DEG:
        row = []
        for yaw in YAWS_DEG:
            bent = pose(puppet, puppet.expression, rotation_matrix(np.radians([pitch, yaw, 0.0])), np.zeros(3))
            begin = process_time()
            skin(puppet, bone_matrices(puppet.bones, bent.rotations, bent.translations), bent.weights * 0, vertices)
            renderer.draw(vertices)
            data = renderer.framebuffer.read(components=3)
            spent += process_time() - begin
            frame = np.frombuffer(data, np.uint8).reshape(size[1], size[0], 3)[::-1]
            row.append(frame[top : top + SHEET_SIDE, left : left + SHEET_SIDE])
        rows.append(np.concatenate(row, axis=1))
    print(f"  {1e3 * spent / len(YAWS_DEG) / len(PITCHES_DEG):.2f} ms of CPU time a frame of {size[0]} x {size[1]}")
    renderer.release()
    gl.release()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{path.stem}.jpg"), np.concatenate(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93])


if __name__ == "__main__":
    sys.exit(main())
