from __future__ import annotations

from collections.abc import Iterator

from vivant.graph.packet import Packet
from vivant.runtime.realignment import realigned
from vivant.runtime.stage import Bundle

STEP = 40
WANTED = {("face", "face"), ("clip", "frame"), ("end", "sum")}


def step(number: int, now_ns: int | None = None, **packets: int) -> Bundle:
    """A step in which the named nodes gave packets of these times."""
    outputs = {"face": "face", "clip": "frame", "unread": "frame"}
    items = tuple((node, outputs[node], Packet(t_ns, t_ns, t_ns)) for node, t_ns in packets.items())
    return Bundle(STEP * number if now_ns is None else now_ns, number, items)


def drained(node: str, output: str, t_ns: int) -> Bundle:
    return Bundle(10**6, None, ((node, output, Packet(t_ns, t_ns, 0)),))


def times(bundle: Bundle) -> dict[str, int]:
    return {node: packet.t_ns for node, _, packet in bundle.packets}


def test_every_answer_is_in_its_own_step_and_steps_stay_what_they_were() -> None:
    late = [step(n, clip=STEP * n, **({"face": STEP * (n - 2)} if n >= 2 else {})) for n in range(5)]
    late += [drained("face", "face", STEP * n) for n in (3, 4)]
    out = list(realigned(late, {"face": 2}, WANTED))
    assert [(b.step, b.now_ns) for b in out] == [(n, STEP * n) for n in range(5)]
    assert [times(b) for b in out] == [{"clip": STEP * n, "face": STEP * n} for n in range(5)]


def test_no_more_is_held_than_the_look_ahead_takes() -> None:
    given = 0

    def bundles() -> Iterator[Bundle]:
        nonlocal given
        for n in range(100):
            given += 1
            yield step(n, **({"face": STEP * (n - 3)} if n >= 3 else {}))

    for number, bundle in enumerate(realigned(bundles(), {"face": 3}, WANTED)):
        if number < 97:
            assert given == number + 4
            assert times(bundle) == {"face": STEP * number}


def test_what_nobody_reads_later_is_let_go() -> None:
    assert [times(b) for b in realigned([step(0, clip=0, unread=0)], {"face": 1}, WANTED)] == [{"clip": 0}]


def test_times_that_repeat_are_told_apart_by_their_order() -> None:
    nows, answers = [0, 40, 40, 40], [0, 40, 40, 20]  # the last time went back: the step stood still
    late = [step(n, now) for n, now in enumerate(nows)]
    late += [drained("face", "face", t) for t in answers]
    assert [times(b) for b in realigned(late, {"face": 9}, WANTED)] == [{"face": t} for t in answers]


def test_a_frame_without_an_answer_leaves_the_others_in_their_places() -> None:
    late = [step(0), step(1), step(2, face=0), step(3), drained("face", "face", 2 * STEP)]
    out = list(realigned(late, {"face": 2}, WANTED))
    assert [times(b) for b in out] == [{"face": 0}, {}, {"face": 2 * STEP}, {}]


def test_what_else_comes_at_the_end_comes_after_the_last_step() -> None:
    late = [step(0), step(1), drained("end", "sum", STEP), drained("face", "face", 0), drained("face", "face", STEP)]
    out = list(realigned(late, {"face": 2}, WANTED))
    assert [(b.step, times(b)) for b in out] == [(0, {"face": 0}), (1, {"face": STEP}), (None, {"end": STEP})]
