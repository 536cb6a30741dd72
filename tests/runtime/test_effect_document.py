"""Effects in a preset: beside the preset, several in a row, into a file, saved again and again."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from vivant.graph.errors import VivantError
from vivant.graph.node import NodeContext, Outcome
from vivant.graph.packet import Packet, Tick
from vivant.graph.registry import Registry
from vivant.graph.validation import validate
from vivant.nodes.formats.surface import Surface
from vivant.nodes.render.effect import EffectInputs, EffectParams, RenderEffect
from vivant.runtime.cli import main
from vivant.runtime.shipped_presets import find_preset

PULSE = """
uniform float depth;
void mainImage(out vec4 fragColor, in vec2 fragCoord) {
    vec4 colour = texture(iChannel0, fragCoord / iResolution.xy);
    fragColor = vec4(colour.rgb * (1.0 - depth * fract(iTime)), colour.a);
}
"""


@pytest.fixture
def preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The preset `relief`, still, with two effects behind it; `shows/preset.json` beside `shows/fx/pulse.frag`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIVANT_NO_CACHE", "1")
    folder = tmp_path / "shows"
    (folder / "fx").mkdir(parents=True)
    cv2.imwrite(str(folder / "me.png"), np.full((48, 64, 3), 200, np.uint8))
    cv2.imwrite(str(folder / "depth.png"), np.tile(np.arange(64, dtype=np.uint8), (48, 1)))
    (folder / "fx" / "pulse.frag").write_text(PULSE)
    document: dict[str, Any] = json.loads(find_preset("relief").read_text())
    nodes = document["nodes"]
    nodes["driver"]["params"] = {"move": "still", "rate_hz": 10}
    nodes["portrait"]["params"]["path"] = "me.png"
    nodes["depth"]["params"] = {"path": "depth.png"}
    nodes["film"] = {
        "type": "render.effect",
        "params": {"path": "effect:film", "values": {"shake": 0}},
        "inputs": {"surface": "render.surface"},
    }
    nodes["pulse"] = {
        "type": "render.effect",
        "params": {"path": "fx/pulse.frag", "values": {"depth": 0.5}},
        "inputs": {"surface": "film.surface"},
    }
    nodes["window"]["inputs"]["surface"] = "pulse.surface"
    return document


def save(document: dict[str, Any]) -> str:
    Path("shows/preset.json").write_text(json.dumps(document))
    return "shows/preset.json"


def test_effects_go_into_a_file_the_same_at_every_run(gl: Any, preset: dict[str, Any]) -> None:
    name = save(preset)
    for out in ("a/", "b/"):
        assert main(["render", name, "-o", out, "--duration", "1.2"]) == 0
    files = sorted(Path("a").iterdir())
    assert len(files) == 12, "one frame for each of the driver's, whoever draws it last"
    assert [file.read_bytes() for file in files] == [(Path("b") / file.name).read_bytes() for file in files]
    frames = [cv2.imread(str(file)) for file in files]
    light = np.array([frame.mean() for frame in frames if frame is not None])
    wanted = 1 - 0.5 * np.array([*np.arange(10) / 10, 0, 0.1])  # its time is the driver's
    np.testing.assert_allclose(light / light[0], wanted, atol=0.01)


def test_a_fault_names_the_users_file_and_line(
    gl: Any, preset: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("shows/fx/pulse.frag").write_text(PULSE.replace("fract(iTime)", "fract(iTme)"))
    assert main(["render", save(preset), "-o", "a/", "--duration", "0.2"]) == 1
    told = capsys.readouterr().err
    assert "pulse.frag:5" in told and "iTme" in told and "Traceback" not in told
    assert not Path("a").exists()


def test_values_are_checked_with_the_preset(preset: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    preset["nodes"]["pulse"]["params"]["values"] = {"iTime": 1, "depth": "much"}
    assert main(["check", save(preset)]) == 2
    told = capsys.readouterr().err
    assert "iTime is given by Vivant itself" in told and "depth" in told


def test_a_portrait_takes_an_effect(tmp_path: Path) -> None:
    """What the README says."""
    path = find_preset("portrait")
    document = json.loads(path.read_text())
    document["nodes"]["effect"] = {
        "type": "render.effect",
        "params": {"path": "effect:film", "values": {"grain": 0.05}},
        "inputs": {"surface": "render.surface"},
    }
    document["nodes"]["window"]["inputs"]["surface"] = "effect.surface"
    order = [spec.id for spec in validate(document, Registry.installed(), tmp_path).nodes]
    assert order.index("render") < order.index("effect") < order.index("window")


def test_shaders_that_are_saved_again_and_again_leave_nothing_behind(
    gl: Any, node_context: Callable[..., NodeContext], gl_names: Callable[[], dict[str, int]], tmp_path: Path
) -> None:
    file = tmp_path / "own.frag"
    file.write_text(PULSE)
    texture = gl.texture((4, 4), 4)

    def round_of_saving() -> dict[str, int]:
        file.write_text(PULSE)
        node = RenderEffect(EffectParams(path="own.frag"))
        node.open(node_context(gl=gl, connected=frozenset({"frame"})))
        for text in (PULSE, PULSE + "}", "", PULSE.replace("colour", "light")) * 3:
            file.write_text(text)
            with suppress(VivantError):
                node.reload(frozenset({file}))
            with suppress(VivantError):
                node.update(node.params.model_copy(update={"path": "effect:none"}))
            node.process(EffectInputs(Packet(Tick(0, 0), 0, 0), Packet(Surface(texture, (4, 4)), 0, 0)))
        node.close(Outcome.DONE)
        return gl_names()

    first = round_of_saving()  # the program that was used last stays until another one is used
    assert first["Program"] <= 1 and first["Shader"] <= 2
    assert round_of_saving() == first == round_of_saving()
    texture.release()
