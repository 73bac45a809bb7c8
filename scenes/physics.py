"""Let things fall and come to rest with Bullet, each as its convex hull unless the object says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
from bpy.types import Object


@dataclass(frozen=True)
class Drop:
    """How the fall is computed: frames of 1/24 s, steps per frame, friction, collision margin in metres."""

    frames: int = 120
    substeps: int = 20
    friction: float = 0.6
    margin: float = 0.0004
    damping: float = 0.15


def settle(falling: Sequence[Object], fixed: Sequence[Object], drop: Drop = Drop()) -> None:
    """Drop the falling objects on to the fixed ones and leave them where they rest."""
    scene = bpy.context.scene
    bpy.ops.rigidbody.world_add()
    world = scene.rigidbody_world
    world.substeps_per_frame, world.solver_iterations, world.point_cache.frame_end = (
        drop.substeps,
        40,
        drop.frames + 1,
    )
    world.collection = bpy.data.collections.new("bodies")
    for item in (*falling, *fixed):
        _make_body(item, item in fixed, drop)
    for frame in range(1, drop.frames + 1):
        scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    rest = [item.evaluated_get(graph).matrix_world.copy() for item in falling]
    for item in list(world.collection.objects):
        world.collection.objects.unlink(item)
    bpy.ops.rigidbody.world_remove()
    scene.frame_set(1)
    for item, place in zip(falling, rest, strict=True):
        item.matrix_world = place
    bpy.context.view_layer.update()


def _make_body(item: Object, is_fixed: bool, drop: Drop) -> None:
    bpy.context.scene.rigidbody_world.collection.objects.link(item)
    if item.rigid_body is None:
        with bpy.context.temp_override(object=item, active_object=item, selected_objects=[item]):
            bpy.ops.rigidbody.object_add()
    body = item.rigid_body
    body.type = "PASSIVE" if is_fixed else "ACTIVE"
    body.collision_shape = item.get("collision", "MESH" if is_fixed else "CONVEX_HULL")
    body.friction, body.restitution, body.mass = drop.friction, 0.05, item.get("mass", 0.03)
    body.use_margin, body.collision_margin = True, drop.margin
    body.linear_damping, body.angular_damping = drop.damping, drop.damping * 1.6
