"""Trying whether a shader compiles, without leaving anything behind."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

_STAGES = {"vertex_shader": 0x8B31, "fragment_shader": 0x8B30}
_COMPILE_STATUS = 0x8B81
_INFO_LOG_LENGTH = 0x8B84


def compile_fault(stage: str, text: str) -> str | None:
    """Compile a shader in the OpenGL context that is current in this thread, and delete it.

    moderngl (5.13) loses a program and its other shaders whenever one does not compile (counted with
    ``glIsProgram``): a show whose shaders are being written would gather them all evening. So it is asked for a
    program only once each shader is known to compile; what does not link it does give back.

    Args:
        stage: ``vertex_shader`` or ``fragment_shader``.
        text: GLSL.

    Returns:
        The compiler's log when it does not compile; None when it does, or when it cannot be tried here.
    """
    find = _finder()
    if find is None:
        return None
    create = _function(find, "glCreateShader", ctypes.c_uint, ctypes.c_uint)
    source = _function(find, "glShaderSource", None, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    compile_ = _function(find, "glCompileShader", None, ctypes.c_uint)
    ask = _function(find, "glGetShaderiv", None, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p)
    read = _function(find, "glGetShaderInfoLog", None, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)
    delete = _function(find, "glDeleteShader", None, ctypes.c_uint)
    if not (create and source and compile_ and ask and read and delete):
        return None
    shader = create(_STAGES[stage])
    if not shader:
        return None
    try:
        texts = (ctypes.c_char_p * 1)(text.encode())
        source(shader, 1, texts, None)
        compile_(shader)
        answer = ctypes.c_int(0)
        ask(shader, _COMPILE_STATUS, ctypes.byref(answer))
        if answer.value:
            return None
        ask(shader, _INFO_LOG_LENGTH, ctypes.byref(answer))
        log = ctypes.create_string_buffer(max(1, answer.value + 1))
        read(shader, len(log), None, log)
        return log.value.decode(errors="replace").strip() or "the driver gives no reason"
    finally:
        delete(shader)


def _finder() -> Callable[[str], int | None] | None:
    """Return how OpenGL functions are found for the context that is current, if one is."""
    try:
        if sys.platform == "win32":
            library = ctypes.WinDLL("opengl32")
            current, look_up = library.wglGetCurrentContext, library.wglGetProcAddress
        elif sys.platform == "darwin":
            framework = ctypes.CDLL("/System/Library/Frameworks/OpenGL.framework/OpenGL")
            framework.CGLGetCurrentContext.restype = ctypes.c_void_p
            if not framework.CGLGetCurrentContext():
                return None
            return lambda name: ctypes.cast(getattr(framework, name), ctypes.c_void_p).value
        else:
            library = ctypes.CDLL("libEGL.so.1")
            current, look_up = library.eglGetCurrentContext, library.eglGetProcAddress
            current.restype = ctypes.c_void_p
            if not current():
                library = ctypes.CDLL("libGL.so.1")
                current, look_up = library.glXGetCurrentContext, library.glXGetProcAddressARB
    except (OSError, AttributeError):
        return None
    current.restype = look_up.restype = ctypes.c_void_p
    look_up.argtypes = (ctypes.c_char_p,)
    return (lambda name: look_up(name.encode())) if current() else None


def _function(find: Callable[[str], int | None], name: str, result: Any, *arguments: Any) -> Any:
    address = find(name)
    kind = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)
    return kind(result, *arguments)(address) if address else None
