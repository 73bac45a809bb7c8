"""Surfaces of workshops, kitchens and offices. Lengths in metres; `size` is the object's own size, to which wear
is scaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bpy.types import Material, NodeSocket

from scenes import grime
from scenes.nodes import Colour, Graph, scaled, srgb


@dataclass(frozen=True)
class Wear:
    """How used a surface is, each 0 to 1, and the size in metres over which the wear maps repeat."""

    scratches: float = 0.3
    dust: float = 0.15
    smudges: float = 0.4
    size: float = 0.12


WORN = Wear()
CLEAN = Wear(0.08, 0.04, 0.2)


def _weather(
    graph: Graph, wear: Wear, colour: NodeSocket, rough: NodeSocket, normal: NodeSocket | None, metallic: float
) -> None:
    """Lay scratches, smudges and dust over a finished colour and roughness and connect the shader."""
    where = graph.where(1 / wear.size)
    smudge = graph.image(grime.smudges(), where, colour=False, tiled_box=True)
    scratch = graph.image(
        grime.scratches(), graph.where(1.7 / wear.size, turn=(0.3, 0.2, 0.8)), colour=False, tiled_box=True
    )
    speck = graph.image(grime.dust(), graph.where(1.3 / wear.size), colour=False, tiled_box=True)
    rough = graph.math("ADD", rough, graph.remap(smudge, 0.2, 0.8, -0.12 * wear.smudges, 0.22 * wear.smudges))
    rough = graph.math("ADD", rough, graph.math("MULTIPLY", scratch, 0.25 * wear.scratches))
    up = graph.node("SeparateXYZ", {0: graph.node("NewGeometry").outputs["Normal"]}).outputs[2]
    dusty = graph.math("MULTIPLY", speck, graph.remap(up, 0.1, 0.8, 0.0, wear.dust * 2.2))
    film = graph.math(
        "MULTIPLY", graph.remap(smudge, 0.35, 0.6, 0.0, 1.0), graph.remap(up, 0.1, 0.8, 0.0, wear.dust * 0.35)
    )
    dusty = graph.math("MINIMUM", graph.math("ADD", dusty, film), 1.0)
    scratched = graph.mix(
        graph.math("MULTIPLY", scratch, (0.2 - 0.12 * metallic) * wear.scratches), colour, (0.75, 0.74, 0.72)
    )
    graph.set(base_color=graph.mix(dusty, scratched, srgb("#a59d90")))
    graph.set(roughness=graph.math("MAXIMUM", graph.mix(dusty, rough, (0.9, 0.9, 0.9)), 0.03))
    graph.set(metallic=graph.math("MULTIPLY", graph.math("SUBTRACT", 1.0, dusty), metallic))
    graph.set(normal=graph.bump(scratch, 0.25 * wear.scratches, wear.size * 0.0008, normal))


def metal(
    name: str, colour: Colour, rough: float = 0.3, wear: Wear = WORN, grain: float = 0.2, brushed: float = 0.0
) -> Material:
    """Bare metal with a fine surface grain; `brushed` adds hairlines along the object's x axis."""
    graph = Graph(name)
    where = graph.where(1.0)
    broad = graph.noise(where, 0.7 / wear.size, 4, 0.55)
    fine = graph.noise(where, 60 / wear.size, 4, 0.7)
    tone = graph.remap(broad, 0.3, 0.7, 0.86, 1.0)
    shade = graph.mix(1.0, colour, graph.node("CombineColor", {0: tone, 1: tone, 2: tone}).outputs[0], "MULTIPLY")
    roughness = graph.remap(fine, 0.3, 0.7, rough - 0.05, rough + 0.07)
    normal = graph.bump(fine, grain, wear.size * 0.0006)
    if brushed:
        lines = graph.noise(graph.where((6 / wear.size, 900 / wear.size, 900 / wear.size)), 1.0, 4, 0.7)
        roughness = graph.math("ADD", roughness, graph.remap(lines, 0.3, 0.7, -0.1 * brushed, 0.15 * brushed))
        normal = graph.bump(lines, 0.25 * brushed, wear.size * 0.0005, normal)
    _weather(graph, wear, shade, roughness, normal, 1.0)
    return graph.material


def rusty(name: str, colour: Colour = (0.46, 0.44, 0.42), amount: float = 0.5, wear: Wear = WORN) -> Material:
    """Steel with patches of rust; `amount` 0 to 1 is about the rusted share."""
    graph = Graph(name)
    where = graph.where(1.0)
    patch = graph.noise(where, 3 / wear.size, 10, 0.72, 0.4)
    fine = graph.noise(where, 40 / wear.size, 8, 0.75)
    edge = 0.66 - 0.32 * amount
    rusted = graph.remap(patch, edge - 0.1, edge + 0.1, 0.0, 1.0)
    rust = graph.ramp(
        fine, (0.32, srgb("#23140e")), (0.46, srgb("#4a2a1a")), (0.6, srgb("#744424")), (0.74, srgb("#3a2216"))
    )
    thin = graph.mix(0.45, scaled(colour, 0.75), rust, "MULTIPLY")
    graph.set(base_color=graph.mix(rusted, thin, rust), metallic=graph.math("SUBTRACT", 1.0, rusted))
    graph.set(roughness=graph.remap(rusted, 0.0, 1.0, 0.36, 0.88))
    graph.set(normal=graph.bump(fine, 0.5, wear.size * 0.004, graph.bump(rusted, 0.5, wear.size * 0.002)))
    return graph.material


def plastic(
    name: str, colour: Colour, rough: float = 0.38, wear: Wear = WORN, texture: float = 0.1, coat: float = 0.0
) -> Material:
    """Moulded plastic or lacquer; `texture` is the strength of the moulded grain."""
    graph = Graph(name)
    where = graph.where(1.0)
    broad = graph.noise(where, 1.2 / wear.size, 5, 0.6)
    fine = graph.noise(where, 90 / wear.size, 3, 0.6)
    shade = graph.ramp(broad, (0.35, scaled(colour, 0.9)), (0.65, colour))
    roughness = graph.remap(fine, 0.3, 0.7, rough - 0.04, rough + 0.06)
    _weather(graph, wear, shade, roughness, graph.bump(fine, texture, wear.size * 0.0008), 0.0)
    graph.set(coat_weight=coat, coat_roughness=0.06)
    return graph.material


def painted(
    name: str, colour: Colour, under: Colour = (0.35, 0.33, 0.31), chips: float = 0.25, wear: Wear = WORN
) -> Material:
    """Paint on metal, chipped in places down to the metal."""
    graph = Graph(name)
    where = graph.where(1.0)
    patch = graph.noise(where, 9 / wear.size, 9, 0.75, 0.3)
    chip = graph.remap(patch, 0.70 - 0.12 * chips, 0.71 - 0.12 * chips, 0.0, 1.0)
    broad = graph.noise(where, 1.5 / wear.size, 5, 0.6)
    shade = graph.mix(chip, graph.ramp(broad, (0.3, scaled(colour, 0.93)), (0.7, colour)), under)
    peel = graph.noise(where, 45 / wear.size, 2, 0.5)
    rough = graph.math("ADD", graph.remap(broad, 0.3, 0.7, 0.3, 0.42), graph.math("MULTIPLY", chip, 0.25))
    normal = graph.bump(
        peel, 0.07, wear.size * 0.002, graph.bump(graph.math("SUBTRACT", 1.0, chip), 0.4, wear.size * 0.0012)
    )
    _weather(graph, wear, shade, rough, normal, 0.0)
    return graph.material


def wood(
    name: str, dark: Colour, light: Colour, rough: float = 0.5, plank: float = 0.0, stains: float = 0.5
) -> Material:
    """Sawn timber along x: rings, fibres, open pores, stains, and joints every `plank` metres if given."""
    graph = Graph(name)
    board = _board_shift(graph, plank) if plank else graph.where(1.0, varied=True)
    stretched = graph.node("Mapping", {"Vector": board, "Scale": (2.2, 26, 26)}).outputs[0]
    rings = graph.noise(stretched, 1.4, 9, 0.62, 1.6)
    fibres = graph.noise(
        graph.node("Mapping", {"Vector": board, "Scale": (12, 520, 520)}).outputs[0], 1.0, 5, 0.75, 0.3
    )
    pores = graph.noise(
        graph.node("Mapping", {"Vector": board, "Scale": (85, 1700, 1700)}).outputs[0], 1.0, 2, 0.5
    )
    pore = graph.remap(pores, 0.60, 0.68, 1.0, 0.35)
    grain = graph.math("ADD", graph.math("MULTIPLY", rings, 0.6), graph.math("MULTIPLY", fibres, 0.4))
    middle = scaled(
        (dark[0] * 0.5 + light[0] * 0.5, dark[1] * 0.5 + light[1] * 0.5, dark[2] * 0.5 + light[2] * 0.5), 1.0
    )
    colour = graph.ramp(grain, (0.34, dark), (0.46, middle), (0.55, light), (0.72, scaled(light, 1.15)))
    stain = graph.noise(graph.where(1.0, varied=False), 9, 9, 0.68, 0.9)
    colour = graph.mix(stains, colour, graph.ramp(stain, (0.36, (0.36, 0.33, 0.3)), (0.56, (1, 1, 1))), "MULTIPLY")
    colour = graph.mix(0.8, colour, graph.node("CombineColor", {0: pore, 1: pore, 2: pore}).outputs[0], "MULTIPLY")
    height = grain
    if plank:
        gap = _plank_gap(graph, plank)
        colour = graph.mix(
            0.92, colour, graph.node("CombineColor", {0: gap, 1: gap, 2: gap}).outputs[0], "MULTIPLY"
        )
        height = graph.math("MULTIPLY", grain, gap)
    roughness = graph.remap(stain, 0.3, 0.7, rough + 0.15, rough - 0.08)
    normal = graph.bump(pore, 0.3, 0.0003, graph.bump(height, 0.3, 0.0012))
    _weather(graph, Wear(0.35, 0.12, 0.3, 0.22), colour, roughness, normal, 0.0)
    return graph.material


def _plank_gap(graph: Graph, plank: float) -> NodeSocket:
    """Return 0 in the joints and 1 on the boards, which lie side by side along y."""
    y = graph.node("SeparateXYZ", {0: graph.node("TexCoord").outputs["Object"]}).outputs[1]
    return graph.remap(graph.math("PINGPONG", y, plank / 2), 0.0003, 0.0013, 0.0, 1.0)


def _board_shift(graph: Graph, plank: float) -> NodeSocket:
    """Return coordinates moved at random from board to board, so that no grain runs across a joint."""
    source = graph.node("TexCoord").outputs["Object"]
    y = graph.node("SeparateXYZ", {0: source}).outputs[1]
    index = graph.math("FLOOR", graph.math("DIVIDE", graph.math("ADD", y, 0.0), plank))
    offset = graph.node("TexWhiteNoise", {1: index}, noise_dimensions="1D").outputs[1]
    moved = graph.node("VectorMath", {0: offset, 1: (3.0, 0.7, 0.7)}, operation="MULTIPLY").outputs[0]
    return graph.node("VectorMath", {0: source, 1: moved}, operation="ADD").outputs[0]


def concrete(name: str, colour: Colour = (0.34, 0.33, 0.31), scale: float = 1.0, rough: float = 0.75) -> Material:
    """Cast concrete or plaster, stained and pitted; `scale` 1 suits a floor of some metres, 10 a table-top."""
    graph = Graph(name)
    where = graph.where(scale, varied=False)
    broad, fine = graph.noise(where, 2.4, 12, 0.68), graph.noise(where, 160, 6, 0.7)
    colour_socket = graph.ramp(broad, (0.3, scaled(colour, 0.6)), (0.5, colour), (0.72, scaled(colour, 1.25)))
    speck = graph.ramp(fine, (0.34, (0.6, 0.6, 0.6)), (0.5, (1, 1, 1)))
    normal = graph.bump(fine, 0.3, 0.003 / scale)
    roughness = graph.remap(broad, 0.3, 0.7, rough - 0.2, rough + 0.12)
    _weather(
        graph,
        Wear(0.3, 0.1, 0.3, 1.2 / scale),
        graph.mix(0.6, colour_socket, speck, "MULTIPLY"),
        roughness,
        normal,
        0.0,
    )
    return graph.material


def cardboard(name: str, colour: Colour = (0.42, 0.27, 0.145)) -> Material:
    """Corrugated board: faint flutes along z, fibres and scuffs."""
    graph = Graph(name)
    where = graph.where(1.0)
    broad, fine = graph.noise(where, 7, 10, 0.7), graph.noise(where, 260, 5, 0.8)
    shade = graph.ramp(broad, (0.3, scaled(colour, 0.82)), (0.7, scaled(colour, 1.1)))
    fibre = graph.ramp(fine, (0.38, (0.72, 0.7, 0.68)), (0.55, (1, 1, 1)))
    flute = graph.node(
        "TexWave", {"Vector": where, "Scale": 40.0, "Distortion": 0.6}, bands_direction="X"
    ).outputs[1]
    normal = graph.bump(
        flute, 0.06, 0.002, graph.bump(graph.math("ADD", broad, graph.math("MULTIPLY", fine, 0.2)), 0.3, 0.004)
    )
    rough = graph.remap(broad, 0.3, 0.7, 0.78, 0.88)
    _weather(graph, Wear(0.3, 0.1, 0.3, 0.35), graph.mix(0.5, shade, fibre, "MULTIPLY"), rough, normal, 0.0)
    graph.set(specular_ior_level=0.2)
    return graph.material


def fabric(name: str, colour: Colour, thread: float = 0.0006, fuzz: float = 0.5) -> Material:
    """Felt or woven cloth with threads of about `thread` metres."""
    graph = Graph(name)
    where = graph.where(1.0, varied=False)
    warp = graph.noise(
        graph.node("Mapping", {"Vector": where, "Scale": (1, 0.18, 1)}).outputs[0], 0.7 / thread, 3, 0.7
    )
    weft = graph.noise(
        graph.node("Mapping", {"Vector": where, "Scale": (0.18, 1, 1)}).outputs[0], 0.7 / thread, 3, 0.7
    )
    height = graph.math("MAXIMUM", warp, weft)
    broad = graph.noise(where, 14, 6, 0.65)
    shade = graph.ramp(height, (0.42, scaled(colour, 0.5)), (0.62, scaled(colour, 1.15)))
    shade = graph.mix(0.6, shade, graph.ramp(broad, (0.35, (0.66, 0.66, 0.66)), (0.6, (1, 1, 1))), "MULTIPLY")
    graph.set(sheen_weight=fuzz, sheen_roughness=0.5)
    _weather(
        graph,
        Wear(0.0, 0.22, 0.1, 0.15),
        shade,
        graph.remap(broad, 0, 1, 0.9, 0.95),
        graph.bump(height, 0.8, thread * 0.8),
        0.0,
    )
    return graph.material


def printed(
    name: str, art: Path, rough: float = 0.6, paper: float = 0.3, specular: float = 0.3, size: float = 0.2
) -> Material:
    """An image on the object's UV map, on paper (`paper` is the strength of its tooth) or on a coated surface."""
    graph = Graph(name)
    fibre = graph.noise(graph.where(1.0), 260 / size, 4, 0.7)
    smudge = graph.image(grime.smudges(), graph.where(1 / size), colour=False, tiled_box=True)
    shade = graph.remap(smudge, 0.2, 0.8, 1.0 - 0.10 * paper - 0.02, 1.0)
    colour = graph.mix(
        1.0, graph.image(art), graph.node("CombineColor", {0: shade, 1: shade, 2: shade}).outputs[0], "MULTIPLY"
    )
    graph.set(
        base_color=colour,
        roughness=graph.remap(smudge, 0.2, 0.8, rough - 0.08, rough + 0.1),
        specular_ior_level=specular,
    )
    graph.set(normal=graph.bump(fibre, paper * 0.4, size * 0.0006))
    return graph.material


def glass(name: str, colour: Colour = (1, 1, 1), rough: float = 0.0, index: float = 1.46) -> Material:
    """Clear or tinted refracting glass for solid bodies."""
    graph = Graph(name)
    smudge = graph.image(grime.smudges(), graph.where(9.0), colour=False, tiled_box=True)
    graph.set(base_color=colour, transmission_weight=1.0, ior=index)
    graph.set(roughness=graph.remap(smudge, 0.45, 0.8, rough, rough + 0.06))
    return graph.material


def lit_through(material: Material, tint: Colour = (1, 1, 1)) -> Material:
    """Let light pass straight through clear glass or water to what lies behind, where caustics are not traced."""
    tree = material.node_tree
    output = tree.nodes["Material Output"]
    clear, either, mixed, path = (
        tree.nodes.new("ShaderNode" + kind) for kind in ("BsdfTransparent", "Math", "MixShader", "LightPath")
    )
    clear.inputs[0].default_value, either.operation = (*tint, 1.0), "MAXIMUM"
    for source, target in (
        (path.outputs["Is Shadow Ray"], either.inputs[0]),
        (path.outputs["Is Diffuse Ray"], either.inputs[1]),
        (either.outputs[0], mixed.inputs[0]),
        (output.inputs[0].links[0].from_socket, mixed.inputs[1]),
        (clear.outputs[0], mixed.inputs[2]),
        (mixed.outputs[0], output.inputs[0]),
    ):
        tree.links.new(source, target)
    return material


def film(
    name: str, tint: Colour = (0.94, 0.95, 0.95), ripple: float = 0.1, rough: float = 0.05, gain: float = 1.5
) -> Material:
    """A thin clear sheet: straight-through view plus a rippled reflection. Casts no caustic and no dark shadow."""
    graph = Graph(name)
    graph.tree.nodes.remove(graph.shader)
    normal = graph.bump(graph.noise(graph.where(1.0), 240, 3), ripple, 0.0006)
    smudge = graph.image(grime.smudges(), graph.where(8.0), colour=False, tiled_box=True)
    gloss = graph.node(
        "BsdfGlossy", {"Roughness": graph.remap(smudge, 0.4, 0.8, rough, rough + 0.25), "Normal": normal}
    ).outputs[0]
    clear = graph.node("BsdfTransparent", {0: tint}).outputs[0]
    back = graph.node("NewGeometry").outputs["Backfacing"]
    # The Fresnel node inverts the index on back faces, which would make the far wall of a tube a mirror.
    index = graph.remap(back, 0.0, 1.0, 1.5, 1 / 1.5)
    fresnel = graph.node("Fresnel", {"IOR": index, "Normal": normal}).outputs[0]
    mixed = graph.node("MixShader", {0: graph.math("MULTIPLY", fresnel, gain), 1: clear, 2: gloss}).outputs[0]
    graph.put(graph.output.inputs[0], mixed)
    return graph.material


def glowing(name: str, colour: Colour, strength: float) -> Material:
    """A surface that shines by itself."""
    graph = Graph(name)
    graph.set(base_color=colour, emission_color=colour, emission_strength=strength)
    return graph.material
