from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import vivant.graph

ROOT = Path(vivant.graph.__file__).resolve().parents[1]

ALLOWED = {
    "graph": {"graph"},
    "nodes": {"graph", "nodes", "shaders", "presets"},
    "runtime": {"graph", "runtime", "shaders", "presets"},
    "shaders": {"graph", "shaders"},
    "presets": {"presets"},
}
"""Which package may import which. Nodes come to the runtime through the registry alone."""

HEAVY = ("OpenGL", "ai_edge_litert", "av", "cv2", "glfw", "mediapipe", "moderngl", "numba", "onnxruntime")


def own_imports(tree: ast.AST) -> set[str]:
    """Return the packages of vivant that a tree imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name.split(".")[1] for name in names if name.startswith("vivant.")}


def top_level_modules(tree: ast.Module) -> set[str]:
    """Return the first names of everything imported when the module is."""
    return {name.split(".")[0] for name in top_level_imports(tree)}


def top_level_imports(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        pending += ast.iter_child_nodes(node)
    return names


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", ALLOWED)
def test_arrows_run_one_way(package: str) -> None:
    assert files(package)
    for path in files(package):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        wrong = own_imports(tree) - ALLOWED[package]
        if package == "runtime":
            # a command may ask a family something of its own, such as which cameras there are
            at_once = {n.split(".")[1] for n in top_level_imports(tree) if n.startswith("vivant.")}
            wrong = wrong - {"nodes"} | at_once & {"nodes"}
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_the_graph_is_pure() -> None:
    for path in files("graph"):
        loaded = top_level_modules(ast.parse(path.read_text(encoding="utf-8")))
        assert not loaded & {"threading", "asyncio", "multiprocessing", "numpy", *HEAVY}, path.name


def test_the_runtime_loads_heavy_libraries_inside_functions() -> None:
    for path in files("runtime"):
        at_once = top_level_modules(ast.parse(path.read_text(encoding="utf-8"))) & set(HEAVY)
        assert not at_once, f"{path.relative_to(ROOT)} imports {at_once} at once"


def test_asking_for_a_node_class_loads_nothing_heavy() -> None:
    """A file with heavy imports may exist, such as one of Numba kernels: `open` imports it."""
    code = f"""
import sys
from vivant.graph.registry import NodeTypeError, Registry
registry = Registry.installed()
for name in registry.types():
    before = set(sys.modules)
    try:
        node_class = registry.get(name)
    except NodeTypeError:
        continue
    if node_class.__module__.startswith("vivant."):
        print(name, *sorted(set({HEAVY!r}) & (set(sys.modules) - before)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [line for line in done.stdout.splitlines() if " " in line] == []


def test_importing_graph_and_engines_loads_nothing_heavy_and_starts_no_thread() -> None:
    graph = [f"vivant.graph.{path.stem}" for path in files("graph") if path.stem != "__init__"]
    code = f"""
import importlib, sys, threading
for name in {[*graph, "vivant.runtime.live", "vivant.runtime.offline"]!r}:
    importlib.import_module(name)
from vivant.graph.registry import Registry
assert Registry.installed().types()
print(sorted(set({HEAVY!r}) & set(sys.modules)), threading.active_count())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] 1"


def test_the_parsers_of_this_test_find_what_they_look_for() -> None:
    tree = ast.parse(
        "import numba\nfrom vivant.nodes import face\nclass A:\n import cv2\n"
        "def f():\n import av\n from vivant.runtime.live import LiveEngine\n"
    )
    assert top_level_modules(tree) == {"numba", "vivant", "cv2"}
    assert own_imports(tree) == {"nodes", "runtime"}
