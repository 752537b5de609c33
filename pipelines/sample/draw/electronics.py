"""Drawers of phones and what belongs to them."""

from __future__ import annotations

from pipelines.sample.draw.canvas import Canvas, Point, Rgb, bend, contrast, dark, is_light, light, mix
from pipelines.sample.draw.look import Look

INK = (46, 47, 56)
GLASS = (24, 27, 38)
STEEL = (188, 194, 202)
SKIES: tuple[tuple[Rgb, Rgb, Rgb], ...] = (
    ((255, 190, 120), (232, 96, 92), (96, 60, 120)),
    ((140, 214, 220), (70, 140, 200), (40, 66, 130)),
    ((236, 220, 170), (150, 190, 140), (54, 110, 100)),
    ((250, 208, 220), (190, 140, 210), (90, 80, 160)),
)


def phone(canvas: Canvas, look: Look) -> None:
    """Back and front of a phone. Styles: 5G, dual SIM, pro camera, compact, long life."""
    tall = 30 if look.style == 3 else 35
    canvas.shadow(50, 52 + tall, 34, 3.4)
    _phone_back(canvas, look, 36, 50, 17, tall)
    _phone_front(canvas, look, 63, 53, 17, tall)


def _phone_back(canvas: Canvas, look: Look, x: float, y: float, wide: float, tall: float) -> None:
    canvas.rect(x - wide, y - tall, x + wide, y + tall, dark(look.colour, 0.3), r=5)
    canvas.rect(x - wide + 0.8, y - tall + 0.8, x + wide - 0.8, y + tall - 0.8, look.colour, r=4.4, depth=0.28)
    lens = dark(look.colour, 0.15)
    if look.style == 2:
        canvas.ellipse(x - 2, y - tall + 15, 12, 12, lens, how="down")
        spots: tuple[Point, ...] = (
            (x - 7, y - tall + 11),
            (x + 3, y - tall + 11),
            (x - 7, y - tall + 20),
            (x + 3, y - tall + 20),
        )
    elif look.among(2) == 0:
        canvas.rect(x - wide + 3, y - tall + 3, x + 2, y - tall + 20, lens, r=4, how="down")
        spots = ((x - wide + 8, y - tall + 7.6), (x - wide + 8, y - tall + 15.4))
    else:
        spots = tuple((x - wide + 7.5, y - tall + 8 + 9 * step) for step in range(3))
    for cx, cy in spots:
        canvas.ellipse(cx, cy, 3.6, 3.6, GLASS)
        canvas.ellipse(cx, cy, 2.2, 2.2, (60, 70, 104), how="down")
        canvas.ellipse(cx - 0.9, cy - 0.9, 0.7, 0.7, (210, 220, 240), how="plain")
    canvas.text(x - 1, y + tall - 9, look.label, mix(look.colour, contrast(look.colour), 0.45), size=4, width=24)


def _phone_front(canvas: Canvas, look: Look, x: float, y: float, wide: float, tall: float) -> None:
    canvas.shade(
        [
            (x - wide - 2, y - tall + 6),
            (x - wide + 3, y - tall + 2),
            (x - wide + 3, y + tall - 9),
            (x - wide - 2, y + tall - 10),
        ],
        strength=0.16,
    )
    canvas.rect(x - wide, y - tall, x + wide, y + tall, dark(look.colour, 0.35), r=5)
    canvas.rect(x - wide + 0.9, y - tall + 0.9, x + wide - 0.9, y + tall - 0.9, GLASS, r=4.4)
    top, middle, low = SKIES[look.among(len(SKIES), place=1)]
    canvas.rect(x - wide + 2, y - tall + 2, x + wide - 2, y + tall - 2, top, r=3.4, how="down")
    canvas.ellipse(x + 5, y - 6, 6, 6, light(top, 0.6), how="plain")
    left, right, floor = x - wide + 2, x + wide - 2, y + tall - 5
    canvas.polygon(
        [(left, y + 8), *bend((left, y + 8), (x - 6, y - 6), (right, y + 12)), (right, floor), (left, floor)],
        middle,
    )
    canvas.polygon(
        [(left, y + 16), *bend((left, y + 18), (x + 8, y + 4), (right, y + 20)), (right, floor), (left, floor)],
        low,
    )
    canvas.rect(left, y + 22, right, y + tall - 2, low, r=3.4)
    canvas.ellipse(x, y - tall + 5, 1.3, 1.3, GLASS, how="plain")
    canvas.text(x, y - tall + 14, "10:08", light(top, 0.92), size=7)
    canvas.rect(x - 6, y + tall - 4.4, x + 6, y + tall - 3.6, (240, 240, 246), r=0.4, how="plain")


def phone_case(canvas: Canvas, look: Look) -> None:
    """Styles: silicone, leather, clear, shockproof, folio."""
    canvas.shadow(50, 87, 24, 3.2)
    case = light(look.colour, 0.62) if look.style == 2 else look.colour
    if look.style == 4:
        canvas.polygon([(28, 15), (17, 21), (17, 84), (28, 87)], dark(case, 0.2), how="round")
    edge = 6.5 if look.style == 3 else 5.5
    canvas.rect(27, 14, 73, 87, dark(case, 0.3), r=edge + 1)
    canvas.rect(28, 15, 72, 86, case, r=edge, depth=0.3)
    if look.style == 3:
        for x, y in ((27.0, 14.0), (65.0, 14.0), (27.0, 79.0), (65.0, 79.0)):
            canvas.rect(x, y, x + 8, y + 8, dark(case, 0.45), r=3)
        for step in range(4):
            canvas.line([(36, 56 + step * 6), (64, 46 + step * 6)], dark(case, 0.2), width=1.6)
    if look.style == 1:
        for start, end in (((31, 18), (69, 18)), ((69, 18), (69, 83)), ((69, 83), (31, 83)), ((31, 83), (31, 18))):
            for step in range(0, 20, 2):
                a, b = step / 20, (step + 1.1) / 20
                canvas.line(
                    [tuple(p + (q - p) * part for p, q in zip(start, end, strict=True)) for part in (a, b)],  # type: ignore[misc]
                    light(case, 0.4),
                    width=0.5,
                )
    if look.style == 2:
        canvas.rect(33, 20, 67, 81, mix(look.colour, (250, 250, 252), 0.45), r=4)
        canvas.shine([(36, 60), (60, 24), (66, 24), (40, 72)], strength=0.35)
    if look.style == 0:
        _print(canvas, look)
    canvas.rect(32, 19, 53, 40, dark(case, 0.42), r=5, how="down")
    for x, y in ((38, 25), (38, 34), (47, 29.5)):
        canvas.ellipse(x, y, 3.4, 3.4, GLASS)
        canvas.ellipse(x - 0.9, y - 0.9, 0.8, 0.8, (190, 204, 232), how="plain")
    canvas.text(50, 77, look.label, mix(case, contrast(case), 0.4), size=4.4, width=30)


def _print(canvas: Canvas, look: Look) -> None:
    pattern = look.among(4, place=2)
    ink = light(look.colour, 0.42) if not is_light(look.colour) else dark(look.colour, 0.18)
    if pattern == 0:
        for row in range(4):
            for column in range(4):
                canvas.ellipse(35 + column * 10, 46 + row * 8, 1.6, 1.6, ink, how="plain")
    elif pattern == 1:
        for step in range(4):
            canvas.line(bend((28.6, 50 + step * 7), (50, 40 + step * 7), (71.4, 52 + step * 7)), ink, width=1.2)
    elif pattern == 2:
        canvas.ellipse(50, 59, 10, 10, ink, how="plain")
        canvas.ellipse(54, 56, 8.4, 8.4, look.colour, how="plain")


def charger(canvas: Canvas, look: Look) -> None:
    """Styles: fast USB-C, wireless, two-port, travel, car."""
    if look.style == 1:
        _wireless_pad(canvas, look)
    elif look.style == 4:
        _car_charger(canvas, look)
    else:
        _wall_plug(canvas, look)


def _wall_plug(canvas: Canvas, look: Look) -> None:
    body, ports = look.colour, 2 if look.style == 2 else 1
    canvas.shadow(46, 82, 26, 3.6)
    for x in (38.0, 52.0):
        canvas.rect(x - 1.8, 17, x + 1.8, 34, STEEL, r=1.4, how="metal")
    if look.style == 3:
        canvas.rect(43.4, 14, 46.8, 34, STEEL, r=1, how="metal")
    canvas.rect(25, 30, 65, 82, dark(body, 0.2), r=8)
    canvas.rect(26, 30.5, 64, 80.5, body, r=7.4, how="round", depth=0.25)
    canvas.text(45, 46, look.label, mix(body, contrast(body), 0.45), size=5, width=30)
    for number in range(ports):
        x = 45 + (number - (ports - 1) / 2) * 15
        canvas.rect(x - 5, 63, x + 5, 67.6, INK, r=2.3)
        canvas.rect(x - 3.4, 64.6, x + 3.4, 66, (120, 124, 134), r=0.7)
    cable = dark(body, 0.3) if is_light(body) else light(body, 0.25)
    canvas.line(
        [*bend((45, 68), (46, 94), (68, 86)), *bend((68, 86), (90, 78), (80, 56)), (80, 44)], cable, width=2.2
    )
    canvas.rect(76, 30, 84, 45, body, r=2, how="round")
    canvas.rect(77.6, 24, 82.4, 31, STEEL, r=1.8, how="metal")


def _wireless_pad(canvas: Canvas, look: Look) -> None:
    cable = dark(look.colour, 0.3)
    canvas.line([*bend((78, 60), (96, 62), (92, 84)), (92, 99)], cable, width=2)
    canvas.shadow(50, 68, 40, 14)
    canvas.ellipse(50, 64, 36, 20, dark(look.colour, 0.35), how="round")
    canvas.ellipse(50, 60, 36, 20, look.colour, how="flat", depth=0.3)
    canvas.ellipse(50, 60, 29, 15.6, light(look.colour, 0.1), how="down")
    canvas.arc(50, 60, 20, 10.5, (90, 200, 160), width=0.8)
    canvas.polygon(
        [(51.5, 53), (44, 61.4), (49.4, 61.4), (47.6, 67.4), (56, 58.6), (50.8, 58.6)],
        mix(look.colour, contrast(look.colour), 0.55),
    )
    canvas.shine([(22, 54), (34, 46), (44, 44), (32, 50), (26, 58)], strength=0.25)


def _car_charger(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 88, 14, 3)
    canvas.polygon([(44, 62), (56, 62), (53, 84), (47, 84)], STEEL, how="metal")
    canvas.ellipse(50, 85, 3, 2.4, (210, 176, 92), how="round")
    canvas.rect(35, 26, 65, 66, look.colour, r=5, how="round", depth=0.3)
    canvas.ellipse(50, 27, 15, 6, light(look.colour, 0.15), how="down")
    for x in (44, 56):
        canvas.rect(x - 4, 25, x + 4, 29, INK, r=1)
    canvas.arc(50, 40, 15, 4.5, (96, 176, 236), start=0, end=180, width=1.2)
    for side in (33.5, 63.5):
        canvas.rect(side, 50, side + 3, 58, STEEL, r=1, how="metal")
    canvas.text(50, 56, look.label, mix(look.colour, contrast(look.colour), 0.5), size=4.4, width=24)
