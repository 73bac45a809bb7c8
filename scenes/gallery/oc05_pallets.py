"""A stack of weathered pallets in a yard."""

from __future__ import annotations

import random

from bpy.types import Object

from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import Wear, concrete, painted, plastic, wood
from scenes.mesh import box, rod, tube
from scenes.nodes import Graph, srgb
from scenes.pallet import HEIGHT, pallet
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.stage import Frame, View, camera, exposure, lamp, sun, surroundings


def brick_wall() -> Object:
    """Return a sooty brick wall facing -y."""
    graph = Graph("bricks")
    where = graph.node("Mapping", {"Vector": graph.where(1.0, varied=False), "Rotation": (1.5708, 0, 0)}).outputs[
        0
    ]
    tone = graph.noise(graph.where(1.0, varied=False), 2.2, 9, 0.7)
    brick = graph.node(
        "TexBrick",
        {
            "Vector": where,
            "Color1": srgb("#6d3a2c"),
            "Color2": srgb("#8a5040"),
            "Mortar": srgb("#8d867a"),
            "Scale": 1.0,
            "Mortar Size": 0.005,
            "Brick Width": 0.225,
            "Row Height": 0.075,
        },
    )
    fine = graph.noise(graph.where(1.0, varied=False), 160, 6, 0.7)
    soot = graph.ramp(tone, (0.32, (0.42, 0.4, 0.38)), (0.6, (1, 1, 1)))
    speck = graph.ramp(fine, (0.35, (0.62, 0.6, 0.58)), (0.55, (1, 1, 1)))
    graph.set(
        base_color=graph.mix(1.0, graph.mix(1.0, brick.outputs[0], soot, "MULTIPLY"), speck, "MULTIPLY"),
        roughness=0.88,
    )
    joint = graph.math("SUBTRACT", 1.0, brick.outputs[1])
    graph.set(normal=graph.bump(joint, 0.8, 0.006, graph.bump(fine, 0.5, 0.003)))
    return box((9, 0.2, 4), (0, 0.78, 2), graph.material, "wall")


def weeds(rng: random.Random) -> None:
    """Grow some grass along the wall's foot."""
    green = plastic("grass", srgb("#5d6b2c"), 0.7)
    for _ in range(90):
        x, y = rng.uniform(-1.6, 1.6), 0.66 - abs(rng.gauss(0, 0.05))
        tall, lean = rng.uniform(0.05, 0.22), rng.gauss(0, 0.08)
        tube(
            [(x, y, 0), (x + lean * 0.3, y - 0.01, tall * 0.6), (x + lean, y - 0.03, tall)],
            0.0022,
            green,
            "grass",
            4,
            3,
        )


def build(value: Value, rng: random.Random) -> Shot:
    """Stack the asked-for number of pallets, each a little off the one below."""
    codes = (("#4d463d", "#8f8677"), ("#5a4a38", "#a08a6a"), ("#403b35", "#7d766b"), ("#66553e", "#b39a74"))
    timbers = [
        wood(f"timber {i}", srgb(dark), srgb(light), 0.85, stains=0.9) for i, (dark, light) in enumerate(codes)
    ]
    count = int(str(value))
    torn = set(rng.sample(range(1, count - 1), 2))
    stack = []
    for level in range(count):
        root = pallet(timbers, f"pallet {level + 1}", level in torn, rng)
        root.location = (rng.uniform(-0.035, 0.035), rng.uniform(-0.02, 0.02), level * HEIGHT)
        root.rotation_euler.z = rng.uniform(-0.018, 0.018)
        stack.append(root)
    brick_wall()
    box((12, 12, 0.1), (0, 0, -0.05), concrete("yard", srgb("#6f6b63"), 1.1, 0.75), "yard")
    rod(
        (0.98, 0.64, 0),
        (0.98, 0.64, 3.6),
        0.055,
        painted("downpipe", srgb("#3c4140"), chips=0.5, wear=Wear(size=0.4)),
        "downpipe",
    )
    weeds(rng)
    exposure(1.0)
    surroundings("park", rng.uniform(0, 360), 0.75)
    sun((0.75, 0.55, -0.75), 2.2, 3.0)
    lamp((-2.0, -2.5, 2.0), (0, 0, 1), 2.0, 60, (0.85, 0.92, 1))
    camera(View((0.75, -3.3, 1.15), (0.02, 0.0, count * HEIGHT / 2 - 0.02), 38, 8, roll_deg=1.0))
    return Shot(stack, Rule(0.35, 6000), Look(grain=0.01))


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
    variant=lambda rng: rng.randint(9, 16),
    frame=Frame(1024, 1280),
)
