"""Shaders by name, with their includes written in, and compiler messages led back to file and line."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vivant.graph.errors import VivantError


def read_shader(name: str) -> str:
    """Return the GLSL text of a shader, ready to be compiled.

    Args:
        name: File in the folder of shaders: ``puppet.vert``.

    Raises:
        VivantError: It, or a file that it includes, cannot be read.
    """
    return ShaderSource.read(name).text


def shader_folder() -> Path:
    """Return the folder of this package's shaders."""
    return Path(__file__).resolve().parent


def shader_files(*names: str, folder: Path | None = None) -> frozenset[Path]:
    """Return the files that shaders are made of: their own, and all that they include.

    Args:
        *names: Files in the folder.
        folder: The folder of shaders; None: the one of this package.

    Returns:
        Paths; also those of files that are asked for and not there.
    """
    place = folder or shader_folder()
    files: set[str] = set()
    for name in names:
        with suppress(VivantError):
            _collect(name, place, [], files, asked_by=name)
    return frozenset(place / file for file in files)


@dataclass(frozen=True)
class ShaderSource:
    """A shader with its includes written in.

    Attributes:
        name: The file's name in the folder of shaders.
        text: What the compiler gets.
        places: File and line, counted from 1, of each line of `text`.
    """

    name: str
    text: str
    places: tuple[tuple[str, int], ...]

    @classmethod
    def read(cls, name: str, folder: Path | None = None) -> ShaderSource:
        """Read a shader.

        A line ``#include "lib/light.glsl"`` is replaced by that file, once: a file that was included before
        is left out, so several may include the same one, and a circle ends. Names start at the folder of
        shaders.

        Args:
            name: File in the folder.
            folder: The folder of shaders; None: the one of this package.

        Raises:
            VivantError: A file is missing or is not text.
        """
        lines: list[tuple[str, str, int]] = []
        _collect(name, folder or shader_folder(), lines, set(), asked_by=name)
        return cls(
            name,
            "".join(f"{line}\n" for line, _, _ in lines),
            tuple((file, number) for _, file, number in lines),
        )

    def defining(self, name: str) -> ShaderSource:
        """Return the same shader compiled with a name that ``#ifdef`` asks for."""
        lines = self.text.splitlines(keepends=True)
        # which nothing may come before
        version = next((n for n, line in enumerate(lines, start=1) if line.lstrip().startswith("#version")), 0)
        place = self.places[version - 1] if version else (self.name, 1)
        return ShaderSource(
            self.name,
            "".join([*lines[:version], f"#define {name}\n", *lines[version:]]),
            (*self.places[:version], place, *self.places[version:]),
        )

    def place(self, line: int) -> str:
        """Return ``file:line`` of a line of `text`, counted from 1."""
        if 1 <= line <= len(self.places):
            file, number = self.places[line - 1]
            return f"{file}:{number}"
        return f"{self.name}:{line}"

    def locate(self, log: str) -> str:
        """Return a compiler's log with its line numbers replaced by file and line.

        ``#line`` cannot do this: GLSL 4.10 numbers files instead of naming them, and Mesa prints 0 for the
        file whatever the directive says (tried).
        """
        return _POSITION.sub(lambda m: f"{self.place(int(m['a'] or m['b'] or m['c']))}: ", log)


_INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"\s*(?://.*)?$')

_POSITION = re.compile(
    r"""^(?:
        0:(?P<a>\d+)\(\d+\):\s*             # Mesa:          0:12(5): error: ...
      | 0\((?P<b>\d+)\)\s*:\s*              # NVIDIA:        0(12) : error C0000: ...
      | (?=(?:ERROR|WARNING):\s)\w+:\s*0:(?P<c>\d+):\s*   # Apple, Intel, AMD:  ERROR: 0:12: ...
    )""",
    re.MULTILINE | re.VERBOSE,
)


def _collect(name: str, folder: Path, lines: list[tuple[str, str, int]], seen: set[str], *, asked_by: str) -> None:
    seen.add(name)
    try:
        text = (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise VivantError(
            f"the shader {name} cannot be read: {getattr(error, 'strerror', None) or error}",
            where=asked_by,
            remedy="names of shaders start at the folder `shaders`" if asked_by != name else "",
        ) from error
    for number, line in enumerate(text.splitlines(), start=1):
        include = _INCLUDE.match(line)
        if include is None:
            lines.append((line, name, number))
        elif include[1] not in seen:
            _collect(include[1], folder, lines, seen, asked_by=f"{name}:{number}")
