"""Puts answers that come late back into the steps that they belong to."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from vivant.graph.packet import Packet
from vivant.runtime.stage import Bundle

_Item = tuple[str, str, Packet[Any]]


def realigned(
    bundles: Iterable[Bundle], lags: Mapping[str, int], wanted: Collection[tuple[str, str]]
) -> Iterator[Bundle]:
    """Hold bundles back until nodes that look ahead have answered them, and yield each with these answers.

    Afterwards a step is what it would be if these nodes had known the future: number and times of the steps stay.

    Args:
        bundles: What a stage gives, in order; those without a step, which it gives when it is drained, last.
        lags: The nodes among its nodes that answer late, and by how many steps.
        wanted: Node and output of all that is read later: only that is kept while a bundle is held.
    """
    longest = max(lags.values(), default=0)
    held: deque[Bundle] = deque()
    rest: list[Bundle] = []
    for bundle in bundles:
        late, prompt = list[_Item](), list[_Item]()
        for item in bundle.packets:
            if item[:2] in wanted:
                (late if item[0] in lags else prompt).append(item)
        if bundle.step is not None:
            held.append(replace(bundle, packets=tuple(prompt)))
        # an answer to no step that is held, as of a node that waits longer than it says, goes on with what it came with
        homeless = tuple(item for item in late if not _brought_home(item, held))
        if bundle.step is not None:
            held[-1] = replace(held[-1], packets=held[-1].packets + homeless)
        elif prompt or homeless:
            rest.append(replace(bundle, packets=(*prompt, *homeless)))
        while len(held) > longest:
            yield held.popleft()
    yield from held
    yield from rest


def _brought_home(item: _Item, held: deque[Bundle]) -> bool:
    """Put a packet into the first bundle of its time or later that has none of its kind; return whether there is one.

    By time, as numbers are those of the packet's own source; in order, as times of a damaged file may repeat.
    """
    node_id, output, packet = item
    for place, bundle in enumerate(held):
        if bundle.now_ns >= packet.t_ns and all(other[:2] != (node_id, output) for other in bundle.packets):
            held[place] = replace(bundle, packets=(*bundle.packets, item))
            return True
    return False
