"""Checks the files beside pictures that say where faces are, before anything is started."""

from __future__ import annotations

from pathlib import Path

from vivant.graph.graph import Graph


def check_side_files(graph: Graph) -> None:
    """Check the side file of every picture that a graph reads, where picture and file are there.

    Raises:
        VivantError: One cannot be used.
    """
    from vivant.nodes.sources.face_file import face_file_of, read_face_file
    from vivant.nodes.sources.image import upright_size

    for spec in graph.nodes:
        if spec.node_class.type != "source.image":
            continue
        path = str(spec.params.model_dump().get("path", ""))
        if not path or path.startswith("sample:"):
            continue
        picture = graph.base_dir / Path(path).expanduser()
        if not face_file_of(picture).exists():
            continue
        try:
            size = upright_size(picture)
        except Exception:  # decoders fail with whatever they tripped over
            continue  # the picture itself is judged when it is read
        read_face_file(face_file_of(picture), size)
