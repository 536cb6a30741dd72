"""The file as Khronos's own validator sees it: ``npm install gltf-validator`` in a folder, named by GLTF_VALIDATOR."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from vivant.nodes.export.bust import Bust
from vivant.nodes.export.gltf import glb_of
from vivant.nodes.export.performance_keys import PerformanceKeys, performance_keys
from vivant.nodes.formats.puppet import Puppet
from vivant.nodes.sources.performance_clip import read_clip

CODE = """
const validator = require("gltf-validator");
const bytes = new Uint8Array(require("fs").readFileSync(process.argv[1]));
validator.validateBytes(bytes).then((report) => console.log(JSON.stringify(report.issues)));
"""


@pytest.mark.parametrize("moving", [False, True])
def test_the_validator_has_nothing_to_say(bust: Bust, whole_puppet: Puppet, tmp_path: Path, moving: bool) -> None:
    node, folder = shutil.which("node"), os.environ.get("GLTF_VALIDATOR")
    if node is None or not folder:
        pytest.skip("node and GLTF_VALIDATOR, a folder with npm's gltf-validator, are needed")
    keys: PerformanceKeys | None = None
    if moving:
        clip = Path(__file__).resolve().parents[3] / "presets" / "performances" / "hello.json"
        keys = performance_keys(whole_puppet, read_clip(clip), 30)
    file = tmp_path / "portrait.glb"
    file.write_bytes(glb_of(bust, keys))
    done = subprocess.run([node, "-e", CODE, str(file)], cwd=folder, capture_output=True, text=True, check=True)
    issues = json.loads(done.stdout)
    said = [issue for issue in issues["messages"] if issue["severity"] < 2]
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), said[:5]
