"""Benchmarks measure what they say: here their parts are checked, not how fast this machine is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vivant.runtime.benchmarks import hop, skin
from vivant.runtime.benchmarks.finding import Setting
from vivant.runtime.cli import main


def test_all_ways_to_skin_give_the_same(tmp_path: Path) -> None:
    from vivant.nodes.puppet.skinning import skin_kernel

    arrays = skin.example(700)
    ours, numpys, cs = (np.empty((700, 7), np.float32) for _ in range(3))
    skin_kernel(*arrays, ours)
    skin.skin_numpy(*arrays, numpys)
    np.testing.assert_allclose(numpys, ours, atol=2e-6)
    assert np.abs(ours).max() > 0.1
    loop = skin.compiled_c(tmp_path)
    if loop is None:
        pytest.skip("no C compiler here")
    loop(*arrays, cs)
    np.testing.assert_allclose(cs, ours, atol=2e-6)


def test_a_missing_compiler_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert skin.compiled_c(tmp_path) is None


def test_the_measured_chain_really_hands_on() -> None:
    step, _ = hop._chain()
    lane = step.__self__  # type: ignore[attr-defined]
    step()
    stations = [seat.station for seat in lane._seats]
    assert [station.statistics.count for station in stations] == [1] * hop.CHAIN
    assert stations[-1].id == f"n{hop.CHAIN - 1}"


def test_hop_has_its_references_and_goals(tmp_path: Path) -> None:
    finding = hop.measure(Setting("", Path, tmp_path, 1, None, lambda line: None))
    assert [bool(figure.reference_name) for figure in finding.figures] == [True, False, True]
    assert [figure.goal for figure in finding.figures] == ["", "at most 5 us", "no slower"]
    assert all(figure.value is not None and figure.value > 0 for figure in finding.figures)


def test_the_command_writes_figures_and_a_plot(tmp_path: Path) -> None:
    assert main(["bench", "hop", "--rounds", "1", "--json", str(tmp_path / "b.json")]) == 0
    values = json.loads((tmp_path / "b.json").read_text())
    assert list(values["benchmarks"]) == ["hop"]
    assert values["machine"]["cores"] >= 1
    assert (tmp_path / "hop.svg").read_text().startswith("<svg ")


def test_wrong_use_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "hopp"]) == 2
    assert "did you mean 'hop'?" in capsys.readouterr().err
    assert main(["bench", "hop", "--json", str(tmp_path / "no" / "b.json")]) == 2
    assert main(["bench", "hop", "--plot", str(tmp_path / "no")]) == 2
    assert main(["bench", "animate", "--driver", str(tmp_path / "no.mp4")]) == 2
    assert list(tmp_path.iterdir()) == []
