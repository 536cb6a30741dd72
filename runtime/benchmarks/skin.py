"""``vivant bench skin``: linear blend skinning in Numba, beside numpy and a C loop."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np
import numpy.typing as npt

from vivant.runtime.benchmarks.finding import Chart, Figure, Finding, Setting, compared

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

SIZES = (5_000, 20_000, 100_000)
BONES, UNITS, MORPHS_PER_VERTEX = 6, 52, 8
"""As in a puppet: six bones; units that move a vertex, on average."""
LEAST_TO_C = 1.0

_SOURCE = """
void skin(long count, const float *restrict plane, const float *restrict ray, const int *restrict bone_index,
          const float *restrict bone_weight, const float *restrict matrices, const int *restrict offsets,
          const int *restrict unit, const float *restrict morph_plane, const float *restrict morph_depth,
          const float *restrict change, float *restrict out)
{
    for (long v = 0; v < count; v++) {
        float x = plane[3 * v], y = plane[3 * v + 1], dz = 0;
        for (int k = offsets[v]; k < offsets[v + 1]; k++) {
            float w = change[unit[k]];
            x += w * morph_plane[2 * k];
            y += w * morph_plane[2 * k + 1];
            dz += w * morph_depth[k];
        }
        float rx = ray[3 * v], ry = ray[3 * v + 1];
        float a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0, c0 = 0, c1 = 0, c2 = 0, c3 = 0;
        for (int j = 0; j < 4; j++) {
            float w = bone_weight[4 * v + j];
            if (w == 0) continue;
            const float *m = matrices + 12 * bone_index[4 * v + j];
            a0 += w * m[0]; a1 += w * m[1]; a2 += w * m[2]; a3 += w * m[3];
            b0 += w * m[4]; b1 += w * m[5]; b2 += w * m[6]; b3 += w * m[7];
            c0 += w * m[8]; c1 += w * m[9]; c2 += w * m[10]; c3 += w * m[11];
        }
        float *o = out + 7 * v;
        o[0] = a0 * x + a1 * y + a3; o[1] = b0 * x + b1 * y + b3; o[2] = c0 * x + c1 * y + c3;
        o[3] = a0 * rx + a1 * ry + a2; o[4] = b0 * rx + b1 * ry + b2; o[5] = c0 * rx + c1 * ry + c2;
        o[6] = dz;
    }
}
"""
"""The same sums as `vivant.nodes.puppet.skinning.skin_kernel`, as a C programmer would write them."""


def measure(setting: Setting) -> Finding:
    """Measure vertices per second at several sizes."""
    from vivant.nodes.puppet.skinning import compile_kernel, skin_kernel

    compile_kernel()
    c_loop = compiled_c(setting.folder)
    if c_loop is None:
        setting.say("no C compiler is found: skinning is compared with numpy only")
    figures: list[Figure] = []
    speeds: dict[str, list[float]] = {"Numba": [], "C, -O3 -march=native": [], "numpy": []}
    for size in SIZES:
        arrays = example(size)
        out = np.empty((size, 7), np.float32)
        ways: dict[str, Callable[[], object]] = {
            "Numba": _bound(skin_kernel, *arrays, out),
            "numpy": _bound(skin_numpy, *arrays, out),
        }
        if c_loop is not None:
            ways["C, -O3 -march=native"] = _bound(c_loop, *arrays, out)
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(max(7, setting.rounds)):
            for name, way in ways.items():
                times = 1 if name == "numpy" else max(1, 200_000 // size)
                begin = perf_counter_ns()
                for _ in range(times):
                    way()
                taken[name].append(size * times / ((perf_counter_ns() - begin) / 1e3))  # million vertices per second
        for name in ("numpy", "C, -O3 -march=native"):
            if name in taken:
                is_c = name != "numpy"
                figures.append(
                    compared(
                        f"{size // 1000} thousand vertices",
                        "million vertices/s",
                        taken["Numba"],
                        name,
                        taken[name],
                        goal=f"at least {LEAST_TO_C:g} x" if is_c else "",
                        least=LEAST_TO_C if is_c else None,
                    )
                )
        for name, values in taken.items():
            speeds[name].append(sorted(values)[len(values) // 2])
    return Finding(
        "skin",
        "Linear blend skinning with morphs, on one core.",
        tuple(figures),
        Chart(
            "bars",
            {name: values for name, values in speeds.items() if values},
            "million vertices per second",
            tuple(f"{size // 1000} k" for size in SIZES),
        ),
    )


def example(size: int) -> tuple[F32, F32, I32, F32, F32, I32, I32, F32, F32, F32]:
    """Return the arguments of the kernel, but its output, for a mesh of `size` vertices."""
    random = np.random.default_rng(0)
    plane = random.uniform(-0.5, 0.5, (size, 3)).astype(np.float32)
    ray = np.concatenate([-plane[:, :2] / 3, np.ones((size, 1), np.float32)], axis=1).astype(np.float32)
    bone_index = random.integers(0, BONES, (size, 4)).astype(np.int32)
    # most vertices of a puppet hang on one or two bones
    bone_weight = random.uniform(0, 1, (size, 4)) * (random.uniform(0, 1, (size, 4)) < (1.0, 0.5, 0.1, 0.1))
    bone_weight = (bone_weight / bone_weight.sum(axis=1, keepdims=True)).astype(np.float32)
    matrices = random.normal(0, 0.3, (BONES, 3, 4)).astype(np.float32)
    # and most are moved by no unit or by many
    counts = np.where(random.uniform(0, 1, size) < 0.5, 0, random.integers(1, 4 * MORPHS_PER_VERTEX, size))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    total = int(offsets[-1])
    unit = random.integers(0, UNITS, total).astype(np.int32)
    morph_plane = random.normal(0, 0.01, (total, 2)).astype(np.float32)
    morph_depth = random.normal(0, 0.01, total).astype(np.float32)
    change = random.uniform(0, 1, UNITS).astype(np.float32)
    return plane, ray, bone_index, bone_weight, matrices, offsets, unit, morph_plane, morph_depth, change


def skin_numpy(
    plane: F32,
    ray: F32,
    bone_index: I32,
    bone_weight: F32,
    matrices: F32,
    offsets: I32,
    unit: I32,
    morph_plane: F32,
    morph_depth: F32,
    change: F32,
    out: F32,
) -> None:
    """Skin as numpy can: sums over segments, then one product of matrices per vertex."""
    moved = np.concatenate([morph_plane, morph_depth[:, None]], axis=1) * change[unit][:, None]
    sums = np.concatenate([np.zeros((1, 3)), np.cumsum(moved, axis=0, dtype=np.float64)])
    shift = (sums[offsets[1:]] - sums[offsets[:-1]]).astype(np.float32)
    place = plane.copy()
    place[:, :2] += shift[:, :2]
    blended = np.einsum("vj,vjrc->vrc", bone_weight, matrices[bone_index])
    out[:, :3] = np.einsum("vrc,vc->vr", blended[:, :, :2], place[:, :2]) + blended[:, :, 3]
    out[:, 3:6] = np.einsum("vrc,vc->vr", blended[:, :, :2], ray[:, :2]) + blended[:, :, 2]
    out[:, 6] = shift[:, 2]


def compiled_c(folder: Path) -> Callable[..., None] | None:
    """Compile the C loop into `folder`; return it with the kernel's arguments, None without a compiler."""
    compiler = next((path for name in ("cc", "gcc", "clang") if (path := shutil.which(name))), None)
    if compiler is None:
        return None
    source, library = folder / "skin.c", folder / "skin.so"
    source.write_text(_SOURCE, encoding="utf-8")
    command = [compiler, "-O3", "-march=native", "-shared", "-fPIC", "-o", str(library), str(source)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        loop: Any = ctypes.CDLL(str(library)).skin
    except (OSError, subprocess.SubprocessError):
        return None
    loop.restype = None

    def call(*arrays: npt.NDArray[Any]) -> None:
        loop(ctypes.c_long(len(arrays[0])), *(ctypes.c_void_p(array.ctypes.data) for array in arrays))

    return call


def _bound(way: Callable[..., object], *arrays: npt.NDArray[Any]) -> Callable[[], object]:
    return lambda: way(*arrays)
