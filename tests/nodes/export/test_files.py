"""OBJ, PLY, the page, textures and the buffer of a glTF file."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.nodes.export.glb_file import GlbFile
from vivant.graph.errors import VivantError
from vivant.nodes.export.bust import Bust
from vivant.nodes.export.glb_buffer import GlbBuffer
from vivant.nodes.export.gltf import glb_of
from vivant.nodes.export.kinds import check_kind, files_of
from vivant.nodes.export.obj import obj_of
from vivant.nodes.export.page import page_of
from vivant.nodes.export.pages import alpha_range, cut
from vivant.nodes.export.performance_keys import quaternions
from vivant.nodes.export.ply import divided, ply_of


def test_an_obj_and_its_files_name_each_other(bust: Bust) -> None:
    files = obj_of(bust, "me")
    assert list(files)[-1] == "me.obj"
    text = files["me.obj"].decode()
    assert "mtllib me.mtl" in text
    used, made = (
        set(re.findall(r"^usemtl (\S+)", text, re.M)),
        set(re.findall(r"^newmtl (\S+)", files["me.mtl"].decode(), re.M)),
    )
    assert used == made and {"face", "body", "teethUpper", "backdrop"} <= used
    assert not used & {"lidLeft", "lidRight"}  # an OBJ has no opacity at vertices
    textures = set(re.findall(r"^map_\w+ (\S+)", files["me.mtl"].decode(), re.M))
    assert textures == {name for name in files if name.endswith(".png")}
    for name in textures:
        with Image.open(io.BytesIO(files[name])) as picture:
            picture.load()


def test_an_obj_is_the_picture_at_rest(bust: Bust) -> None:
    text = obj_of(bust, "me")["me.obj"].decode()
    places = np.array([line.split()[1:] for line in text.splitlines() if line.startswith("v ")], float)
    marks = np.array([line.split()[1:] for line in text.splitlines() if line.startswith("vt ")], float)
    corners = np.array(re.findall(r"(\d+)/(\d+)", text), int)
    assert len(places) == len(marks) and corners.min() == 1 and corners.max() == len(places)
    block = text.split("o face\n")[1].splitlines()
    first = np.array(block[0].split()[1:], float)
    (face,) = [part for part in bust.parts if part.name == "face"]
    assert np.allclose(first, face.worn(bust.expression)[0], atol=1e-6)
    mark = np.array(next(line for line in block if line.startswith("vt ")).split()[1:], float)
    assert np.allclose(mark, [face.uv[0, 0], 1 - face.uv[0, 1]], atol=1e-6)


def test_a_ply_has_the_pictures_colours(bust: Bust) -> None:
    data = ply_of(bust)
    header, body = data.split(b"end_header\n", 1)
    counts = dict(re.findall(r"element (\w+) (\d+)", header.decode("ascii")))
    vertices, faces = int(counts["vertex"]), int(counts["face"])
    assert len(body) == 16 * vertices + 13 * faces
    vertex = np.frombuffer(body, np.dtype([("place", "<f4", 3), ("colour", "u1", 4)]), vertices)
    face = np.frombuffer(body, np.dtype([("count", "u1"), ("corners", "<i4", 3)]), faces, 16 * vertices)
    assert (face["count"] == 3).all() and face["corners"].min() >= 0 and face["corners"].max() == vertices - 1
    assert vertices > 2 * sum(len(part.vertices) for part in bust.parts)
    # the drawn person has lips, and clothes of one violet
    colours = vertex["colour"].astype(int)
    lips = (abs(colours[:, :3] - [176, 64, 72]).max(axis=1) < 40).sum()
    clothes = (abs(colours[:, :3] - [96, 32, 112]).max(axis=1) < 40).sum()
    assert lips > 50 and clothes > 500
    assert colours[:, 3].max() == 255


def test_dividing_keeps_places_and_area() -> None:
    values = np.array([[0, 0], [4, 0], [0, 4], [4, 4]], np.float32)
    more, triangles = divided(values, np.array([[0, 1, 2], [1, 3, 2]], np.int32))
    assert len(triangles) == 8 and len(more) == 4 + 5  # the edge in the middle is divided once
    a, b, c = (more[triangles[:, k]] for k in range(3))
    area = 0.5 * ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    assert area.tolist() == [2.0] * 8


def test_a_page_carries_all_it_needs(bust: Bust) -> None:
    glb = glb_of(bust)
    page = page_of(glb, "<b>Ann & Bob</b>")
    assert "<title>&lt;b&gt;Ann &amp; Bob&lt;/b&gt;</title>" in page and "<b>Ann" not in page
    inside = re.search(r'id="model">([^<]+)<', page)
    assert inside and base64.b64decode(inside[1]) == glb
    assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page)
    assert "three.js authors" in page  # the licence goes along
    assert "{{" not in page.replace(page[page.index("<script>") : page.rindex("</script>")], "")
    # a script must not end before its end
    assert page.count("</script>") == 3


def test_a_page_is_cut_to_what_is_used() -> None:
    page = np.zeros((100, 200, 4), np.uint8)
    page[40:60, 50:100] = (10, 200, 30, 255)
    uv = np.array([[0.3, 0.452], [0.398, 0.548]], np.float32)  # rounded outward, and four pixels more
    small, (moved,) = cut(page, [uv], 4096)
    assert small.shape == (18, 28, 4)
    spots = (moved * [small.shape[1], small.shape[0]]).round().astype(int)
    assert spots.tolist() == [[4, 4], [24, 14]]
    assert (small[spots[:, 1], spots[:, 0]] == [10, 200, 30, 255]).all()


def test_reducing_a_page_does_not_mix_in_what_is_transparent() -> None:
    page = np.zeros((64, 64, 4), np.uint8)
    page[..., :3] = (0, 255, 0)  # green that nobody may see
    page[:, :33] = (200, 0, 0, 255)
    small, _ = cut(page, [np.array([[0, 0], [1, 1]], np.float32)], 16)
    assert small.shape == (16, 16, 4)
    assert small[:, 8, 1].max() < 5 and 30 < small[8, 8, 3] < 100


def test_alpha_is_read_over_the_whole_triangle() -> None:
    page = np.full((64, 64, 4), 255, np.uint8)
    page[30:34, 30:34, 3] = 7
    uv = np.array([[0, 0], [1, 0], [0, 1], [1, 1], [0.02, 0.02], [0.1, 0.02], [0.02, 0.1]], np.float32)
    least, most = alpha_range(page, uv, np.array([[0, 1, 3], [4, 5, 6]], np.int32))
    assert least.tolist() == [7, 255] and most.tolist() == [255, 255]


def test_quaternions_turn_as_vectors_do() -> None:
    got = quaternions(np.array([[0.0, 0.0, 0.0], [0.0, np.pi / 2, 0.0], [1e-9, 0, 0]]))
    half = np.sqrt(0.5)
    assert np.allclose(got, [[0, 0, 0, 1], [0, half, 0, half], [5e-10, 0, 0, 1]], atol=1e-7)


@pytest.mark.parametrize("moved", [0, 3, 450])
def test_displacements_read_back_as_they_were(moved: int) -> None:
    values = np.zeros((500, 3), np.float32)
    values[7 : 7 + moved] = np.random.default_rng(0).normal(size=(moved, 3))
    buffer = GlbBuffer()
    number = buffer.displacements(values, bounded=True)
    accessor = buffer.accessors[number]
    assert ("sparse" in accessor, "bufferView" in accessor) == (moved == 3, moved == 450)
    buffer.keys(np.zeros(1, np.float32))
    glb = GlbFile(buffer.glb({"asset": {"version": "2.0"}}))
    assert (glb.accessor(number) == values).all()


def test_attributes_that_fill_no_word_are_refused() -> None:
    with pytest.raises(ValueError, match="whole words"):
        GlbBuffer().vertices(np.zeros((4, 3), np.uint8))


def test_the_ending_says_what_is_written(bust: Bust, tmp_path: Path) -> None:
    assert [file.name for file in files_of(bust, tmp_path / "a.ply", None)] == ["a.ply"]
    upper = files_of(bust, tmp_path / "a.OBJ", None)
    assert list(upper)[-1] == tmp_path / "a.OBJ" and tmp_path / "a.mtl" in upper
    (page,) = files_of(bust, tmp_path / "a.html", None).values()
    assert page.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(("name", "animated"), [("a.fbx", False), ("a", False), ("a.obj", True), ("a.ply", True)])
def test_other_endings_are_refused(name: str, animated: bool) -> None:
    with pytest.raises(VivantError) as caught:
        check_kind(Path(name), animated)
    assert caught.value.exit_status == 2 and ".glb" in str(caught.value.remedy)
