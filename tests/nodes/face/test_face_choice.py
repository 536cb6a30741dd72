"""Who is who and who is meant, on faces made of numbers: people who cross, go away, and hang on the wall."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from vivant.nodes.face.face_choice import Box, FaceChoice, Pick, allowed
from vivant.nodes.face.face_tracks import FaceTracks
from vivant.nodes.formats.face import FaceReading

F32 = npt.NDArray[np.float32]
SIZE = (640, 480)
ALL: Box = (0.0, 0.0, 1.0, 1.0)
FRAME_NS = 40_000_000
Person = Callable[..., FaceReading]


def person(seed: int) -> Person:
    """Return a person: a function from place, size and time to a reading, with a face of its own that trembles."""
    base = np.random.default_rng(99).normal(size=(478, 3))
    own = base + 0.08 * np.random.default_rng(seed).normal(size=(478, 3))
    own = (own - own.mean(axis=0)) / np.ptp(own[:, :2], axis=0).mean()
    tremble = np.random.default_rng(1000 + seed)

    def at(x: float, y: float = 240, size: float = 100, moved: float = 0.0) -> FaceReading:
        points = own * size + [x, y, 0] + tremble.normal(scale=0.002 * size, size=(478, 3))
        points[:, 1] += moved * size
        return FaceReading(points.astype(np.float32), SIZE, np.zeros(52, np.float32), np.eye(4, dtype=np.float32))

    return at


def choice(forget_s: float = 3.0, poster_s: float = 0.0) -> FaceChoice:
    return FaceChoice(FaceTracks(round(forget_s * 1e9), round(poster_s * 1e9)))


def follow(
    who: FaceChoice, frames: Iterable[list[FaceReading]], pick: Pick = Pick.SAME, region: Box = ALL, *ignore: Box
) -> list[tuple[int, float] | None]:
    """Return identity and x of the face that was chosen in each frame."""
    out: list[tuple[int, float] | None] = []
    for number, faces in enumerate(frames):
        face = who.step(faces, number * FRAME_NS, pick, region, ignore)
        out.append(None if face is None else (face.identity, float(face.points[:, 0].mean())))
    return out


def shuffled(frames: list[list[FaceReading]]) -> list[list[FaceReading]]:
    """Give each frame's faces in any order: the tracker promises none."""
    rng = np.random.default_rng(5)
    return [[faces[i] for i in rng.permutation(len(faces))] for faces in frames]


def test_the_same_one_is_kept_though_another_becomes_larger() -> None:
    a, b = person(1), person(2)
    found = follow(choice(), shuffled([[a(150, size=110), b(450, size=80 + n)] for n in range(80)]))
    assert all(f is not None and f[0] == found[0][0] and abs(f[1] - 150) < 15 for f in found if found[0])


def test_the_largest_changes_only_when_another_is_clearly_larger() -> None:
    a, b = person(1), person(2)
    near = follow(choice(), [[a(150, size=100), b(450, size=100 + 3 * (n % 2))] for n in range(20)], Pick.LARGEST)
    assert len({f[0] for f in near if f}) == 1
    grown = follow(choice(), [[a(150, size=100), b(450, size=90 + 2 * n)] for n in range(40)], Pick.LARGEST)
    assert grown[0] is not None and grown[-1] is not None and grown[-1][1] > 400


def test_people_who_cross_keep_their_identity() -> None:
    a, b = person(1), person(2)
    frames = []
    for n in range(100):
        x = 120 + 4 * n
        faces = [a(x, 235)]
        if abs(x - (520 - 4 * n)) > 90:  # she passes in front of him: while she hides him nobody sees him
            faces.append(b(520 - 4 * n, 250, size=95))
        frames.append(faces)
    in_front = follow(choice(), shuffled(frames))
    assert all(f is not None and abs(f[1] - (120 + 4 * n)) < 20 for n, f in enumerate(in_front))
    # and he, who is hidden for a second, is himself again on the other side
    hidden = choice()
    behind = follow(hidden, [frames[n][::-1] if n else [b(520, 250, size=130)] for n in range(100)])
    assert behind[0] is not None
    assert {f[0] for f in behind if f} == {behind[0][0]}
    assert behind[-1] is not None and behind[-1][1] < 160
    assert any(f is None for f in behind)


def test_a_short_loss_keeps_the_face_and_nobody_else_is_taken() -> None:
    a, b = person(1), person(2)
    frames = [[a(150, size=120), b(450)] if not 20 <= n < 60 else [b(450)] for n in range(90)]
    found = follow(choice(), shuffled(frames))
    assert all(f is None for f in found[20:60])
    assert found[19] is not None and found[60] is not None and found[19][0] == found[60][0]


def test_after_a_long_loss_another_is_taken() -> None:
    a, b = person(1), person(2)
    found = follow(choice(forget_s=1.0), [[a(150, size=120), b(450)] if n < 20 else [b(450)] for n in range(80)])
    assert found[30] is None and found[-1] is not None and abs(found[-1][1] - 450) < 15


def test_another_person_in_the_same_place_is_another() -> None:
    a, b = person(1), person(7)
    found = follow(choice(forget_s=2.0), [[a(300)] if n < 20 else [] if n < 30 else [b(300)] for n in range(120)])
    assert found[0] is not None and found[-1] is not None and found[0][0] != found[-1][0]


@pytest.mark.parametrize(("pick", "x"), [(Pick.LEFTMOST, 100), (Pick.RIGHTMOST, 500), (Pick.CENTRE, 330)])
def test_by_place(pick: Pick, x: float) -> None:
    people = [person(seed) for seed in (1, 2, 3)]
    frames = [[p(place, size=60) for p, place in zip(people, (500, 100, 330), strict=True)] for _ in range(5)]
    assert all(f is not None and abs(f[1] - x) < 10 for f in follow(choice(), shuffled(frames), pick))


def test_regions_and_ignored_rectangles() -> None:
    a, b = person(1), person(2)
    frames = [[a(150, size=140), b(500)] for _ in range(4)]
    assert all(f and f[1] > 400 for f in follow(choice(), frames, Pick.LARGEST, (0.5, 0.0, 1.0, 1.0)))
    assert all(f and f[1] > 400 for f in follow(choice(), frames, Pick.LARGEST, ALL, (0.1, 0.2, 0.4, 0.8)))
    assert not allowed(a(150), ALL, [(0.0, 0.0, 0.5, 1.0)])
    assert follow(choice(), frames, Pick.LARGEST, (0.0, 0.0, 0.05, 0.05)) == [None] * 4


def living(who: Person, x: float, n: int, size: float = 100) -> FaceReading:
    return who(x, size=size, moved=0.1 * float(np.sin(n / 8)))


def test_a_poster_is_ignored_once_somebody_moves_beside_it() -> None:
    poster, visitor = person(1), person(2)
    frames = [[poster(450, size=160), living(visitor, 150, n)] for n in range(150)]
    never = follow(choice(), shuffled(frames), Pick.LARGEST)
    assert never[-1] is not None and never[-1][1] > 400
    found = follow(choice(poster_s=2.0), shuffled(frames), Pick.LARGEST)
    assert found[10] is not None and found[10][1] > 400  # too early to tell
    assert all(f is not None and f[1] < 200 for f in found[80:])


def test_a_poster_stays_one_when_the_visitor_leaves_and_is_none_when_it_moves() -> None:
    poster, visitor = person(1), person(2)
    with_visitor = [[poster(450, size=160), living(visitor, 150, n)] for n in range(80)]
    alone = [[poster(450, size=160)] for _ in range(200)]
    alive = [[living(poster, 450, n, 160)] for n in range(40)]
    found = follow(choice(poster_s=2.0), with_visitor + alone + alive, Pick.LARGEST)
    assert all(f is None for f in found[100:280])
    assert found[-1] is not None and found[-1][1] > 400


def test_somebody_who_sits_still_alone_is_no_poster() -> None:
    who = person(1)
    assert all(f is not None for f in follow(choice(poster_s=1.0), [[who(300)] for _ in range(100)], Pick.LARGEST))


def test_times_that_stand_still_are_no_error() -> None:
    who, steady = person(1), choice()
    for _ in range(3):
        assert steady.step([who(200)], 0, Pick.SAME, ALL, ()) is not None


def test_no_face_and_a_face_again() -> None:
    who = person(1)
    assert follow(choice(), [[], [who(200)], []])[::2] == [None, None]


def test_readings_are_left_as_they_were() -> None:
    face = person(1)(200)
    before = replace(face, points=face.points.copy())
    choice().step([face], 0, Pick.SAME, ALL, ())
    np.testing.assert_array_equal(face.points, before.points)
