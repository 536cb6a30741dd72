"""Lays links ``build/ns/vivant/<folder>`` to the package folders, for mypy and pyright alone.

Both look for packages on disk under the name they are imported by and do not follow setuptools' mapping of
``graph/`` to ``vivant.graph``. Nothing at run time reads these links.
"""

from __future__ import annotations

import tomllib
from pathlib import Path


def main() -> None:
    """Make ``build/ns/vivant`` hold a link for every top-level package of pyproject.toml, and no other."""
    top = Path(__file__).resolve().parent.parent
    config = tomllib.loads((top / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {path.split("/")[0] for path in config["tool"]["setuptools"]["package-dir"].values()}
    namespace = top / "build" / "ns" / "vivant"
    namespace.mkdir(parents=True, exist_ok=True)
    for link in namespace.iterdir():
        if link.name not in folders:
            link.unlink()
    for folder in folders:
        link = namespace / folder
        if not link.exists():
            link.unlink(missing_ok=True)  # a link whose target has moved
            link.symlink_to(top / folder, target_is_directory=True)


if __name__ == "__main__":
    main()
