"""The studio: an empty Cycles scene, its surroundings, lamps and camera, and the render itself."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from bpy.types import Object
from mathutils import Matrix, Vector

from scenes.assets import asset
from scenes.nodes import Colour

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Frame:
    """Picture size in pixels and samples per pixel."""

    width: int = 1280
    height: int = 960
    samples: int = 10

    def draft(self) -> Frame:
        """Return half the size at few samples, for looking only."""
        return Frame(self.width // 2, self.height // 2, 8)


def open_stage(frame: Frame, seed: int) -> None:
    """Begin an empty scene rendered by Cycles on the processor with OpenImageDenoise."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.seed = "CPU", frame.samples, seed
    cycles.use_adaptive_sampling, cycles.adaptive_threshold = True, 0.08
    cycles.use_denoising, cycles.denoiser, cycles.denoising_prefilter = True, "OPENIMAGEDENOISE", "FAST"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 8, 2, 3
    cycles.transmission_bounces, cycles.transparent_max_bounces = 8, 12
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 4
    scene.render.resolution_x, scene.render.resolution_y = frame.width, frame.height
    exposure(0.0)
    random.seed(seed)
    np.random.seed(seed)


def exposure(stops: float, look: str = "AgX - Medium High Contrast") -> None:
    """Set the exposure in stops and the tone curve."""
    view = bpy.context.scene.view_settings
    view.view_transform, view.look, view.exposure = "AgX", look, stops


def surroundings(name: str, turn_deg: float = 0.0, strength: float = 1.0) -> None:
    """Light the scene with an environment map: a fetched one by name, or one of Blender's own with a leading
    `blender:`.
    """
    world = bpy.data.worlds.new("surroundings")
    bpy.context.scene.world = world
    world.use_nodes = True
    tree = world.node_tree
    background = tree.nodes["Background"]
    background.inputs[1].default_value = strength
    image = tree.nodes.new("ShaderNodeTexEnvironment")
    image.image = bpy.data.images.load(str(_environment(name)))
    mapping = tree.nodes.new("ShaderNodeMapping")
    mapping.inputs["Rotation"].default_value[2] = math.radians(turn_deg)
    tree.links.new(tree.nodes.new("ShaderNodeTexCoord").outputs["Generated"], mapping.inputs[0])
    tree.links.new(mapping.outputs[0], image.inputs[0])
    tree.links.new(image.outputs[0], background.inputs[0])


def _environment(name: str) -> Path:
    if name.startswith("blender:"):
        return Path(bpy.utils.resource_path("LOCAL"), "datafiles", "studiolights", "world", name[8:] + ".exr")
    return asset("hdri", name + ".exr")


def add(data: bpy.types.ID, name: str) -> Object:
    """Put new object data into the scene."""
    item = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(item)
    return item


def aim(position: Point, target: Point) -> Matrix:
    """Return a rotation that looks from a position at a target with the horizon level."""
    return (Vector(target) - Vector(position)).to_track_quat("-Z", "Y").to_matrix().to_4x4()


def lamp(
    position: Point,
    target: Point = (0, 0, 0),
    size: float = 0.3,
    watts: float = 5.0,
    colour: Colour = (1, 1, 1),
    length: float = 0.0,
) -> Object:
    """Add an area lamp `size` metres wide (and `length` long, if given)."""
    light = bpy.data.lights.new("lamp", "AREA")
    light.energy, light.size, light.color = watts, size, colour
    if length:
        light.shape, light.size_y = "RECTANGLE", length
    item = add(light, "lamp")
    item.matrix_world = Matrix.Translation(position) @ aim(position, target)
    return item


def sun(towards: Point, strength: float = 3.0, angle_deg: float = 0.8, colour: Colour = (1, 0.95, 0.88)) -> Object:
    """Add sunlight falling from the origin's far side `towards` a direction."""
    light = bpy.data.lights.new("sun", "SUN")
    light.energy, light.angle, light.color = strength, math.radians(angle_deg), colour
    item = add(light, "sun")
    item.matrix_world = aim((0, 0, 0), towards)
    return item


@dataclass(frozen=True)
class View:
    """A camera: where it stands, where it looks, its lens in millimetres on a 36 mm frame, aperture and roll.

    `up` is the direction that points upwards in the picture; give (0, 1, 0) for steep views, where a level horizon
    would leave the roll to chance. `focus` in metres defaults to the distance of the target.
    """

    position: Point
    target: Point
    lens_mm: float = 40.0
    f_stop: float = 8.0
    roll_deg: float = 0.0
    up: Point = (0, 0, 1)
    focus: float = 0.0


def camera(view: View) -> Object:
    """Put the camera into the scene."""
    data = bpy.data.cameras.new("camera")
    item = add(data, "camera")
    forward = Vector(view.target) - Vector(view.position)
    z = -forward.normalized()
    x = Vector(view.up).cross(z).normalized()
    turn = Matrix((x, z.cross(x), z)).transposed().to_4x4() @ Matrix.Rotation(math.radians(view.roll_deg), 4, "Z")
    item.matrix_world = Matrix.Translation(view.position) @ turn
    data.lens, data.clip_start, data.clip_end = view.lens_mm, 0.005, 500.0
    data.dof.use_dof, data.dof.aperture_fstop = True, view.f_stop
    data.dof.focus_distance = view.focus or forward.length
    bpy.context.scene.camera = item
    return item


def render(path: Path) -> None:
    """Render to a PNG file."""
    render_settings = bpy.context.scene.render
    render_settings.filepath = str(path)
    render_settings.image_settings.file_format = "PNG"
    bpy.ops.render.render(write_still=True)
