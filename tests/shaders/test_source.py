from __future__ import annotations

from pathlib import Path

import pytest

from vivant.graph.errors import VivantError
from vivant.shaders.source import ShaderSource, read_shader


def write(folder: Path, **files: str) -> None:
    (folder / "lib").mkdir(exist_ok=True)
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem.replace('__', '/')}.{suffix}").write_text(text, encoding="utf-8")


def test_shipped_shaders_are_for_opengl_4_1() -> None:
    folder = Path(read_shader.__code__.co_filename).parent
    names = [path.name for path in folder.iterdir() if path.suffix in (".vert", ".frag")]
    assert "window.vert" in names
    for name in names:
        assert read_shader(name).startswith("#version 410 core\n"), name


def test_an_include_is_written_in_where_it_stands(tmp_path: Path) -> None:
    write(tmp_path, a_frag='#version 410 core\n#include "lib/b.glsl"\nlast\n', lib__b_glsl="one\ntwo\n")
    source = ShaderSource.read("a.frag", tmp_path)
    assert source.text == "#version 410 core\none\ntwo\nlast\n"
    assert source.places == (("a.frag", 1), ("lib/b.glsl", 1), ("lib/b.glsl", 2), ("a.frag", 3))


def test_a_file_is_included_once_and_a_circle_ends(tmp_path: Path) -> None:
    write(
        tmp_path,
        a_frag='#include "lib/b.glsl"\n#include "lib/c.glsl"\na\n',
        lib__b_glsl='#include "lib/c.glsl"\nb\n',
        lib__c_glsl='# include "lib/b.glsl"  // round and round\nc\n',
    )
    assert ShaderSource.read("a.frag", tmp_path).text == "c\nb\na\n"


@pytest.mark.parametrize(
    ("log", "located"),
    [
        ("0:3(7): error: `foo' undeclared", "lib/b.glsl:2: error: `foo' undeclared"),
        ("0(3) : error C1008: undefined foo", "lib/b.glsl:2: error C1008: undefined foo"),
        ("ERROR: 0:4: 'foo' : undeclared", "a.frag:3: 'foo' : undeclared"),
        ("0:1(1): error: x\n0:4(2): error: y", "a.frag:1: error: x\na.frag:3: error: y"),
        ("linked at 0:30", "linked at 0:30"),
    ],
)
def test_compiler_messages_of_each_driver_are_led_back(tmp_path: Path, log: str, located: str) -> None:
    write(tmp_path, a_frag='#version 410 core\n#include "lib/b.glsl"\nlast\n', lib__b_glsl="one\ntwo\n")
    assert ShaderSource.read("a.frag", tmp_path).locate(log) == located


def test_a_name_is_defined_after_the_version_and_places_stay(tmp_path: Path) -> None:
    write(tmp_path, a_frag="// whose\n#version 410 core\nlast\n", b_frag="one\n", c_frag="")
    source = ShaderSource.read("a.frag", tmp_path).defining("OPAQUE")
    assert source.text == "// whose\n#version 410 core\n#define OPAQUE\nlast\n"
    assert [source.place(line) for line in (1, 2, 3, 4)] == ["a.frag:1", "a.frag:2", "a.frag:2", "a.frag:3"]
    source = ShaderSource.read("b.frag", tmp_path).defining("OPAQUE")
    assert source.text == "#define OPAQUE\none\n" and source.place(2) == "b.frag:1"
    assert ShaderSource.read("c.frag", tmp_path).defining("OPAQUE").text == "#define OPAQUE\n"


def test_a_missing_include_names_who_asked_for_it(tmp_path: Path) -> None:
    write(tmp_path, a_frag='#version 410 core\n#include "lib/gone.glsl"\n')
    with pytest.raises(VivantError, match=r"lib/gone\.glsl cannot be read") as caught:
        ShaderSource.read("a.frag", tmp_path)
    assert caught.value.where == "a.frag:2"


def test_a_missing_shader_is_named() -> None:
    with pytest.raises(VivantError, match=r"nothing\.frag cannot be read"):
        read_shader("nothing.frag")
