"""A short way to write shader graphs: each method adds one node and returns its output socket."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import bpy
from bpy.types import Material, Node, NodeSocket

Colour = tuple[float, float, float]
Input: TypeAlias = NodeSocket | float | Colour | tuple[float, float, float, float]


def srgb(code: str) -> Colour:
    """Return the linear colour of a hex code such as `#8a5a2b`."""
    parts = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return red, green, blue


def scaled(colour: Colour, factor: float) -> Colour:
    """Return the colour made lighter or darker, within range."""
    red, green, blue = (min(1.0, max(0.0, c * factor)) for c in colour)
    return red, green, blue


class Graph:
    """The node graph of one new material with a Principled shader."""

    def __init__(self, name: str) -> None:
        self.material: Material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.shader: Node = self.tree.nodes["Principled BSDF"]
        self.output: Node = self.tree.nodes["Material Output"]

    def node(self, kind: str, inputs: dict[str | int, Input] | None = None, **properties: object) -> Node:
        """Add a node; inputs are sockets to link or default values."""
        node = self.tree.nodes.new("ShaderNode" + kind)
        for name, value in properties.items():
            setattr(node, name, value)
        for key, value in (inputs or {}).items():
            self.put(node.inputs[key], value)
        return node

    def put(self, socket: NodeSocket, value: Input) -> None:
        """Link a socket, or set its default; three-part colours get an alpha of one."""
        if isinstance(value, NodeSocket):
            self.tree.links.new(value, socket)
        elif isinstance(value, tuple) and socket.type == "RGBA" and len(value) == 3:
            socket.default_value = (*value, 1.0)
        else:
            socket.default_value = value

    def set(self, **inputs: Input) -> Material:
        """Set inputs of the Principled shader; `base_color` means `Base Color`."""
        names = {socket.name.lower().replace(" ", "_"): socket for socket in self.shader.inputs}
        for name, value in inputs.items():
            self.put(names[name], value)
        return self.material

    def where(
        self, scale: float | Colour = 1.0, *, varied: bool = True, kind: str = "Object", turn: Colour = (0, 0, 0)
    ) -> NodeSocket:
        """Return texture coordinates; `varied` shifts them at random from object to object."""
        scale3 = scale if isinstance(scale, tuple) else (scale, scale, scale)
        source = self.node("TexCoord").outputs[kind]
        mapping = self.node("Mapping", {"Vector": source, "Scale": scale3, "Rotation": turn})
        if varied:
            random = self.node("ObjectInfo").outputs["Random"]
            shift = self.node("VectorMath", {0: random, 1: (91.0, 57.0, 23.0)}, operation="MULTIPLY").outputs[0]
            self.put(mapping.inputs["Location"], shift)
        return mapping.outputs[0]

    def noise(
        self, where: NodeSocket, scale: float, detail: float = 6, rough: float = 0.6, warp: float = 0.0
    ) -> NodeSocket:
        """Return fractal noise, about 0.3 to 0.7."""
        values: dict[str | int, Input] = {
            "Vector": where,
            "Scale": scale,
            "Detail": detail,
            "Roughness": rough,
            "Distortion": warp,
        }
        return self.node("TexNoise", values).outputs[0]

    def image(
        self, path: Path, where: NodeSocket | None = None, *, colour: bool = True, tiled_box: bool = False
    ) -> NodeSocket:
        """Return an image texture; `tiled_box` projects it from six sides on object coordinates."""
        node = self.node("TexImage", {"Vector": where} if where else {}, interpolation="Cubic")
        node.image = bpy.data.images.load(str(path), check_existing=True)
        if not colour:
            node.image.colorspace_settings.name = "Non-Color"
        if tiled_box:
            node.projection, node.projection_blend = "BOX", 0.08
        return node.outputs[0]

    def ramp(self, factor: NodeSocket, *stops: tuple[float, Colour]) -> NodeSocket:
        """Map a factor to colours at the given positions."""
        node = self.node("ValToRGB", {0: factor})
        elements = node.color_ramp.elements
        while len(elements) < len(stops):
            elements.new(0.5)
        for element, (position, colour) in zip(elements, stops, strict=True):
            element.position, element.color = position, (*colour, 1.0)
        return node.outputs[0]

    def remap(self, value: NodeSocket, low: float, high: float, to_low: Input, to_high: Input) -> NodeSocket:
        """Map a range linearly on to another, clamped."""
        return self.node("MapRange", {0: value, 1: low, 2: high, 3: to_low, 4: to_high}).outputs[0]

    def mix(self, factor: Input, a: Input, b: Input, blend: str = "MIX") -> NodeSocket:
        """Blend two colours."""
        return self.node("Mix", {0: factor, 6: a, 7: b}, data_type="RGBA", blend_type=blend).outputs[2]

    def math(self, operation: str, a: Input, b: Input = 0.0) -> NodeSocket:
        """Compute with two numbers."""
        return self.node("Math", {0: a, 1: b}, operation=operation).outputs[0]

    def bump(
        self, height: NodeSocket, strength: float, distance: float, below: NodeSocket | None = None
    ) -> NodeSocket:
        """Return a normal from a height; `distance` in metres, `below` an earlier normal to build on."""
        inputs: dict[str | int, Input] = {"Height": height, "Strength": strength, "Distance": distance}
        if below is not None:
            inputs["Normal"] = below
        return self.node("Bump", inputs).outputs[0]
