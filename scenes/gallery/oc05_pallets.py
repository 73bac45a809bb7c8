"""A stack of weathered pallets in a yard."""

from __future__ import annotations

import math
import random
from pathlib import Path

from bpy.types import Material, Object
from PIL import Image, ImageDraw

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, metal, painted, plastic, wood
from scenes.mesh import bake, bevel, box, copy, cylinder, discard, extrude, group, label, rod, tube
from scenes.nodes import Graph, srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import Frame, Point, View, camera, exposure, sun, surroundings

LENGTH, LEVEL = 1.2, 0.1455
WALL = 0.66


def board(size: Point, at: Point, timber: Material, rng: random.Random) -> Object:
    """Return a sawn board along x, never quite square to its pallet."""
    turn = (0, rng.uniform(-0.0008, 0.0008), rng.uniform(-0.006, 0.006))
    slip = (at[0] + rng.uniform(-0.005, 0.005), at[1] + rng.uniform(-0.003, 0.003), at[2])
    return box(size, slip, timber, "board", 0.0018, turn)


def torn_board(size: Point, at: Point, timber: Material, rng: random.Random) -> Object:
    """Return the left part of a board that broke off in long splinters."""
    length, width, thick = size
    steps = 9
    tear = [
        (length * rng.uniform(0.38, 0.46) + rng.choice((0, 0.07)), width * (i / steps - 0.5))
        for i in range(steps + 1)
    ]
    item = extrude([(0, width / 2), (0, -width / 2), *tear], thick, timber, "torn board")
    item.location = (at[0] - length / 2, at[1], at[2] - thick / 2)
    return bevel(item, 0.0014, 1)


def brand() -> Material:
    """Return a burnt-in maker's mark."""
    art = Image.new("L", (400, 240), 0)
    draw = ImageDraw.Draw(art)
    draw.ellipse((8, 8, 392, 232), outline=255, width=14)
    draw.text((200, 122), "TORVAL", 255, font("saira-stencil-one-400", 84), anchor="mm")
    return burnt("brand", keep(art, "pallet_brand"))


def burnt(name: str, art: Path) -> Material:
    """Return char where the art is white and nothing elsewhere."""
    graph = Graph(name)
    patchy = graph.remap(graph.noise(graph.where(1.0), 90, 6, 0.7), 0.42, 0.6, 0.25, 0.95)
    shown = graph.math("MULTIPLY", graph.image(art, colour=False), patchy)
    return graph.set(base_color=srgb("#1c1510"), roughness=0.9, alpha=shown)


class Yard:
    """The timbers, the nail and the mark that all pallets share."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        codes = ("#554d43", "#98907f"), ("#5d4a35", "#ab9168"), ("#45403a", "#857e72"), ("#6d5638", "#c2a273")
        pairs = [(srgb(dark), srgb(light)) for dark, light in codes]
        self.timbers = [wood(f"timber {i}", *pair, 0.85, stains=0.95) for i, pair in enumerate(pairs)]
        self.timbers.append(painted("old paint", srgb("#7d4a3c"), srgb("#85775f"), 1.25, Wear(0.9, 0.4, 0.8, 0.2)))
        self.mark = brand()
        self.nail = cylinder(0.0045, 0.0012, metal("nail", srgb("#4d3a2c"), 0.6), "nail", segments=12)

    def timber(self, weights: tuple[float, ...]) -> Material:
        """Draw a timber."""
        return self.rng.choices(self.timbers, weights)[0]

    def pallet(self, name: str, *, torn: bool) -> Object:
        """Return a pallet on z = 0, its long side facing -y: three runners, nine blocks, three stringers and a
        deck of five boards.
        """
        rng, parts = self.rng, []
        mood = rng.choice(((5, 1, 3, 0, 0), (2, 4, 1, 2, 0), (4, 3, 3, 1, 0), (1, 3, 1, 4, 0)))
        paint = (0, 0, 0, 0, 1) if rng.random() < 0.2 else mood
        marked = rng.random() < 0.75
        for y, wide in ((-0.35, 0.1), (0.0, 0.145), (0.35, 0.1)):
            parts.append(board((LENGTH, wide, 0.022), (0, y, 0.011), self.timber(mood), rng))
            for x in (-0.5275, 0.0, 0.5275):
                slip = rng.uniform(-0.004, 0.004)
                block = box((0.145, wide, 0.078), (x + slip, y, 0.061), self.timber(paint), "block", 0.003)
                parts.append(block)
                if y < 0 and marked and (x == 0 or rng.random() < 0.25):
                    label(block, self.mark, 0.095, 0.056, (0, -wide / 2 - 0.0004, 0), (math.pi / 2, 0, 0), "mark")
        for x in (-0.5275, 0.0, 0.5275):
            cross = board((0.8, 0.145, 0.022), (x, 0, 0.111), self.timber(mood), rng)
            cross.rotation_euler.z += math.pi / 2
            parts.append(cross)
        for index, y in enumerate((-0.3275, -0.164, 0.0, 0.164, 0.3275)):
            size, at = (LENGTH, 0.1 if index in (1, 3) else 0.145, 0.022), (0, y, 0.133)
            make = torn_board if torn and index == 0 else board
            parts.append(make(size, at, self.timber(mood), rng))
            nailed = (-0.56, -0.5, -0.02, 0.04, 0.5, 0.56) if make is board else ()
            parts += [copy(self.nail, "nail", (x, y + rng.uniform(-0.03, 0.03), 0.1432)) for x in nailed]
        return group(name, parts)


def brick_wall(rng: random.Random) -> None:
    """Lay a wall of single bricks in running bond, facing -y."""
    graph = Graph("brick")
    tone = graph.node("ObjectInfo").outputs["Random"]
    fine, broad = graph.noise(graph.where(1.0), 130, 8, 0.75), graph.noise(graph.where(1.0), 16, 5, 0.6)
    fired = graph.ramp(
        tone, (0.1, srgb("#54362e")), (0.35, srgb("#80543f")), (0.7, srgb("#967057")), (0.95, srgb("#6b5347"))
    )
    speck = graph.ramp(fine, (0.36, (0.55, 0.53, 0.5)), (0.56, (1.05, 1.03, 1.0)))
    height = graph.node("SeparateXYZ", {0: graph.node("NewGeometry").outputs["Position"]}).outputs[2]
    damp = graph.remap(graph.math("ADD", height, graph.math("MULTIPLY", broad, 0.5)), 0.25, 0.75, 0.55, 0.0)
    bloom = graph.remap(broad, 0.55, 0.72, 0.0, 0.35)
    colour = graph.mix(bloom, graph.mix(0.8, fired, speck, "MULTIPLY"), srgb("#b5aa9c"))
    graph.set(base_color=graph.mix(damp, colour, srgb("#3e3a2e")), roughness=0.9)
    graph.set(normal=graph.bump(fine, 0.6, 0.003, graph.bump(broad, 0.5, 0.004)))
    mortar = Graph("mortar")
    grit = mortar.noise(mortar.where(1.0), 220, 6, 0.75)
    mortar.set(base_color=mortar.ramp(grit, (0.35, srgb("#6a645a")), (0.6, srgb("#9b9488"))), roughness=0.95)
    mortar.set(normal=mortar.bump(grit, 0.8, 0.003))
    box((9, 0.1, 4.2), (0, WALL + 0.058, 2.1), mortar.material, "mortar")
    brick = box((0.215, 0.1, 0.065), material=graph.material, name="brick", round_by=0.004)
    bake(brick)
    for row in range(42):
        for column in range(-9, 12):
            x = (column + 0.5 * (row % 2)) * 0.225 + rng.uniform(-0.002, 0.002)
            at = (x, WALL + 0.05 + rng.uniform(-0.0015, 0.0015), 0.04 + row * 0.075 + rng.uniform(-0.001, 0.001))
            copy(brick, "brick", at, (0, rng.uniform(-0.006, 0.006), 0))
    discard(brick)


def asphalt() -> Material:
    """Return old asphalt: bare stones in tar, patchy and dusty."""
    graph = Graph("asphalt")
    where = graph.where(1.0, varied=False)
    cells = graph.node("TexVoronoi", {"Vector": where, "Scale": 95.0})
    stone = graph.node("RGBToBW", {0: cells.outputs[1]}).outputs[0]
    broad, grit = graph.noise(where, 1.6, 9, 0.68, 0.4), graph.noise(where, 240, 5, 0.7)
    grey = graph.ramp(stone, (0.25, srgb("#3c3b39")), (0.55, srgb("#5f5c57")), (0.85, srgb("#8d877c")))
    dusty = graph.remap(broad, 0.42, 0.62, 0.1, 0.6)
    colour = graph.mix(dusty, grey, graph.ramp(grit, (0.35, srgb("#6f675a")), (0.6, srgb("#948a79"))))
    graph.set(base_color=colour, roughness=graph.remap(stone, 0.2, 0.8, 0.7, 0.95))
    bumps = graph.bump(graph.math("MULTIPLY", cells.outputs[0], -1.0), 0.7, 0.004, graph.bump(grit, 0.4, 0.002))
    return graph.set(normal=bumps)


def litter(yard: Yard, rng: random.Random) -> None:
    """Grow grass along the wall's foot and strew leaves and splinters."""
    greens = [plastic(f"grass {i}", srgb(c), 0.7) for i, c in enumerate(("#56682b", "#7d7a3a", "#46592a"))]
    for clump in [rng.uniform(-1.5, 1.8) for _ in range(26)]:
        for _ in range(rng.randint(5, 16)):
            x, y = clump + rng.gauss(0, 0.04), WALL - 0.006 - abs(rng.gauss(0, 0.02))
            tall, lean = rng.uniform(0.04, 0.17), rng.gauss(0, 0.06)
            path = [(x, y, 0), (x + lean * 0.3, y - 0.008, tall * 0.65), (x + lean, y - 0.03, tall)]
            tube(path, 0.0018, rng.choice(greens), "grass", 4, 3)
    browns = [plastic(f"leaf {i}", srgb(c), 0.75) for i, c in enumerate(("#7a4f25", "#94713a", "#5a3a22"))]
    outline = [(0, 0), (0.012, -0.011), (0.028, -0.013), (0.05, 0), (0.028, 0.013), (0.012, 0.011)]
    leaves = [extrude(outline, 0.0008, brown, "leaf") for brown in browns]
    for _ in range(70):
        at = (rng.uniform(-1.6, 1.9), rng.uniform(-1.4, 0.62), 0.006)
        copy(rng.choice(leaves), "leaf", at, (rng.gauss(0, 0.25), rng.gauss(0, 0.15), rng.uniform(0, 6)))
    discard(*leaves)
    for _ in range(40):
        at = (rng.uniform(-0.9, 1.0), rng.uniform(-1.2, -0.45), 0.002)
        size = (rng.uniform(0.01, 0.09), rng.uniform(0.003, 0.008), 0.003)
        box(size, at, yard.timber((1, 2, 1, 3, 0)), "splinter", 0, (0, 0, rng.uniform(0, 3)))


def build(value: Value, rng: random.Random) -> Shot:
    """Stack the asked-for number of pallets, each a little off the one below."""
    count = int(str(value))
    yard = Yard(rng)
    torn = set(rng.sample(range(2, count - 1), 2))
    stack = []
    for level in range(count):
        root = yard.pallet(f"pallet {level + 1}", torn=level in torn)
        root.location = (rng.uniform(-0.035, 0.035), rng.uniform(-0.025, 0.025), level * LEVEL + 0.0005)
        root.rotation_euler.z = rng.uniform(-0.022, 0.022)
        stack.append(root)
    discard(yard.nail)
    brick_wall(rng)
    box((14, 14, 0.1), (0, 0, -0.05), asphalt(), "yard")
    grey = painted("downpipe", srgb("#4a504e"), chips=0.7, wear=Wear(0.6, 0.3, 0.7, 0.4))
    rod((0.93, 0.585, 0.02), (0.93, 0.585, 3.8), 0.05, grey, "downpipe")
    for z in (0.6, 2.3):
        rod((0.93, 0.585, z), (0.93, 0.585, z + 0.04), 0.056, grey, "clip")
    litter(yard, rng)
    exposure(0.8)
    surroundings("city", 40, 0.75)
    sun((0.62, 0.72, -0.62), 4.2, 0.6, (1, 0.93, 0.83))
    top = count * LEVEL
    camera(View((0.95, -3.7, 1.5), (0.09, 0.0, top / 2 + 0.03), 52, 8, roll_deg=1.2))
    return Shot(stack, Rule(0.35, 6000), Look(grain=0.009, warmth=0.015))


SCENE = Scene(
    prompt=Prompt(
        id="OC05",
        title="Pallet stack",
        question="How many pallets are in the stack? Answer only a number.",
        answer=Answer("integer", 14),
        probes="Each pallet shows several layers of boards, which tempts one to count too many or too few.",
        difficulty="medium",
        tags=("logistics", "timber"),
    ),
    build=build,
    variant=lambda rng: rng.randint(11, 15),
    frame=Frame(1024, 1280),
)
