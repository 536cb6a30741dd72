"""A page that carries a portrait and shows it, in any browser, without a network."""

from __future__ import annotations

import base64
import html
from importlib import resources


def page_of(glb: bytes, title: str) -> str:
    """Return a page in HTML with the viewer of `viewer.js`.

    Args:
        glb: The portrait, as `glb_of` writes it.
        title: Of the page.
    """
    folder = resources.files("vivant.nodes.export") / "viewer"

    def read(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    parts = {
        "title": html.escape(title),
        "model": base64.b64encode(glb).decode(),
        "licence": read("three-LICENSE.txt").strip(),
        "three": read("three.min.js").strip(),
        "viewer": read("viewer.js").strip(),
    }
    # one pass over the template alone: what is put in may contain braces
    text, *rest = read("page.html").split("{{")
    for piece in rest:
        name, _, after = piece.partition("}}")
        text += parts[name] + after
    return text
