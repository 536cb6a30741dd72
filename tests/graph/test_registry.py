from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from vivant.graph import registry as registry_module
from vivant.graph.registry import NodeTypeError, Registry


def install(monkeypatch: pytest.MonkeyPatch, **points: str) -> Registry:
    found = EntryPoints(EntryPoint(name.replace("_", "."), value, "vivant.nodes") for name, value in points.items())
    monkeypatch.setattr(registry_module, "entry_points", lambda group: found.select(group=group))
    return Registry.installed()


def test_an_unknown_type_brings_the_nearest(registry: Registry) -> None:
    with pytest.raises(NodeTypeError) as raised:
        registry.get("face.landmark")
    assert raised.value.nearest == "face.landmarks"
    with pytest.raises(NodeTypeError, match=r"there are: control\.priority, control\.viewer, depth\.auto"):
        registry.get("nothing like it")


def test_listing_imports_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = install(monkeypatch, b_x="no.such.module:Node", a_y="neither.this:Node")
    assert registry.types() == ("a.y", "b.x")


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("no_such_module_anywhere:Node", "ModuleNotFoundError: No module named"),
        ("vivant.graph.port:NoSuchName", "AttributeError"),
        ("vivant.graph.port:Wait", "is no node class"),
        ("vivant.graph.node:Source", "calls itself None"),
    ],
)
def test_what_does_not_load_is_a_problem_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, target: str, reason: str
) -> None:
    registry = install(monkeypatch, my_node=target)
    for _ in range(2):  # the second time from memory
        with pytest.raises(NodeTypeError) as raised:
            registry.get("my.node")
        assert raised.value.what.startswith("node type 'my.node' does not load: ")
        assert reason in raised.value.what
        assert raised.value.exit_status == 2


def test_a_type_claimed_by_two_packages_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    points = EntryPoints(EntryPoint("a.node", value, "vivant.nodes") for value in ("one:A", "two:A", "two:A"))
    monkeypatch.setattr(registry_module, "entry_points", lambda group: points.select(group=group))
    registry = Registry.installed()
    assert registry.types() == ("a.node",)
    with pytest.raises(NodeTypeError, match="claimed twice: one:A, two:A"):
        registry.get("a.node")


def test_vivants_own_types_are_installed() -> None:
    assert {"source.image", "face.landmarks", "puppet.build", "output.window"} <= set(Registry.installed().types())
