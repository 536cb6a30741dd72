"""``vivant bench``: how fast, beside what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vivant.runtime.benchmarks.finding import Figure


def bench(
    name: Annotated[
        str | None,
        typer.Argument(help="hop, skin, live, animate, start or memory; without it all of them.", show_default=False),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures.")] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FOLDER", help="Write a plot of each (SVG); default: beside the JSON file."),
    ] = None,
    portrait: Annotated[str, typer.Option("--portrait", metavar="PICTURE", help="The picture.")] = "sample:astronaut",
    driver: Annotated[
        Path | None,
        typer.Option("--driver", metavar="VIDEO", help="A video of a face; without it one is made on the spot."),
    ] = None,
    duration: Annotated[
        float | None, typer.Option("--duration", metavar="S", min=2.0, help="How long live and memory run.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=99, help="How often measurement and reference take turns.")] = 5,
) -> None:
    """Measure this computer: each benchmark beside its reference, in the same run."""
    import tempfile

    from vivant.graph.errors import VivantError
    from vivant.graph.problem import nearest_name
    from vivant.runtime.benchmarks.driver import make_driver
    from vivant.runtime.benchmarks.finding import Setting
    from vivant.runtime.benchmarks.plot import svg
    from vivant.runtime.benchmarks.suite import NAMES, as_json, machine, measure
    from vivant.runtime.given_files import driver_file, portrait_file
    from vivant.runtime.report_file import check_report_path, write_json, write_text

    if name is not None and name not in NAMES:
        nearest = nearest_name(name, NAMES)
        raise VivantError(
            f"there is no benchmark called '{name}'",
            remedy=f"did you mean '{nearest}'?" if nearest else f"there are: {', '.join(NAMES)}",
            exit_status=2,
        )
    if json_file is not None:
        check_report_path(json_file, "JSON file")
        plot = plot or json_file.parent
    if plot is not None and not plot.is_dir():
        raise VivantError("the folder for plots does not exist", where=str(plot), remedy="make it", exit_status=2)
    given = None if driver is None else driver_file(str(driver))
    if given is not None and not given.is_file():
        raise VivantError("there is no such driver", where=str(given), exit_status=2)
    # Windows does not remove a library that is loaded
    with tempfile.TemporaryDirectory(prefix="vivant-bench-", ignore_cleanup_errors=True) as folder:

        def driver_path() -> Path:
            return given or make_driver(setting)

        setting = Setting(
            portrait=portrait_file(portrait),
            driver=driver_path,
            folder=Path(folder),
            rounds=rounds,
            duration_s=duration,
            say=lambda line: typer.echo(line, err=True),
        )
        before, findings = machine(), []
        for each in [name] if name else NAMES:
            finding = measure(each, setting)
            findings.append(finding)
            typer.echo(f"{finding.name}: {finding.about}")
            for figure in finding.figures:
                typer.echo(f"  {line_of(figure)}")
            if plot is not None:
                write_text(svg(finding), plot / f"{each}.svg", "plot")
            if json_file is not None:
                write_json(as_json(findings, before), json_file, "JSON file")


def line_of(figure: Figure) -> str:
    """Put a figure into one line."""
    parts = [f"{figure.name}: {'?' if figure.value is None else f'{figure.value:.4g}'} {figure.unit}"]
    if figure.reference is not None:
        parts.append(f"{figure.reference_name} {figure.reference:.4g}")
    if figure.ratio is not None:
        parts.append(f"ratio {figure.ratio:.2f}")
    if figure.goal:
        parts.append(f"{figure.goal}: {'yes' if figure.met else 'NO'}")
    if figure.note:
        parts.append(figure.note)
    return "; ".join(parts)
