"""Measure what the camera sees of the scene's objects, and whether objects run into each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import bpy
import numpy as np
from bpy.types import Object
from mathutils.bvhtree import BVHTree

from scenes.gate import Rule, Unshowable, faults
from scenes.zbuffer import Coverage, Floats, Mesh, cover, project


def see_through(item: Object) -> Object:
    """Mark a clear object, which hides nothing."""
    item["see_through"] = True
    return item


def gate_only(item: Object) -> Object:
    """Mark a stand-in that is measured but never rendered: it shows that a place is in sight."""
    item["gate_only"] = True
    item.hide_render = True
    return item


def view_projection(width: int, height: int) -> Floats:
    """Return the matrix from world to clip space of the scene's camera."""
    bpy.context.view_layer.update()
    camera = bpy.context.scene.camera
    graph = bpy.context.evaluated_depsgraph_get()
    lens = np.array(camera.calc_matrix_camera(graph, x=width, y=height))
    matrix: Floats = lens @ np.array(camera.matrix_world.inverted())
    return matrix


def to_pixels(points: Sequence[Sequence[float]], width: int, height: int) -> Floats:
    """Project world points to pixels (n, 2)."""
    return project(np.array(points, float), view_projection(width, height), width, height)[:, :2]


def measure(subjects: Sequence[Object], width: int, height: int, scale: float = 0.5) -> dict[str, Coverage]:
    """Return the coverage of each subject, computed at `scale` and given in full-size pixels.

    A subject's children count as part of it.
    """
    owners = {child.name: item.name for item in subjects for child in (item, *item.children_recursive)}
    small = (round(width * scale), round(height * scale))
    found = cover(_meshes(owners), {item.name for item in subjects}, view_projection(width, height), *small)
    return {name: _full_size(seen, scale) for name, seen in found.items()}


def _full_size(seen: Coverage, scale: float) -> Coverage:
    """Return a coverage measured at a scale in full-size pixels."""
    left, top, right, bottom = (edge / scale for edge in seen.box)
    return Coverage(round(seen.visible / scale**2), round(seen.amodal / scale**2), (left, top, right, bottom))


def _meshes(owners: dict[str, str]) -> Iterator[Mesh]:
    """Yield one mesh per subject (its parts joined) and one for every other opaque object."""
    parts: dict[str, list[Mesh]] = {}
    for item in bpy.context.scene.objects:
        unseen = item.hide_render and not item.get("gate_only")
        if item.type not in {"MESH", "CURVE", "FONT"} or unseen or item.get("see_through"):
            continue
        mesh = triangles(item)
        if len(mesh.triangles):
            parts.setdefault(owners.get(item.name, item.name), []).append(mesh)
    for name, meshes in parts.items():
        offsets = np.cumsum([0, *(len(m.vertices) for m in meshes)])[:-1]
        indices = np.vstack([m.triangles + o for m, o in zip(meshes, offsets, strict=True)]).astype(np.int32)
        yield Mesh(name, np.vstack([m.vertices for m in meshes]), indices)


def triangles(item: Object) -> Mesh:
    """Return an object's world-space triangles with all modifiers applied."""
    evaluated = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    mesh.calc_loop_triangles()
    vertices = np.empty(len(mesh.vertices) * 3)
    mesh.vertices.foreach_get("co", vertices)
    indices = np.empty(len(mesh.loop_triangles) * 3, np.int32)
    mesh.loop_triangles.foreach_get("vertices", indices)
    evaluated.to_mesh_clear()
    world = np.c_[vertices.reshape(-1, 3), np.ones(len(vertices) // 3)] @ np.array(item.matrix_world).T
    return Mesh(item.name, world[:, :3], indices.reshape(-1, 3))


def require(subjects: Sequence[Object], rule: Rule, width: int, height: int) -> dict[str, Coverage]:
    """Raise `Unshowable` unless every subject satisfies the rule."""
    coverage = measure(subjects, width, height)
    found = faults(coverage, rule, width, height)
    if len(coverage) < len(subjects):
        found.append(f"{len(subjects) - len(coverage)} subjects are not drawn at all")
    if found:
        raise Unshowable("; ".join(found))
    return coverage


def overlapping(items: Sequence[Object]) -> list[tuple[str, str]]:
    """Return the pairs of objects whose surfaces cut through each other."""
    bpy.context.view_layer.update()
    trees = []
    for item in items:
        mesh = triangles(item)
        trees.append(BVHTree.FromPolygons(mesh.vertices.tolist(), mesh.triangles.tolist()))
    pairs = ((i, j) for i in range(len(items)) for j in range(i + 1, len(items)))
    return [(items[i].name, items[j].name) for i, j in pairs if trees[i].overlap(trees[j])]


def require_apart(items: Sequence[Object], allowed: int = 0) -> None:
    """Raise `Unshowable` if more than `allowed` pairs cut through each other."""
    pairs = overlapping(items)
    if len(pairs) > allowed:
        raise Unshowable("cut through each other: " + ", ".join(f"{a} and {b}" for a, b in pairs[:5]))
