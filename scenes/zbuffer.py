"""A software z-buffer over triangles: how many pixels of each object are seen, and how many it would cover alone.

Exact and free of sampling noise; knows arrays only, not where the triangles come from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mesh:
    """World-space triangles of one object: vertices (n, 3) in metres and vertex indices (m, 3)."""

    name: str
    vertices: Floats
    triangles: NDArray[np.int32]


@dataclass(frozen=True)
class Coverage:
    """What the camera sees of one object, in pixels; `box` is its full projection (left, top, right, bottom),
    unclipped.
    """

    visible: int
    amodal: int
    box: tuple[float, float, float, float]

    @property
    def share(self) -> float:
        """Return the visible share of the object's own outline, 0 to 1."""
        return self.visible / self.amodal if self.amodal else 0.0


def project(vertices: Floats, view_projection: Floats, width: int, height: int) -> Floats:
    """Project world points (n, 3) to (x, y, depth): pixels from the top left, and the clip-space w as depth."""
    clip = np.c_[vertices, np.ones(len(vertices))] @ view_projection.T
    w = clip[:, 3]
    safe = np.where(np.abs(w) < 1e-9, 1e-9, w)
    x, y = (clip[:, 0] / safe * 0.5 + 0.5) * width, (0.5 - clip[:, 1] / safe * 0.5) * height
    points: Floats = np.c_[x, y, w]
    return points


def cover(
    meshes: Iterable[Mesh], subjects: set[str], view_projection: Floats, width: int, height: int
) -> dict[str, Coverage]:
    """Rasterise every mesh and return the coverage of each subject by name."""
    depth = np.full((height, width), np.inf)
    owner = np.full((height, width), -1, np.int32)
    names: list[str] = []
    amodal: dict[str, tuple[int, tuple[float, float, float, float]]] = {}
    for mesh in meshes:
        points = project(mesh.vertices, view_projection, width, height)
        mask = np.zeros((height, width), bool)
        _rasterise(points, mesh.triangles, depth, owner, len(names), mask)
        if mesh.name in subjects:
            box = (points[:, 0].min(), points[:, 1].min(), points[:, 0].max(), points[:, 1].max())
            amodal[mesh.name] = (int(mask.sum()), box)
        names.append(mesh.name)
    seen = np.bincount(owner[owner >= 0], minlength=len(names))
    return {name: Coverage(int(seen[names.index(name)]), pixels, box) for name, (pixels, box) in amodal.items()}


def _rasterise(
    points: Floats,
    triangles: NDArray[np.int32],
    depth: Floats,
    owner: NDArray[np.int32],
    index: int,
    mask: NDArray[np.bool_],
) -> None:
    """Draw one mesh into the depth and owner buffers, and its outline alone into `mask`."""
    height, width = depth.shape
    for triangle in triangles[(points[:, 2][triangles] > 1e-4).all(axis=1)]:
        (xa, ya, wa), (xb, yb, wb), (xc, yc, wc) = points[triangle].tolist()
        left, right = max(0, math.floor(min(xa, xb, xc))), min(width - 1, math.ceil(max(xa, xb, xc)))
        top, bottom = max(0, math.floor(min(ya, yb, yc))), min(height - 1, math.ceil(max(ya, yb, yc)))
        area = (yb - yc) * (xa - xc) + (xc - xb) * (ya - yc)
        if right < left or bottom < top or abs(area) < 1e-9:
            continue
        x = np.arange(left, right + 1)[None, :] + 0.5
        y = np.arange(top, bottom + 1)[:, None] + 0.5
        a = ((yb - yc) * (x - xc) + (xc - xb) * (y - yc)) / area
        b = ((yc - ya) * (x - xc) + (xa - xc) * (y - yc)) / area
        c = 1 - a - b
        inside = (a >= 0) & (b >= 0) & (c >= 0)
        window = (slice(top, bottom + 1), slice(left, right + 1))
        mask[window] |= inside
        here = 1 / (a / wa + b / wb + c / wc + 1e-12)
        nearer = inside & (here < depth[window])
        depth[window][nearer] = here[nearer]
        owner[window][nearer] = index
