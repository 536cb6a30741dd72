from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet, Tick
from vivant.nodes.formats.surface import Surface
from vivant.nodes.render.effect import EffectInputs, EffectParams, RenderEffect
from vivant.shaders.source import shader_folder

U8 = npt.NDArray[np.uint8]
Contexts = Callable[..., NodeContext]
WIDTH, HEIGHT = 48, 32

COPY = """
uniform float gain = 1.0;
uniform float lift;
void mainImage(out vec4 fragColor, in vec2 fragCoord) {
    fragColor = texture(iChannel0, fragCoord / iResolution.xy);
    fragColor.rgb = fragColor.rgb * gain + lift;
}
"""


def at(now_s: float, dt_s: float = 0.04) -> Packet[Tick]:
    return Packet(Tick(round(now_s * 1e9), round(dt_s * 1e9)), 0, 0)


@pytest.fixture
def pixels() -> U8:
    """``uint8 (h, w, 3)``, row 0 on top: no two corners alike."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.stack([4 * x, 6 * y, np.full_like(x, 90)], axis=2).astype(np.uint8)


@pytest.fixture
def surface(gl: Any, pixels: U8) -> Iterator[Surface]:
    solid = np.dstack([pixels, np.full((HEIGHT, WIDTH), 255, np.uint8)])[::-1]
    texture = gl.texture((WIDTH, HEIGHT), 4, np.ascontiguousarray(solid).tobytes())
    yield Surface(texture, (WIDTH, HEIGHT))
    texture.release()


@pytest.fixture
def effect(gl: Any, node_context: Contexts, tmp_path: Path) -> Iterator[Callable[..., RenderEffect]]:
    """Open an effect: its text, or the name of one that is there, and parameters."""
    opened = []

    def make(text: str, **params: Any) -> RenderEffect:
        if "(" in text:
            (tmp_path / "own.frag").write_text(text)
            text = "own.frag"
        node = RenderEffect(EffectParams(path=text, **params))
        node.open(node_context(gl=gl, connected=frozenset({"frame"})))
        opened.append(node)
        return node

    yield make
    for node in opened:
        node.close(Outcome.DONE)


def drawn(node: RenderEffect, surface: Surface, now_s: float = 0.0) -> U8:
    made = node.process(EffectInputs(at(now_s), Packet(surface, 0, 0)))
    assert made.frame is not None
    return made.frame.pixels


def test_a_shader_written_for_shadertoy_sees_the_frame_upright(
    effect: Callable[..., RenderEffect], surface: Surface, pixels: U8
) -> None:
    np.testing.assert_array_equal(drawn(effect(COPY), surface), pixels)
    corner = drawn(effect("void mainImage(out vec4 c, in vec2 p) { c = vec4(p / iResolution.xy, 0.0, 1.0); }"), surface)
    assert corner[-1, 0, 1] < 10 < 240 < corner[0, 0, 1], "y runs up"
    assert corner[0, 0, 0] < 10 < 240 < corner[0, -1, 0], "x runs to the right"


@pytest.mark.parametrize(
    "text",
    [
        "void main() { fragColor = texelFetch(iChannel0, ivec2(gl_FragCoord.xy), 0).bgra; }",
        "out vec4 mine;\nvoid main() { mine = texelFetch(iChannel0, ivec2(gl_FragCoord.xy), 0).bgra; }",
        "layout(location = 0) out vec4 mine;\n"
        "void main() { mine = texelFetch(iChannel0, ivec2(gl_FragCoord.xy), 0).bgra; }",
        "#version 410 core\nuniform sampler2D iChannel0;\nin vec2 place;\nout vec4 mine;\n"
        "void main() { mine = texture(iChannel0, place).bgra; }",
        "uniform vec3 iResolution; uniform sampler2D iChannel0;\n// void main() of another\n"
        "void mainImage(out vec4 c, in vec2 p) { c = texture(iChannel0, p / iResolution.xy).bgra; }",
        "#define SIZE iChannelResolution[0].xy\n"
        "void mainImage(out vec4 c, in vec2 p) { c = texture(iChannel0, p / SIZE).bgra + iMouse; }",
    ],
)
def test_other_forms_of_shader_draw_too(
    effect: Callable[..., RenderEffect], surface: Surface, pixels: U8, text: str
) -> None:
    np.testing.assert_array_equal(drawn(effect(text), surface), pixels[..., ::-1])


def test_time_is_the_ticks_and_begins_again(effect: Callable[..., RenderEffect], surface: Surface) -> None:
    node = effect(
        "void mainImage(out vec4 c, in vec2 p) {c = vec4(iTime / 10.0, float(iFrame) / 10.0, iTimeDelta, 1.0); }",
        loop_s=8,
    )
    seen = [tuple(int(v) for v in drawn(node, surface, now_s)[0, 0]) for now_s in (100.0, 104.0, 107.0, 109.0)]
    assert seen == [(0, 0, 0), (102, 26, 10), (178, 51, 10), (26, 76, 10)]


def test_values_are_live_and_go_back_to_what_the_file_says(
    effect: Callable[..., RenderEffect], surface: Surface, pixels: U8, notices: list[str]
) -> None:
    node = effect(COPY, values={"gain": 0.5})
    np.testing.assert_allclose(drawn(node, surface), pixels / 2, atol=0.51)
    node.update(node.params.model_copy(update={"values": {"lift": 0.1}}))
    np.testing.assert_allclose(drawn(node, surface), np.minimum(pixels + 25.5, 255), atol=0.51)
    assert not notices
    node.update(node.params.model_copy(update={"values": {"gian": 2.0}}))
    np.testing.assert_array_equal(drawn(node, surface), pixels)
    assert notices == ["own.frag has no uniform float 'gian': did you mean gain?"]


def test_a_declared_value_that_is_not_used_is_no_mistake(
    effect: Callable[..., RenderEffect], surface: Surface, notices: list[str]
) -> None:
    text = "uniform float a = max(0.5, 0.2), b;\nvoid mainImage(out vec4 c, in vec2 p) { c = vec4(a); }"
    assert (drawn(effect(text, values={"b": 1.0}), surface) == 128).all()
    assert not notices
    effect(text, values={"c": 1.0, "iChannel1": 0.0})
    assert notices == [f"own.frag has no uniform float '{name}': there are: a, b" for name in ("c", "iChannel1")]


@pytest.mark.parametrize(
    "values", [{"iTime": 1.0}, {"gl_x": 1.0}, {"a b": 1.0}, {"": 1.0}, {"a": "x"}, {"a": float("nan")}]
)
def test_what_is_no_value_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EffectParams(path="a.frag", values=values)


def test_several_in_a_row(effect: Callable[..., RenderEffect], surface: Surface, pixels: U8) -> None:
    half = effect(COPY, values={"gain": 0.5})
    swap = effect("effect:vignette", values={"strength": 0.0})
    last = effect(COPY, values={"gain": 0.5})
    for _ in range(2):
        once = half.process(EffectInputs(at(0), Packet(surface, 0, 0))).surface
        same = swap.process(EffectInputs(at(0), Packet(once, 0, 0))).surface
        np.testing.assert_allclose(drawn(last, same), pixels / 4, atol=0.8)


def test_the_frame_is_read_back_only_where_it_is_wired(effect: Callable[..., RenderEffect], surface: Surface) -> None:
    node = effect(COPY)
    node.reconnect(frozenset({"surface"}))
    assert node.process(EffectInputs(at(0), Packet(surface, 0, 0))).frame is None
    node.reconnect(frozenset({"frame"}))
    assert node.process(EffectInputs(at(0), Packet(surface, 0, 0))).frame is not None


def test_another_size_of_frame(gl: Any, effect: Callable[..., RenderEffect], surface: Surface) -> None:
    node = effect(COPY)
    assert drawn(node, surface).shape == (HEIGHT, WIDTH, 3)
    small = gl.texture((5, 3), 4, bytes([7, 8, 9, 255] * 15))
    made = drawn(node, Surface(small, (5, 3)))
    assert made.shape == (3, 5, 3) and (made == (7, 8, 9)).all()
    small.release()


def test_a_saved_shader_draws_the_next_frame_and_a_bad_one_changes_nothing(
    effect: Callable[..., RenderEffect], surface: Surface, pixels: U8, tmp_path: Path
) -> None:
    node, file = effect(COPY, values={"gain": 0.5}), tmp_path / "own.frag"
    assert file in node.files()
    before = drawn(node, surface)
    file.write_text(COPY.replace("* gain", "* gian"))
    with pytest.raises(VivantError, match=r"own\.frag does not compile") as caught:
        node.reload(frozenset({file}))
    assert caught.value.where == "own.frag:6"
    np.testing.assert_array_equal(drawn(node, surface), before)
    file.write_text('#include "more.glsl"\n' + COPY.replace("* gain", "* more(gain)"))
    with pytest.raises(VivantError, match=r"more\.glsl cannot be read") as caught:
        node.reload(frozenset({file}))
    (tmp_path / "more.glsl").write_text("float more(float x) {\n  return 2 * x + y;\n}\n")
    with pytest.raises(VivantError, match="does not compile") as caught:
        node.reload(frozenset({file}))
    assert caught.value.where == "more.glsl:2"
    file.unlink()
    with pytest.raises(VivantError, match="no such effect"):
        node.reload(frozenset({file}))
    np.testing.assert_array_equal(drawn(node, surface), before)
    file.write_text('#include "more.glsl"\n' + COPY.replace("* gain", "* more(gain)"))
    (tmp_path / "more.glsl").write_text("float more(float x) {\n  return 2.0 * x;\n}\n")
    node.reload(frozenset({file}))
    np.testing.assert_array_equal(drawn(node, surface), pixels)  # the value given stays in force
    assert {file, tmp_path / "more.glsl"} <= set(node.files())


def test_another_file_that_is_no_good_changes_nothing(
    effect: Callable[..., RenderEffect], surface: Surface, pixels: U8, tmp_path: Path
) -> None:
    node = effect(COPY)
    (tmp_path / "bad.frag").write_text("void mainImage(out vec4 c, in vec2 p) {\n  c = vec5(0.0);\n}")
    with pytest.raises(VivantError) as caught:
        node.update(EffectParams(path="bad.frag", values={"gain": 0.0}))
    assert caught.value.where == "bad.frag:2"
    np.testing.assert_array_equal(drawn(node, surface), pixels)
    assert node.params.path == "own.frag" and tmp_path / "own.frag" in node.files()
    node.update(EffectParams(path="effect:vignette", values={"strength": 1.0, "width": 1.0}))
    assert drawn(node, surface)[0, 0].max() < 10


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        ("", "no effect was named", ""),
        ("there.frag", "no such effect", "there.frag"),
        ("effect:vignete", "no effect 'vignete' comes", "effect:vignete"),
        ("effect:../window", "no effect '../window' comes", "effect:../window"),
        ("float x = sin(1.0);", "no function to draw with", "own.frag"),
        ("// void mainImage(\n/* void main() */ float x(); ", "no function to draw with", "own.frag"),
        ("\n\nvoid mainImage(out vec4 c, in vec2 p) { c = nothing; }", "does not compile", "own.frag:3"),
        ("#version 410 core\n\nvoid main() { x(); }", "does not compile", "own.frag:3"),
    ],
)
def test_what_cannot_be_opened_is_told(effect: Callable[..., RenderEffect], text: str, what: str, where: str) -> None:
    with pytest.raises(VivantError, match=re.escape(what)) as caught:
        effect(text)
    assert caught.value.where.endswith(where)


def test_what_comes_with_vivant_draws_and_can_be_turned_off(
    effect: Callable[..., RenderEffect], surface: Surface, pixels: U8
) -> None:
    off = {
        "film": {"grain": 0, "shake": 0, "fade": 0},
        "scanlines": {"strength": 0, "apart": 0, "roll": 0, "lines": 8},
        "vignette": {"strength": 0},
    }
    assert sorted(file.stem for file in (shader_folder() / "effects").iterdir()) == sorted(off)
    for name, values in off.items():
        on = drawn(effect(f"effect:{name}", values={"lines": 8} if name == "scanlines" else {}), surface)
        assert np.abs(on.astype(int) - pixels).max() > 25, name
        if name != "scanlines":  # its band stays
            np.testing.assert_allclose(drawn(effect(f"effect:{name}", values=values), surface), pixels, atol=1)
        else:
            assert np.abs(drawn(effect(f"effect:{name}", values=values), surface) / 1.121 - pixels).max() < 26


def test_film_is_the_same_at_every_run_and_another_at_every_moment(
    effect: Callable[..., RenderEffect], surface: Surface
) -> None:
    first, second = effect("effect:film"), effect("effect:film")
    frames = [(drawn(first, surface, t), drawn(second, surface, t + 5)) for t in (0.0, 0.1, 0.2)]
    for a, b in frames:
        np.testing.assert_array_equal(a, b)
    assert (frames[0][0] != frames[1][0]).any(axis=2).mean() > 0.7
