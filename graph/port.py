"""Ports: fields of frozen dataclasses, with how an input waits and a line of help."""

from __future__ import annotations

import dataclasses
import types
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from vivant.graph.packet import Packet, Tick


class Wait(StrEnum):
    """How an input waits for its packets."""

    TRIGGER = "trigger"
    """A new packet wakes the node; its time and number ride on to the outputs."""
    LATEST = "latest"
    """The newest packet is sampled and held."""
    TICK = "tick"
    """Supplied by the engine, once per step of the render lane; not wired in a preset."""


def trigger(help: str) -> Any:
    """Declare the input that wakes the node. Annotate the field ``Packet[T]``."""
    return dataclasses.field(metadata={"wait": Wait.TRIGGER, "help": help})


def latest(help: str) -> Any:
    """Declare a sampled input. ``Packet[T]`` must be wired; ``Packet[T] | None`` may be left out."""
    return dataclasses.field(metadata={"wait": Wait.LATEST, "help": help})


def tick() -> Any:
    """Declare the render lane's step as what wakes the node. Annotate the field ``Packet[Tick]``."""
    return dataclasses.field(metadata={"wait": Wait.TICK, "help": "One step of the render lane."})


def output(help: str, *, sometimes: bool = False) -> Any:
    """Declare an output. Annotate the field with the type of the value itself, without ``Packet``.

    Args:
        help: One line for `vivant nodes`.
        sometimes: Annotate ``T | None``; the port has the type T, and None means that nothing is sent now. Without
            it None, where the type allows it, is a value like any other ("no face in this frame").
    """
    return dataclasses.field(metadata={"help": help, "sometimes": sometimes})


@dataclass(frozen=True)
class InputPort:
    """An input as declared: its value type, whether it may be left out, how it waits."""

    name: str
    type: Any
    required: bool
    wait: Wait
    help: str


@dataclass(frozen=True)
class OutputPort:
    """An output as declared; one that sends only `sometimes` leaves out packets whose value is None."""

    name: str
    type: Any
    help: str
    sometimes: bool = False


@dataclass(frozen=True)
class NoInputs:
    """The inputs of a source."""


@dataclass(frozen=True)
class NoOutputs:
    """The outputs of a sink."""


def input_ports(inputs: type[Any]) -> dict[str, InputPort]:
    """Read the input ports off a dataclass.

    Raises:
        TypeError: A field is not ``Packet[T]`` or ``Packet[T] | None``, or was not made by `trigger`,
            `latest` or `tick`.
    """
    hints = get_type_hints(inputs)
    ports = {}
    for field in dataclasses.fields(inputs):
        if "wait" not in field.metadata:
            raise TypeError(f"{inputs.__name__}.{field.name}: declare it with trigger(), latest() or tick()")
        annotation, required = hints[field.name], True
        options = union_members(annotation)
        if type(None) in options and len(options) == 2:
            required = False
            annotation = next(option for option in options if option is not type(None))
        if get_origin(annotation) is not Packet:
            raise TypeError(f"{inputs.__name__}.{field.name}: its type must be Packet[...], is {annotation}")
        (value_type,) = get_args(annotation)
        wait: Wait = field.metadata["wait"]
        if wait is Wait.TICK and value_type is not Tick:
            raise TypeError(f"{inputs.__name__}.{field.name}: a tick input has the type Packet[Tick]")
        if wait is not Wait.LATEST and not required:
            raise TypeError(f"{inputs.__name__}.{field.name}: what wakes the node cannot be optional")
        ports[field.name] = InputPort(field.name, value_type, required, wait, field.metadata["help"])
    return ports


def output_ports(outputs: type[Any]) -> dict[str, OutputPort]:
    """Read the output ports off a dataclass."""
    hints = get_type_hints(outputs)
    ports = {}
    for field in dataclasses.fields(outputs):
        value_type, sometimes = hints[field.name], bool(field.metadata.get("sometimes"))
        if sometimes:
            members = [member for member in union_members(value_type) if member is not type(None)]
            value_type = Union[tuple(members)]  # noqa: UP007 - the members are known at run time only
        ports[field.name] = OutputPort(field.name, value_type, field.metadata.get("help", ""), sometimes)
    return ports


def accepts(wanted: Any, offered: Any) -> bool:
    """Whether a value of type `offered` may flow into an input of type `wanted`.

    Unions are sets of alternatives: every alternative offered must be wanted.
    """
    if wanted is Any or wanted is object:
        return True
    return all(any(_is_subtype(o, w) for w in union_members(wanted)) for o in union_members(offered))


def union_members(annotation: Any) -> tuple[Any, ...]:
    """Return the alternatives of a union type, or the type alone."""
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)


def type_label(annotation: Any) -> str:
    """Name a port's type for people: ``Picture``, ``FaceReading or None``."""
    return " or ".join("None" if m is type(None) else getattr(m, "__name__", str(m)) for m in union_members(annotation))


def _is_subtype(offered: Any, wanted: Any) -> bool:
    if offered == wanted:
        return True
    return isinstance(offered, type) and isinstance(wanted, type) and issubclass(offered, wanted)
