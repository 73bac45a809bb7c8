"""A supermarket bay of tea with one packet put back on the wrong shelf."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from bpy.types import Material, Object
from PIL import Image, ImageDraw, ImageFilter

from scenes.assets import font, keep
from scenes.entry import Answer, Prompt, Value
from scenes.gate import Rule
from scenes.materials import CLEAN, Wear, film, painted, plastic, printed
from scenes.mesh import box, label, sheet
from scenes.nodes import srgb
from scenes.photo import Look
from scenes.scene import Scene, Shot
from scenes.sight import require_apart, see_through
from scenes.stage import Frame, View, camera, exposure, lamp, surroundings

BAY, STEP, SHELVES = 0.72, 0.192, 3
RAIL = 0.039
Ink = tuple[int, int, int]


@dataclass(frozen=True)
class Tea:
    """A product: brand, blend, colours of ground, band and drawing, layout, and size of its packet in metres."""

    brand: str
    blend: str
    ground: str
    band: str
    ink: str
    layout: int
    face: str
    size: tuple[float, float]

    @property
    def key(self) -> str:
        """Return a name for materials."""
        return self.brand.lower()


TEAS = (
    Tea("Oakmere", "English Breakfast", "#7c1d22", "#efe2c4", "#d8a23a", 0, "oswald-600", (0.104, 0.131)),
    Tea("Marrowby", "Breakfast Blend", "#8a2424", "#f1e6cf", "#e2b04a", 1, "barlow-condensed-700", (0.108, 0.124)),
    Tea("Pennick", "Strong Breakfast", "#6b1a2a", "#f4ead2", "#c98a2c", 2, "oswald-700", (0.100, 0.134)),
    Tea("Tolvane", "Afternoon Tea", "#1f4a3a", "#efe6cc", "#d6b25a", 0, "oswald-500", (0.106, 0.128)),
    Tea("Brackley Orr", "Gold Label", "#b07c1c", "#fbf2d8", "#6a2410", 1, "oswald-600", (0.112, 0.122)),
    Tea("Ostrey", "Earl Grey", "#2b3f6e", "#eef0ea", "#c9a95e", 2, "barlow-condensed-700", (0.102, 0.130)),
    Tea("Hesselby", "Decaffeinated", "#2c6a86", "#f3f0e2", "#e0a03a", 0, "oswald-600", (0.105, 0.127)),
    Tea("Lindmoor", "Everyday Tea", "#a33a1c", "#f6ecd4", "#f0c04a", 1, "oswald-700", (0.110, 0.125)),
    Tea("Fenwyre", "Assam Leaf", "#3d2c52", "#efe7d6", "#d9923c", 2, "oswald-600", (0.101, 0.132)),
)


def rgb(code: str) -> Ink:
    """Return a hex code as a pixel."""
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def shade(colour: Ink, factor: float) -> Ink:
    """Return a lighter or darker pixel."""
    red, green, blue = (min(255, max(0, round(c * factor))) for c in colour)
    return red, green, blue


def sprig(draw: ImageDraw.ImageDraw, at: tuple[float, float], size: float, colour: Ink, lean: float) -> None:
    """Draw a tea shoot of seven leaves."""
    for index in range(7):
        t = index / 6
        x, y = at[0] + lean * size * t * t, at[1] - size * t
        side = 0 if index == 6 else (-1, 1)[index % 2]
        turn, long = math.radians(62 * side) + lean * t, size * (0.46 - 0.16 * t)
        points = []
        for step in range(25):
            u = step / 12 if step <= 12 else (24 - step) / 12
            width = 0.19 * long * math.sin(math.pi * u**0.8) * (1 if step <= 12 else -1)
            points.append(
                (
                    x + u * long * math.sin(turn) + width * math.cos(turn),
                    y - u * long * math.cos(turn) + width * math.sin(turn),
                )
            )
        draw.polygon(points, fill=shade(colour, 0.82 + 0.3 * t))
    draw.line(
        (*at, at[0] + lean * size * 0.3, at[1] - size * 0.55, at[0] + lean * size, at[1] - size),
        fill=colour,
        width=7,
    )


def cup(draw: ImageDraw.ImageDraw, at: tuple[float, float], size: float, colour: Ink, tea: Ink) -> None:
    """Draw a cup and saucer with steam."""
    x, y = at
    draw.ellipse((x - size, y + size * 0.42, x + size, y + size * 0.78), fill=shade(colour, 0.8))
    draw.arc(
        (x + size * 0.35, y - size * 0.2, x + size * 0.95, y + size * 0.35),
        -100,
        110,
        fill=colour,
        width=round(size * 0.1),
    )
    draw.chord((x - size * 0.62, y - size * 0.85, x + size * 0.62, y + size * 0.62), 0, 180, fill=colour)
    draw.ellipse((x - size * 0.62, y - size * 0.28, x + size * 0.62, y + size * 0.05), fill=shade(colour, 0.92))
    draw.ellipse((x - size * 0.53, y - size * 0.23, x + size * 0.53, y + size * 0.02), fill=tea)
    for shift in (-0.25, 0.05, 0.32):
        wave = [(x + size * (shift + 0.09 * math.sin(k * 0.9)), y - size * (0.35 + 0.09 * k)) for k in range(9)]
        draw.line(wave, fill=shade(colour, 0.97), width=round(size * 0.045), joint="curve")


def hills(draw: ImageDraw.ImageDraw, frame: tuple[int, int, int, int], ground: Ink, sun: Ink) -> None:
    """Draw rows of bushes on hills under a sun."""
    left, top, right, bottom = frame
    draw.rectangle(frame, fill=shade(sun, 1.12))
    mid = (left + right) / 2
    draw.ellipse((mid - 150, top + 40, mid + 150, top + 340), fill=shade(sun, 0.9))
    for index in range(7):
        y = top + 220 + index * (bottom - top - 220) / 7
        tone = (shade((92, 118, 52), 0.7 + 0.07 * index), shade(ground, 0.75 + 0.05 * index))[index % 2]
        points = [(left, bottom)]
        points += [(left + (right - left) * k / 40, y + 46 * math.sin(k * 0.16 + index * 1.9)) for k in range(41)]
        draw.polygon([*points, (right, bottom)], fill=tone)


def fitted(text: str, face: str, width: float, most: float) -> tuple[str, float]:
    """Return a font and the size at which a text fills a width, at most so large."""
    return face, min(most, most * width / font(face, most).getlength(text))


def front(tea: Tea) -> Material:
    """Return the printed front of a packet."""
    ground, band, ink = rgb(tea.ground), rgb(tea.band), rgb(tea.ink)
    wide, tall = round(tea.size[0] * 9000), round(tea.size[1] * 9000)
    art = Image.new("RGB", (wide, tall), ground)
    draw = ImageDraw.Draw(art)
    middle = wide / 2
    brand = fitted(tea.brand.upper() if tea.layout else tea.brand, tea.face, wide * 0.80, 210)
    if tea.layout == 0:
        draw.ellipse((wide * 0.06, tall * 0.07, wide * 0.94, tall * 0.40), fill=band, outline=ink, width=12)
        draw.text((middle, tall * 0.232), tea.brand, ground, font(brand[0], brand[1] * 0.88), anchor="mm")
        for lean, x in ((-0.35, 0.36), (0.0, 0.5), (0.35, 0.64)):
            sprig(draw, (wide * x, tall * 0.79), tall * 0.26, ink, lean)
        draw.rectangle((0, tall * 0.80, wide, tall * 0.925), fill=band)
        draw.text((middle, tall * 0.862), tea.blend, ground, font("barlow-condensed-600", 92), anchor="mm")
    elif tea.layout == 1:
        hills(draw, (0, 0, wide, round(tall * 0.62)), ground, ink)
        draw.rectangle((0, tall * 0.40, wide, tall * 0.635), fill=band)
        draw.line((0, tall * 0.41, wide, tall * 0.41), fill=ground, width=8)
        draw.line((0, tall * 0.625, wide, tall * 0.625), fill=ground, width=8)
        draw.text((middle, tall * 0.517), tea.brand.upper(), ground, font(*brand), anchor="mm")
        draw.text((middle, tall * 0.745), tea.blend, band, font("barlow-condensed-600", 100), anchor="mm")
    else:
        draw.polygon([(0, tall * 0.50), (wide, tall * 0.36), (wide, tall), (0, tall)], fill=band)
        draw.text((middle, tall * 0.16), tea.brand.upper(), band, font(*brand), anchor="mm")
        draw.text((middle, tall * 0.305), tea.blend, ink, font("barlow-condensed-500", 88), anchor="mm")
        cup(draw, (middle, tall * 0.69), wide * 0.27, ground, ink)
    foot = band if tea.layout != 2 else ground
    draw.text((middle, tall * 0.958), "80 TEA BAGS   250 g", foot, font("barlow-condensed-500", 56), anchor="mm")
    return printed(
        tea.key, keep(art.filter(ImageFilter.GaussianBlur(0.8)), f"tea_{tea.key}"), 0.34, 0.08, 0.5, 0.15
    )


def ticket(tea: Tea, price: str, offer: bool, rng: random.Random) -> Material:
    """Return a shelf-edge label."""
    art = Image.new("RGB", (720, 380), (250, 214, 40) if offer else (246, 246, 241))
    draw = ImageDraw.Draw(art)
    black = (20, 20, 22)
    draw.text((24, 72), tea.brand, black, font(*fitted(tea.brand, "roboto-condensed-700", 670, 158)), anchor="lm")
    draw.text((24, 176), tea.blend, black, font("roboto-condensed-500", 72), anchor="lm")
    draw.text((700, 302), price, black, font("barlow-condensed-700", 150), anchor="rm")
    draw.text(
        (24, 352),
        f"{rng.randint(10000, 99999)} {rng.randint(100, 999)}",
        black,
        font("roboto-condensed-400", 34),
        anchor="lm",
    )
    x = 26
    while x < 270:
        width = rng.choice([3, 3, 5, 8])
        draw.rectangle((x, 248, x + width, 326), fill=black)
        x += width + rng.choice([3, 4, 6, 8])
    return printed(f"ticket {tea.key}", keep(art, f"ticket_{tea.key}"), 0.55, 0.2, size=0.06)


def packet(tea: Tea, art: Material, card: Material, name: str) -> Object:
    """Return a packet standing on its origin's level, front towards -y."""
    wide, tall = tea.size
    body = box((wide, 0.072, tall), (0, 0, 0), card, name, 0.0011)
    label(body, art, wide - 0.0016, tall - 0.0016, (0, -0.0363, 0), (math.pi / 2, 0, 0), f"{name} front")
    return body


def stand(body: Object, x: float, y: float, shelf: int, turn: float) -> None:
    """Stand a packet on a shelf."""
    tall = body.dimensions.z
    body.location, body.rotation_euler = (x, y, -shelf * STEP + tall / 2 + 0.0004), (0, 0, turn)


def gondola() -> None:
    """Build the bay: boards with price rails, uprights, back panel and a header above."""
    steel = painted("shelf white", srgb("#d5d3ca"), chips=0.35, wear=Wear(0.6, 0.35, 0.6, 0.2))
    grey = painted("upright", srgb("#8f9290"), chips=0.5, wear=Wear(0.6, 0.3, 0.5, 0.2))
    rail = plastic("price rail", srgb("#c9cbc6"), 0.3, Wear(0.5, 0.3, 0.7, 0.1))
    clear = film("rail cover", (0.97, 0.98, 0.98), 0.03, 0.06, 0.7)
    for shelf in range(SHELVES):
        z = -shelf * STEP
        box((BAY, 0.36, 0.022), (0, 0.155, z - 0.011), steel, "board", 0.0015)
        box((BAY - 0.002, 0.004, RAIL), (0, -0.0285, z - RAIL / 2 + 0.001), rail, "price rail", 0.0012)
        for edge in (0.0004, -RAIL + 0.0016):
            box((BAY - 0.002, 0.0045, 0.0026), (0, -0.0318, z + edge), rail, "rail lip", 0.0008)
        cover = see_through(sheet(BAY - 0.004, RAIL - 0.004, clear, "rail cover"))
        cover.location, cover.rotation_euler = (0, -0.0330, z - RAIL / 2 + 0.001), (math.pi / 2, 0, 0)
    for sign in (-1, 1):
        x = sign * (BAY / 2 + 0.014)
        box((0.024, 0.05, 1.4), (x, 0.31, -0.1), grey, "upright", 0.002)
        for shelf in range(SHELVES):
            box(
                (0.003, 0.34, 0.05),
                (sign * (BAY / 2 + 0.0025), 0.15, -shelf * STEP - 0.025),
                steel,
                "bracket",
                0.001,
            )
    box(
        (3, 0.012, 2), (0, 0.342, 0), plastic("back panel", srgb("#c8c6bd"), 0.5, Wear(0.5, 0.2, 0.5, 0.3)), "back"
    )
    plinth = painted("plinth", srgb("#5d605e"), chips=0.6, wear=Wear(0.7, 0.5, 0.7, 0.2))
    box((3, 0.02, 0.3), (0, 0.05, -2 * STEP - RAIL - 0.16), plinth, "plinth", 0.002)
    for sign in (-1, 1):
        for shelf in range(SHELVES):
            z = -shelf * STEP
            box((0.5, 0.36, 0.022), (sign * (BAY / 2 + 0.285), 0.155, z - 0.011), steel, "next board", 0.0015)
            box(
                (0.5, 0.004, RAIL),
                (sign * (BAY / 2 + 0.285), -0.0285, z - RAIL / 2 + 0.001),
                rail,
                "next rail",
                0.001,
            )


def build(value: Value, rng: random.Random) -> Shot:
    """Fill three shelves by their labels and put one packet of the asked-for brand on another shelf."""
    lost = next(tea for tea in TEAS if tea.brand == value)
    order = [tea for tea in TEAS if tea is not lost]
    rng.shuffle(order)
    home = rng.randrange(SHELVES)
    strays = rng.choice([shelf for shelf in range(SHELVES) if shelf != home])
    order.insert(home * 3 + rng.randrange(3), lost)
    arts = {tea: front(tea) for tea in TEAS}
    cards = {tea: plastic(f"card {tea.key}", srgb(tea.ground), 0.42, CLEAN) for tea in TEAS}
    fronts: list[Object] = []
    tickets: list[Object] = []
    offers = set(rng.sample(range(9), 2))
    for shelf in range(SHELVES):
        teas = order[shelf * 3 : shelf * 3 + 3]
        row = [tea for tea in teas for _ in range(2)]
        if shelf == strays:
            row[rng.choice([1, 2, 3, 4])] = lost
        gap = (BAY - 0.012 - sum(tea.size[0] for tea in row)) / 6
        x = -BAY / 2 + 0.006
        for index, tea in enumerate(row):
            x += gap / 2
            middle = x + tea.size[0] / 2
            body = packet(tea, arts[tea], cards[tea], f"packet {shelf}.{index} {tea.key}")
            slack = min(0.03, gap / 3 / 0.072)
            stand(body, middle, 0.024 + rng.uniform(-0.006, 0.012), shelf, rng.uniform(-slack, slack))
            fronts.append(body)
            rear = row[index - 1] if tea is lost and shelf == strays else tea
            for deep in range(1, 4):
                behind = packet(rear, arts[rear], cards[rear], "behind")
                away = 0.03 + deep * 0.076
                stand(behind, middle + rng.uniform(-0.002, 0.002), away, shelf, rng.uniform(-0.02, 0.02))
            x += tea.size[0] + gap / 2
        for index, tea in enumerate(teas):
            at = (index - 1) * BAY / 3 + rng.uniform(-0.012, 0.012)
            price = f"{rng.choice([1, 2, 2, 3])}.{rng.choice([19, 29, 49, 59, 79, 99])}"
            art = ticket(tea, price, shelf * 3 + index in offers, rng)
            card = sheet(0.0665, 0.0351, art, f"ticket {tea.key}")
            card.location = (at, -0.0312, -shelf * STEP - RAIL / 2 + 0.001)
            card.rotation_euler = (math.pi / 2, rng.uniform(-0.012, 0.012), 0)
            tickets.append(card)
    require_apart(fronts)
    gondola()
    exposure(1.05)
    surroundings("hall", rng.uniform(0, 360), 0.4)
    lamp((-0.5, -0.75, 1.25), (0, 0, -0.25), 0.12, 15, (0.93, 1, 0.96), 1.5)
    lamp((0.9, -1.3, 0.9), (0, 0, -0.2), 0.5, 9, (0.95, 1, 0.98), 1.2)
    camera(View((0.07, -1.26, 0.02), (0.0, 0.0, -0.144), 55.5, 8, roll_deg=-1.2))
    return Shot([*fronts, *tickets], Rule(0.8, 2500), Look(grain=0.011, warmth=-0.01, tint=0.006))


SCENE = Scene(
    prompt=Prompt(
        id="SU09",
        title="Packet on the wrong shelf",
        question=(
            "One packet in this bay stands on a shelf whose three price labels are all for other products. What "
            "is the brand name on that packet? Answer only the name."
        ),
        answer=Answer("text", "Oakmere"),
        probes="Comparing the fronts of eighteen packets with the labels of their own shelf; invented brands.",
        difficulty="medium",
        tags=("retail", "print"),
    ),
    build=build,
    variant=lambda rng: rng.choice([tea.brand for tea in TEAS]),
    frame=Frame(1440, 1080),
)
