"""The package as it is installed: everything in it, nothing imported from the checkout."""

from __future__ import annotations

import importlib
import os
import re
import tomllib
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pytest

from vivant.runtime.cli import build_app

TOP = Path(__file__).resolve().parent.parent
FOLDERS = ("graph", "nodes", "runtime", "shaders", "presets")


def config() -> dict[str, Any]:
    return tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))


def folders_with_python() -> set[str]:
    return {path.parent.relative_to(TOP).as_posix() for folder in FOLDERS for path in (TOP / folder).rglob("*.py")}


def test_the_package_list_is_the_folders() -> None:
    tool = config()["tool"]["setuptools"]
    listed = {name: tool["package-dir"][name] for name in tool["packages"]}
    assert set(listed.values()) == folders_with_python()
    assert {name: "vivant." + folder.replace("/", ".") for name, folder in listed.items()} == {
        name: name for name in listed
    }
    assert set(tool["package-dir"]) == set(tool["packages"])


def test_every_package_folder_has_its_init() -> None:
    missing = [folder for folder in folders_with_python() if not (TOP / folder / "__init__.py").exists()]
    assert missing == []


def test_every_file_that_is_no_python_is_installed() -> None:
    """A pattern missing in package-data works in the checkout and breaks the wheel."""
    absent = []
    for folder in FOLDERS:
        for path in (TOP / folder).rglob("*"):
            if not path.is_file() or path.suffix in (".py", ".pyc"):
                continue
            package, inside = folder, path.relative_to(TOP / folder)
            if not (resources.files(f"vivant.{package}") / inside.as_posix()).is_file():
                absent.append(path.relative_to(TOP).as_posix())
    assert absent == []


def test_the_tests_run_on_the_installed_wheel() -> None:
    if not os.environ.get("VIVANT_TEST_INSTALLED"):
        pytest.skip("only where the wheel is tested (make test)")
    for package in config()["tool"]["setuptools"]["packages"]:
        found = Path(str(importlib.import_module(package).__file__)).resolve()
        assert "site-packages" in found.parts, f"{package} comes from {found}"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("graph")


@pytest.mark.parametrize("point", metadata.entry_points(group="vivant.nodes"), ids=lambda point: point.name)
def test_every_node_of_vivant_can_be_imported(point: metadata.EntryPoint) -> None:
    assert point.load().type == point.name


def test_the_entry_points_are_those_of_pyproject() -> None:
    project = config()["project"]
    installed = {p.name: p.value for p in metadata.entry_points(group="vivant.nodes")}
    assert project["entry-points"]["vivant.nodes"].items() <= installed.items()
    (script,) = {p.value for p in metadata.entry_points(group="console_scripts", name="vivant")}
    assert script == project["scripts"]["vivant"]


def test_the_version_is_that_of_pyproject() -> None:
    assert metadata.version("vivant") == config()["project"]["version"]


def command_names() -> set[str]:
    names = set()
    for command in build_app().registered_commands:
        assert command.callback is not None
        names.add(command.name or command.callback.__name__)
    return names


def test_the_readme_names_every_command_and_no_other() -> None:
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`vivant ([a-z]+)", readme)) == command_names()


def test_the_readme_names_make_targets_and_presets_that_exist() -> None:
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)", readme, re.MULTILINE)) | set(re.findall(r"`make ([a-z]+)", readme))
    assert named
    assert named <= targets
    for name in re.findall(r"^vivant run (\S+)", readme, re.MULTILINE):
        assert (TOP / "presets" / f"{name}.json").is_file()


def test_the_readmes_pictures_and_links_exist() -> None:
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", readme) if not link.startswith("https://")]
    assert links
    headings = re.findall(r"^#+ (.+)$", readme, re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert [link for link in links if link not in anchors and not (TOP / link).exists()] == []


def test_one_opencv_wheel_and_no_mediapipe() -> None:
    """Two OpenCV wheels overwrite each other; MediaPipe, from 0.10.34 on, reports usage."""
    wheels = {d.name.lower() for d in metadata.distributions() if d.name.lower().startswith("opencv")}
    assert wheels == {"opencv-contrib-python"}
    needed = [line for line in metadata.requires("vivant") or () if "extra ==" not in line]
    assert needed and not any(line.startswith("mediapipe") for line in needed)
