"""Measures scenes: ``python scripts/measure_scene.py PICTURE DEPTH [PICTURE DEPTH ...] -o DIR``.

For each picture with its depth map (PNG, .npy, .npz; disparity): the share of pixels that are stretched (a texel is
longer than two pixels) or empty, in the mean of 30 views spread over all that the camera may do, of the layered scene
and of one continuous mesh of the same depth with the same border. With ``-o`` a contact sheet for each picture.
The exit status is 1 where a layered scene has more than a fifth of the mesh's.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np

from vivant.nodes.depth.depth_file import FilePolarity, read_depth_file
from vivant.nodes.formats.camera_pose import CameraPose
from vivant.nodes.formats.depth import DepthMap
from vivant.nodes.formats.scene import Scene
from vivant.nodes.render.readback import Readback
from vivant.nodes.render.scene_renderer import SceneRenderer
from vivant.nodes.render.scene_shaders import SceneShaders
from vivant.nodes.render.scene_stretch import measure_stretch, viewpoints
from vivant.nodes.scene.assembly import assemble, single_mesh
from vivant.runtime.gl_context import GLContext

MOST_SHARE = 0.2


def main() -> int:
    """Measure each picture named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="PICTURE DEPTH")
    parser.add_argument("-o", "--output", type=Path, help="folder for contact sheets")
    parser.add_argument("--reach", type=float, default=0.2, help="how far the camera may go, picture heights")
    parser.add_argument("--layers", type=int, default=6, help="most layers")
    arguments = parser.parse_args()
    if len(arguments.files) % 2:
        parser.error("give a depth map for each picture")
    failed = 0
    gl = GLContext.headless()
    try:
        for picture, depth in zip(arguments.files[::2], arguments.files[1::2], strict=True):
            pixels = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
            values, _ = read_depth_file(depth, FilePolarity.DISPARITY)
            given = DepthMap(values, 0.25, -0.25)
            begin = perf_counter()
            scene = assemble(pixels, given, layers=arguments.layers, reach=arguments.reach)
            took = perf_counter() - begin
            mesh = single_mesh(pixels, given, reach=arguments.reach)
            poses = viewpoints(arguments.reach)
            bad = []
            for name, what in (("layers", scene), ("mesh", mesh)):
                views = measure_stretch(gl.context, what, poses)
                stretched, empty = (
                    100 * float(np.mean([getattr(v, n) for v in views])) for n in ("stretched", "empty")
                )
                bad.append(stretched + empty)
                print(f"{picture.name:20} {name:7} stretched {stretched:6.3f} %  empty {empty:6.3f} %")
            share = bad[0] / max(bad[1], 1e-9)
            failed |= share > MOST_SHARE
            print(
                f"{picture.name:20} {100 * share:.1f} % of the mesh's; {len(scene.layers)} layers, "
                f"{len(scene.triangles)} triangles, built in {took:.2f} s"
            )
            if arguments.output is not None:
                arguments.output.mkdir(parents=True, exist_ok=True)
                write_sheet(gl.context, scene, mesh, arguments.output / f"{picture.stem}.png")
    finally:
        gl.release()
    return int(failed)


def write_sheet(context: object, scene: Scene, mesh: Scene, path: Path) -> None:
    """Draw the extremes: left, rest, right; above, nearer, below; and the mesh from the left and the right."""
    r = scene.reach
    rows = [
        [(scene, CameraPose((-r, 0, 0))), (scene, CameraPose()), (scene, CameraPose((r, 0, 0)))],
        [(scene, CameraPose((0, r, 0))), (scene, CameraPose((0, 0, -r))), (scene, CameraPose((0, -r, 0)))],
        [(mesh, CameraPose((-r, 0, 0))), (scene, CameraPose((0, 0, -r), held=1)), (mesh, CameraPose((r, 0, 0)))],
    ]
    shaders = SceneShaders(context)
    renderer, reader = SceneRenderer(context, scene.size, shaders), Readback(scene.size)
    drawn = []
    for row in rows:
        views = []
        for what, pose in row:
            renderer.load(what)
            renderer.draw(pose)
            views.append(reader.read(renderer.framebuffer).pixels)
        drawn.append(np.hstack(views))
    renderer.release()
    shaders.release()
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(drawn), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    sys.exit(main())
