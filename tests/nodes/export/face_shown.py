"""Where the face of a posed puppet is drawn: what others' drawings of it are compared within."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from vivant.nodes.face.rasterize import rasterize
from vivant.nodes.formats.puppet import Puppet, PuppetPose
from vivant.nodes.puppet.mesh_part import picture_to_pixels
from vivant.nodes.puppet.places import places


def face_of(puppet: Puppet, bent: PuppetPose) -> npt.NDArray[np.bool_]:
    """Where the face is drawn, eyes and mouth included."""
    (layer,) = [layer for layer in puppet.layers if layer.name == "face"]
    triangles = puppet.triangles[layer.first // 3 : (layer.first + layer.count) // 3]
    triangles = triangles[(puppet.opacity[triangles] > 0.9).all(axis=1)]
    place = places(puppet, bent)
    seen = picture_to_pixels(place[:, :2] / (1 - place[:, 2:] / puppet.eye[2]), puppet.size)
    shown, _, _ = rasterize(np.concatenate([seen, place[:, 2:]], axis=1).astype(np.float32), triangles, puppet.size)
    outline, _ = cv2.findContours((shown >= 0).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    mask = np.zeros(shown.shape, np.uint8)
    cv2.drawContours(mask, outline, -1, 1, cv2.FILLED)
    return mask > 0
