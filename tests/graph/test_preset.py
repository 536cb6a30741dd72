from __future__ import annotations

from pathlib import Path

import pytest

from vivant.graph.errors import VivantError
from vivant.graph.preset import MAX_BYTES, apply_overrides, load_preset, parse_preset
from vivant.graph.problem import PresetError


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b'{"version": 1,\n  "nodes": {,}}', "line 2, column 13: no valid JSON"),
        (b"", "line 1, column 1: no valid JSON"),
        (b"[1, 2]", "a preset is a JSON object {...}, this is a list"),
        (b"null", "this is null"),
        (b'{"nodes": {"a": {"type": "x", "type": "y"}}}', "the key 'type' stands twice in one object"),
        (b'{"version": NaN}', "NaN is no JSON number"),
        (b'{"version": 1e999}', "the number '1e999' is too large"),
        (b'{"version": ' + b"9" * 5000 + b"}", "is too large"),
        (b'{"name": "\xff"}', "no UTF-8 text (byte 10)"),
        (b'{"name": "\\ud800"}', "half of a surrogate pair"),
        (b"[" * 100_000, "line 1, column 33: nested more than 32 levels deep"),
        (b'{"a":\n' * 40 + b"1" + b"}" * 40, "line 33, column 1: nested more than 32 levels deep"),
        (b" " * (MAX_BYTES + 1), "larger than 1024 KiB"),
        (
            b'{"version": 2, "nodes": {}}',
            "version: this preset has format version 2, this Vivant reads up to 1",
        ),
        (b'{"version": 0, "nodes": {}}', "version: there is no format version 0"),
    ],
)
def test_what_is_no_preset_is_told_in_one_block(text: bytes, what: str) -> None:
    with pytest.raises(PresetError) as raised:
        parse_preset(text, where="file.json")
    assert what in str(raised.value)
    assert raised.value.where == "file.json"
    assert raised.value.exit_status == 2


def test_brackets_in_texts_are_no_nesting() -> None:
    text = '\\\\\\"' + "[" * 99
    assert parse_preset(b'{"name": "' + text.encode() + b'"}') == {"name": '\\"' + "[" * 99}


def test_a_byte_order_mark_is_allowed() -> None:
    assert parse_preset(b'\xef\xbb\xbf{"version": 1}') == {"version": 1}


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(VivantError, match="no such preset") as raised:
        load_preset(tmp_path / "none.json")
    assert str(tmp_path / "none.json") == raised.value.where
    with pytest.raises(VivantError, match="cannot be read"):
        load_preset(tmp_path)


def document() -> dict[str, object]:
    return {
        "version": 1,
        "nodes": {"driver": {"type": "t", "params": {"size": [1, 2], "deep": {"a": 1}}}, "b": {}},
    }


@pytest.mark.parametrize(
    ("override", "params"),
    [
        ("driver.path=clip.mp4", {"path": "clip.mp4"}),
        ("driver.path=a=b.mp4", {"path": "a=b.mp4"}),
        ("driver.path=", {"path": ""}),
        ('driver.path="3"', {"path": "3"}),
        ("driver.rate_hz=2.5", {"rate_hz": 2.5}),
        ("driver.loop=true", {"loop": True}),
        ("driver.size=[640, 480]", {"size": [640, 480]}),
        ("driver.size.1=7", {"size": [1, 7]}),
        ("driver.deep.a=7", {"deep": {"a": 7}}),
        ("driver.path={not json", {"path": "{not json"}),
        ("driver.path=" + "[" * 5000, {"path": "[" * 5000}),
        ("driver.rate_hz=NaN", {"rate_hz": "NaN"}),
    ],
)
def test_overrides_replace_parameters(override: str, params: dict[str, object]) -> None:
    before = document()
    after = apply_overrides(before, [override])
    assert after["nodes"]["driver"]["params"] == {"size": [1, 2], "deep": {"a": 1}, **params}
    assert before == document()


def test_an_override_makes_missing_parameters() -> None:
    assert apply_overrides(document(), ["b.path=x"])["nodes"]["b"] == {"params": {"path": "x"}}


@pytest.mark.parametrize(
    ("override", "what"),
    [
        ("drivr.path=x", "the preset has no node 'drivr' (did you mean 'driver'?)"),
        ("zzz.path=x", "the preset has no node 'zzz'; it has: driver, b"),
        ("driver=x", "an override has the form node.param=value"),
        ("driver.path", "an override has the form node.param=value"),
        ("driver..path=x", "an override has the form node.param=value"),
        ("driver.size.7=1", "params.size is a list, it has no '7'"),
        ("driver.deep.a.b=1", "params.deep.a is a number, it has no 'b'"),
    ],
)
def test_wrong_overrides_are_told(override: str, what: str) -> None:
    with pytest.raises(PresetError) as raised:
        apply_overrides(document(), [override, "driver.path=fine"])
    assert what in str(raised.value)
    assert len(raised.value.problems) == 1
