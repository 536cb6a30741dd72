from __future__ import annotations

import numpy as np

from vivant.nodes.formats.puppet import Puppet, Role


def test_every_triangle_of_the_body_shows_something(portrait_puppet: Puppet) -> None:
    (body,) = (layer for layer in portrait_puppet.layers if layer.role is Role.BODY)
    alpha = portrait_puppet.textures[body.texture][..., 3]
    size = np.array(alpha.shape[::-1])
    corners = portrait_puppet.triangles.reshape(-1)[body.first : body.first + body.count].reshape(-1, 3)
    places = portrait_puppet.uv[corners] * size
    assert len(corners) > 100
    for low, high in zip(places.min(axis=1), places.max(axis=1), strict=True):
        (left, top), (right, bottom) = np.floor(low - 1).astype(int).clip(0), np.ceil(high + 1).astype(int)
        assert alpha[top:bottom, left:right].max() > 1
