"""Read KiCad's VRML part models (indexed face sets, unit 0.1 inch) into meshes with our own materials."""

from __future__ import annotations

import re

import bmesh
import bpy
import numpy as np
from bpy.types import Material, Mesh

from scenes.assets import asset
from scenes.materials import Wear, metal, plastic
from scenes.nodes import Colour

UNIT = 2.54e-3
SMALL = Wear(0.3, 0.12, 0.4, 0.012)
Look = tuple[str, Colour]


def load_part(name: str, known: dict[str, Material]) -> Mesh:
    """Return the mesh of a model; `known` shares materials by name between the parts of one scene."""
    text = re.sub(r"(?m)^#.*$", "", asset("kicad", name + ".wrl").read_text(encoding="utf-8"))
    looks: dict[str, Colour] = {}
    vertices: list[list[float]] = []
    faces: list[list[int]] = []
    owners: list[str] = []
    for shape in text.split("Shape {")[1:]:
        key = _appearance(shape, looks)
        points, index = re.search(r"point\s*\[([^\]]*)\]", shape), re.search(r"coordIndex\s*\[([^\]]*)\]", shape)
        if not (points and index):
            continue
        offset = len(vertices)
        vertices += (np.array(re.findall(r"[-\d.eE+]+", points.group(1)), float).reshape(-1, 3) * UNIT).tolist()
        for run in re.split(r"-1\b", index.group(1)):
            corners = [offset + int(i) for i in re.findall(r"\d+", run)]
            if len(corners) >= 3:
                faces.append(corners)
                owners.append(key)
    return _build(name, vertices, faces, owners, looks, known)


def _appearance(shape: str, looks: dict[str, Colour]) -> str:
    """Return the shape's material name, remembering its colour where it is defined."""
    found = re.search(r"material\s+(?:DEF\s+(\S+)|USE\s+(\S+))", shape)
    key = (found.group(1) or found.group(2)) if found else "default"
    colour = re.search(r"diffuseColor\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)", shape)
    if colour and key not in looks:
        red, green, blue = (float(c) ** 2.2 for c in colour.groups())
        looks[key] = (red, green, blue)
    return key


def _build(
    name: str,
    vertices: list[list[float]],
    faces: list[list[int]],
    owners: list[str],
    looks: dict[str, Colour],
    known: dict[str, Material],
) -> Mesh:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices, [], faces)
    order = list(dict.fromkeys(owners))
    mesh.polygons.foreach_set("material_index", [order.index(key) for key in owners])
    for key in order:
        if key not in known:
            known[key] = _material(key, looks.get(key, (0.5, 0.5, 0.5)))
        mesh.materials.append(known[key])
    built = bmesh.new()
    built.from_mesh(mesh)
    bmesh.ops.remove_doubles(built, verts=built.verts, dist=1e-6)
    built.to_mesh(mesh)
    built.free()
    # Imported n-gons shade as pyramids when smoothed, so only the round parts are (the call smooths every face).
    if name.startswith("CP_"):
        mesh.set_sharp_from_angle(angle=0.45)
    else:
        mesh.polygons.foreach_set("use_smooth", [False] * len(mesh.polygons))
    return mesh


def _material(key: str, colour: Colour) -> Material:
    """Return tinned metal for pins and cases, plastic for the rest."""
    if key.startswith(("PIN", "MET")):
        return metal(key, colour, 0.26, SMALL)
    return plastic(key, colour, 0.45 if "IC" in key else 0.36, SMALL)
