"""Fasteners with real threads and chamfers, in millimetres as in their standards; meshes come out in metres."""

from __future__ import annotations

import math
from itertools import pairwise

import bmesh
from bpy.types import Material, Object

from scenes.mesh import finish, lathe

MM = 0.001
Ring = list[bmesh.types.BMVert]


def hex_bolt(
    diameter: float,
    length: float,
    across: float,
    head: float,
    pitch: float,
    material: Material,
    plain: float = 0.0,
    name: str = "bolt",
) -> Object:
    """Return a hex bolt, head up, origin at the underside of the head; `plain` is the unthreaded length. All in
    mm.
    """
    built, seg = bmesh.new(), 48
    low, high = _hex(built, across, 0, seg), _hex(built, across, head, seg)
    _chamfer(high, across, head, 0.5 * diameter / 8, -1)
    dome = [_circle(built, across / 2 * r, z, seg) for r, z in ((0.96, head), (0.90, head), (0.84, head - 0.15))]
    neck = _circle(built, diameter / 2, 0, seg)
    rings = [dome[2], dome[1], dome[0], high, low, neck]
    rings += _thread(built, diameter, -plain, -length, pitch, seg)
    _skin(built, rings)
    built.faces.new(rings[0])
    built.faces.new(rings[-1][::-1])
    bmesh.ops.scale(built, vec=(MM, MM, MM), verts=built.verts)
    return finish(built, name, material, 32)


def hex_nut(
    diameter: float, across: float, height: float, pitch: float, material: Material, name: str = "nut"
) -> Object:
    """Return a hex nut centred on the origin, threaded through. All in mm."""
    built, seg, half = bmesh.new(), 48, height / 2
    low, high = _hex(built, across, -half, seg), _hex(built, across, half, seg)
    chamfer = 0.75 * diameter / 8
    _chamfer(low, across, -half, chamfer, 1)
    _chamfer(high, across, half, chamfer, -1)
    rims = ((0.54, -half), (0.95 * across / diameter / 2, -half))
    rings = [_circle(built, diameter * r, z, seg) for r, z in rims]
    rings += [low, high, _circle(built, 0.95 * across / 2, half, seg), _circle(built, diameter * 0.54, half, seg)]
    rings += _bore(built, diameter, half - 0.4, -half + 0.4, pitch, seg)
    _skin(built, [*rings, rings[0]])
    bmesh.ops.scale(built, vec=(MM, MM, MM), verts=built.verts)
    return finish(built, name, material, 32)


def washer(bore: float, outer: float, thickness: float, material: Material, name: str = "washer") -> Object:
    """Return a flat washer with one rounded (stamped) edge. All in mm."""
    b, o, h = bore / 2, outer / 2, thickness / 2
    outline = [
        (b, -h + 0.1),
        (b + 0.1, -h),
        (o - 0.1, -h),
        (o, -h + 0.1),
        (o, h - 0.35),
        (o - 0.1, h - 0.1),
        (o - 0.35, h),
        (b + 0.3, h),
        (b, h - 0.3),
    ]
    return lathe([(r * MM, z * MM) for r, z in [*outline, outline[0]]], material, name)


def socket_screw(diameter: float, length: float, pitch: float, material: Material, name: str = "screw") -> Object:
    """Return a cylinder-head screw with a hexagon socket, origin under the head. All in mm."""
    built, seg = bmesh.new(), 48
    r, k, key = diameter * 0.75, diameter, diameter * 0.8
    outside = [
        _circle(built, x, z, seg)
        for x, z in ((key * 0.62, k), (r - 0.5, k), (r - 0.12, k - 0.12), (r, k - 0.5), (r, 0.15), (r - 0.15, 0))
    ]
    socket = [_hex(built, key, z, seg) for z in (k * 0.45, k - 0.05)]
    rings = [
        *socket,
        *outside,
        _circle(built, diameter / 2, 0, seg),
        *_thread(built, diameter, -0.6, -length, pitch, seg),
    ]
    _skin(built, rings)
    built.faces.new(rings[0])
    built.faces.new(rings[-1][::-1])
    bmesh.ops.scale(built, vec=(MM, MM, MM), verts=built.verts)
    return finish(built, name, material, 32)


def _hex(built: bmesh.types.BMesh, across: float, z: float, seg: int) -> Ring:
    """Return a ring round a hexagon with its corners a little rounded."""
    corner = across / 2 / math.cos(math.pi / 6) * 0.992
    turns = [math.tau * i / seg for i in range(seg)]
    radii = [min(across / 2 / math.cos(t % (math.pi / 3) - math.pi / 6), corner) for t in turns]
    return [built.verts.new((r * math.cos(t), r * math.sin(t), z)) for r, t in zip(radii, turns, strict=True)]


def _chamfer(ring: Ring, across: float, z: float, depth: float, sign: int) -> None:
    """Move the corners of a hexagon ring by `depth` towards the middle, as a turned chamfer does."""
    inner, corner = across / 2, across / 2 / math.cos(math.pi / 6)
    for vertex in ring:
        reach = (math.hypot(vertex.co.x, vertex.co.y) - inner) / (corner - inner)
        vertex.co.z = z + sign * (depth * reach + 0.08)


def _circle(built: bmesh.types.BMesh, radius: float, z: float, seg: int) -> Ring:
    return [
        built.verts.new((radius * math.cos(math.tau * i / seg), radius * math.sin(math.tau * i / seg), z))
        for i in range(seg)
    ]


def _flank(z: float, turn: float, pitch: float) -> float:
    """Return the thread's depth, 0 at the crest and 1 at the root, at a height and a turn (0 to 1)."""
    wave = abs((z / pitch + turn) % 1 - 0.5) * 2
    return min(1.0, max(0.0, wave * 1.3 - 0.15))


def _thread(
    built: bmesh.types.BMesh, diameter: float, top: float, bottom: float, pitch: float, seg: int
) -> list[Ring]:
    """Return rings down a threaded shank with a chamfered end."""
    steps = max(2, round((top - bottom) / pitch * 7))
    rings = [_circle(built, diameter / 2, top, seg)] if top < 0 else []
    for step in range(1, steps + 1):
        z = top + (bottom - top) * step / steps
        taper = max(0.0, pitch - (z - bottom)) * 0.5
        fade = min(1.0, (top - z) / pitch)
        radii = [diameter / 2 - 0.58 * pitch * _flank(z, i / seg, pitch) * fade - taper for i in range(seg)]
        rings.append(
            [
                built.verts.new((r * math.cos(math.tau * i / seg), r * math.sin(math.tau * i / seg), z))
                for i, r in enumerate(radii)
            ]
        )
    return rings


def _bore(
    built: bmesh.types.BMesh, diameter: float, top: float, bottom: float, pitch: float, seg: int
) -> list[Ring]:
    """Return rings down a threaded hole."""
    steps = round((top - bottom) / pitch * 6)
    rings = []
    for step in range(steps + 1):
        z = top + (bottom - top) * step / steps
        radii = [diameter / 2 * 0.87 + 0.55 * pitch * _flank(z, i / seg, pitch) for i in range(seg)]
        rings.append(
            [
                built.verts.new((r * math.cos(math.tau * i / seg), r * math.sin(math.tau * i / seg), z))
                for i, r in enumerate(radii)
            ]
        )
    return rings


def _skin(built: bmesh.types.BMesh, rings: list[Ring]) -> None:
    """Close the surface between neighbouring rings."""
    for a, b in pairwise(rings):
        for i in range(len(a)):
            built.faces.new((a[i], a[(i + 1) % len(a)], b[(i + 1) % len(b)], b[i]))
