"""Build parts: boxes, turned bodies, extruded outlines, sheets, tubes and booleans. Lengths in metres."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import bmesh
import bpy
import numpy as np
from bpy.types import Material, Object
from mathutils import Vector
from numpy.typing import NDArray

from scenes.stage import Point, add

Floats = NDArray[np.float64]
Relief = Callable[[Floats, Floats], Floats]
"""Heights in metres at places x and y."""
Profile = Sequence[tuple[float, float]]


def finish(built: bmesh.types.BMesh, name: str, material: Material | None, sharp_deg: float = 35.0) -> Object:
    """Turn a built mesh into an object, smooth except at edges sharper than the angle."""
    bmesh.ops.recalc_face_normals(built, faces=built.faces)
    mesh = bpy.data.meshes.new(name)
    built.to_mesh(mesh)
    built.free()
    if material:
        mesh.materials.append(material)
    smooth(mesh, sharp_deg)
    return add(mesh, name)


def smooth(mesh: bpy.types.Mesh, sharp_deg: float) -> None:
    """Shade smooth except at edges sharper than the angle."""
    mesh.polygons.foreach_set("use_smooth", [True] * len(mesh.polygons))
    mesh.set_sharp_from_angle(angle=math.radians(sharp_deg))


def bevel(item: Object, width: float, segments: int = 3) -> Object:
    """Round the edges."""
    modifier = item.modifiers.new("bevel", "BEVEL")
    modifier.width, modifier.segments, modifier.limit_method = width, segments, "ANGLE"
    modifier.harden_normals = True
    return item


def box(
    size: Point,
    at: Point = (0, 0, 0),
    material: Material | None = None,
    name: str = "box",
    round_by: float = 0.0,
    turn: Point = (0, 0, 0),
) -> Object:
    """Return a box of a size centred on a point, with rounded edges if asked."""
    built = bmesh.new()
    bmesh.ops.create_cube(built, size=1)
    bmesh.ops.scale(built, vec=size, verts=built.verts)
    item = finish(built, name, material)
    item.location, item.rotation_euler = at, turn
    return bevel(item, round_by) if round_by else item


def lathe(
    profile: Profile,
    material: Material | None = None,
    name: str = "turned",
    segments: int = 64,
    sharp_deg: float = 35.0,
) -> Object:
    """Turn a profile of (radius, z), bottom to top, about the z axis."""
    built = bmesh.new()
    rings = [_ring(built, radius, z, segments) for radius, z in profile]
    for low, high in pairwise(rings):
        for i in range(segments):
            corners = dict.fromkeys(
                (low[i % len(low)], low[(i + 1) % len(low)], high[(i + 1) % len(high)], high[i % len(high)])
            )
            if len(corners) > 2:
                built.faces.new(tuple(corners))
    return finish(built, name, material, sharp_deg)


def _ring(built: bmesh.types.BMesh, radius: float, z: float, segments: int) -> list[bmesh.types.BMVert]:
    if radius < 1e-7:
        return [built.verts.new((0, 0, z))]
    turns = (math.tau * i / segments for i in range(segments))
    return [built.verts.new((radius * math.cos(t), radius * math.sin(t), z)) for t in turns]


def cylinder(
    radius: float,
    height: float,
    material: Material | None = None,
    name: str = "cylinder",
    round_by: float = 0.0,
    segments: int = 64,
) -> Object:
    """Return an upright cylinder standing on the origin; `round_by` rounds both rims."""
    r = round_by or radius * 0.01
    arc = [(math.cos(a), math.sin(a)) for a in (math.radians(d) for d in (0, 30, 60, 90))]
    low = [(radius - r + r * s, r - r * c) for c, s in arc]
    high = [(radius - r + r * c, height - r + r * s) for c, s in arc]
    return lathe([(0, 0), *low, *high, (0, height)], material, name, segments, 50)


def rod(
    start: Point,
    end: Point,
    radius: float,
    material: Material | None = None,
    name: str = "rod",
    round_by: float = 0.0,
) -> Object:
    """Return a round bar between two points."""
    along = Vector(end) - Vector(start)
    item = cylinder(radius, along.length, material, name, round_by or radius * 0.05, 48)
    item.location = start
    item.rotation_euler = along.to_track_quat("Z", "Y").to_euler()
    return item


def extrude(
    outline: Profile, height: float, material: Material | None = None, name: str = "plate", round_by: float = 0.0
) -> Object:
    """Return a plate: an outline in the xy plane from z = 0 up to `height`."""
    built = bmesh.new()
    face = built.faces.new([built.verts.new((x, y, 0)) for x, y in outline])
    top = bmesh.ops.extrude_face_region(built, geom=[face])["geom"]
    bmesh.ops.translate(built, verts=[v for v in top if isinstance(v, bmesh.types.BMVert)], vec=(0, 0, height))
    item = finish(built, name, material)
    return bevel(item, round_by) if round_by else item


def sheet(
    width: float,
    depth: float,
    material: Material | None = None,
    name: str = "sheet",
    steps: tuple[int, int] = (1, 1),
    height: Relief | None = None,
) -> Object:
    """Return a rectangular sheet in the xy plane with a UV map over its whole face; `height(x, y)` lifts it, in
    metres.
    """
    nx, ny = steps[0] + 1, steps[1] + 1
    x, y = np.meshgrid(np.linspace(-width / 2, width / 2, nx), np.linspace(-depth / 2, depth / 2, ny))
    z = height(x, y) if height else np.zeros_like(x)
    mesh = bpy.data.meshes.new(name)
    index = np.arange(nx * ny).reshape(ny, nx)
    faces = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], -1).reshape(-1, 4)
    mesh.from_pydata(np.c_[x.ravel(), y.ravel(), z.ravel()].tolist(), [], faces.tolist())
    uv = np.c_[x.ravel() / width + 0.5, y.ravel() / depth + 0.5][faces.ravel()]
    mesh.uv_layers.new().data.foreach_set("uv", uv.ravel())
    if material:
        mesh.materials.append(material)
    smooth(mesh, 60)
    return add(mesh, name)


def tube(
    points: Sequence[Point],
    radius: float,
    material: Material | None = None,
    name: str = "tube",
    sides: int = 16,
    smooth_steps: int = 8,
) -> Object:
    """Return a mesh hose or cable of a radius through the points, along a smooth curve."""
    path = catmull_rom(points, smooth_steps)
    built = bmesh.new()
    rings = []
    tangents = np.gradient(path, axis=0)
    side = _first_normal(tangents[0])
    for point, tangent in zip(path, tangents, strict=True):
        tangent = tangent / np.linalg.norm(tangent)
        side = side - tangent * side.dot(tangent)
        side = side / np.linalg.norm(side)
        other = np.cross(tangent, side)
        turns = [math.tau * i / sides for i in range(sides)]
        rings.append([built.verts.new(point + radius * (math.cos(t) * side + math.sin(t) * other)) for t in turns])
    for low, high in pairwise(rings):
        for i in range(sides):
            built.faces.new((low[i], low[(i + 1) % sides], high[(i + 1) % sides], high[i]))
    built.faces.new(rings[0][::-1])
    built.faces.new(rings[-1])
    return finish(built, name, material, 60)


def _first_normal(tangent: Floats) -> Floats:
    axis = (
        np.array((0.0, 0.0, 1.0)) if abs(tangent[2]) < 0.9 * np.linalg.norm(tangent) else np.array((1.0, 0.0, 0.0))
    )
    return np.cross(tangent, axis)


def catmull_rom(points: Sequence[Point], steps: int) -> Floats:
    """Return points on a centripetal-free Catmull-Rom curve through the given ones, `steps` per span."""
    p = np.array(points, float)
    p = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    spans = []
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
        spans.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        )
    return np.vstack([*spans, p[-2:-1]])


def cut(item: Object, *tools: Object) -> Object:
    """Subtract the tools from an item and remove them."""
    for tool in tools:
        _boolean(item, tool, "DIFFERENCE")
    return item


def join(item: Object, *others: Object) -> Object:
    """Fuse bodies into one."""
    for other in others:
        _boolean(item, other, "UNION")
    return item


def _boolean(item: Object, tool: Object, operation: str) -> None:
    bpy.context.view_layer.update()
    modifier = item.modifiers.new("boolean", "BOOLEAN")
    modifier.object, modifier.operation, modifier.solver = tool, operation, "EXACT"
    bake(item)
    bpy.data.objects.remove(tool)


def bake(item: Object) -> Object:
    """Apply all modifiers, keeping the object."""
    graph = bpy.context.evaluated_depsgraph_get()
    mesh = bpy.data.meshes.new_from_object(item.evaluated_get(graph))
    item.modifiers.clear()
    item.data = mesh
    smooth(mesh, 35)
    return item


def copy(item: Object, name: str, at: Point | None = None, turn: Point | None = None) -> Object:
    """Return another object with the same mesh."""
    twin = item.copy()
    twin.name = name
    bpy.context.scene.collection.objects.link(twin)
    if at is not None:
        twin.location = at
    if turn is not None:
        twin.rotation_euler = turn
    return twin


def discard(*items: Object) -> None:
    """Remove patterns that were only copied from."""
    for item in items:
        bpy.data.objects.remove(item)


def group(name: str, items: Sequence[Object], at: Point = (0, 0, 0), turn: Point = (0, 0, 0)) -> Object:
    """Parent the items to an empty and place it."""
    root = add(None, name)
    for item in items:
        item.parent = root
    root.location, root.rotation_euler = at, turn
    return root


def label(
    item: Object,
    art: Material,
    width: float,
    height: float,
    at: Point,
    turn: Point = (0, 0, 0),
    name: str = "label",
) -> Object:
    """Stick a flat print on an item; position and rotation in the item's own frame."""
    print_ = sheet(width, height, art, name)
    print_.parent, print_.location, print_.rotation_euler = item, at, turn
    return print_


def merged(items: Sequence[Object], name: str = "merged") -> Object:
    """Put several bodies into one object at their places, without fusing them, and remove the originals."""
    bpy.context.view_layer.update()
    built = bmesh.new()
    for item in items:
        mesh = item.data.copy()
        mesh.transform(item.matrix_world)
        built.from_mesh(mesh)
    discard(*items)
    return finish(built, name, None)


def blobs(spots: Floats, axes: Floats, material: Material, name: str = "blobs") -> Object:
    """Return one object with a ball at each spot (n, 3), stretched along its three half axes (n, 3, 3)."""
    built = bmesh.new()
    bmesh.ops.create_icosphere(built, subdivisions=2, radius=1)
    ball = np.array([vertex.co[:] for vertex in built.verts])
    faces = np.array([[vertex.index for vertex in face.verts] for face in built.faces])
    built.free()
    vertices = spots[:, None, :] + ball @ axes
    corners = (np.arange(len(spots)) * len(ball))[:, None, None] + faces
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices.reshape(-1, 3).tolist(), [], corners.reshape(-1, 3).tolist())
    mesh.materials.append(material)
    smooth(mesh, 180)
    return add(mesh, name)
