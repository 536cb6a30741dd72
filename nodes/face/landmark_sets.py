"""Which of the 478 landmarks are what, in MediaPipe's numbering; left and right are the person's own."""

from __future__ import annotations

FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The face's outline: these landmarks slide along the cheek when the head turns."""

STABLE = (33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 1, 10, 151, 9, 8, 234, 454, 127, 356, 162, 389, 21, 251)
"""Landmarks that hardly move with the expression."""

EYE_CONTOURS = {
    "Right": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    "Left": (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
}
EYE_CORNERS = {"Right": (33, 133), "Left": (362, 263)}
IRISES = {"Right": (468, 469, 470, 471, 472), "Left": (473, 474, 475, 476, 477)}
"""Centre first, then four on the edge."""

LIDS = {
    "Right": ((246, 7), (161, 163), (160, 144), (159, 145), (158, 153), (157, 154), (173, 155)),
    "Left": ((466, 249), (388, 390), (387, 373), (386, 374), (385, 380), (384, 381), (398, 382)),
}
"""Upper and lower landmarks of the lids' rims that meet when the eye closes, from the outer corner inward."""

INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178, 88, 95)
LIPS = ((13, 14), (82, 87), (312, 317), (81, 178), (311, 402), (80, 88), (310, 318), (191, 95), (415, 324))
"""Upper and lower landmarks of the inner lips that meet when the mouth closes."""

OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
BROWS = {
    "Right": (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    "Left": (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
}
"""Outlines: along the upper edge inward, along the lower one back."""
FOLDS = {"Right": (203, 206, 216, 212, 57, 186, 92), "Left": (423, 426, 436, 432, 287, 410, 322)}
"""Around where a smile folds the skin, from the wing of the nose down beside the corner of the mouth."""

NOSE = (
    1, 2, 4, 5, 19, 44, 45, 48, 64, 94, 97, 98, 115, 125, 141, 220, 237, 240, 241, 242, 274, 275, 278, 294, 326, 327,
    344, 354, 370, 440, 457, 460, 461, 462,
)  # fmt: skip
"""Its tip, wings and underside."""

CHEEKS = (50, 280, 205, 425, 117, 346)
CHIN, FOREHEAD, NOSE_TIP = 152, 10, 1
RIGHT_SIDE, LEFT_SIDE = 234, 454
"""Before the ears: their distance is the face's width."""

SCORED = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249,
    251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314,
    317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382,
    384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473,
    474, 475, 476, 477,
)  # fmt: skip
"""What MediaPipe's network of expression scores is given, in its order."""
