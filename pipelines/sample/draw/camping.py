"""Drawers of what is slept in and cooked on in a tent."""

from __future__ import annotations

import math

from pipelines.sample.draw.canvas import Canvas, bend, dark, light, mirrored, mix
from pipelines.sample.draw.look import Look

STEEL = (186, 192, 200)
INK = (50, 52, 60)
FLAME = (250, 150, 50)


def sleeping_bag(canvas: Canvas, look: Look) -> None:
    """Styles: down, summer, mummy, synthetic."""
    colour, lining = look.colour, mix(look.accent, (240, 226, 200), 0.4)
    canvas.shadow(52, 54, 25, 44, strength=0.24)
    if look.style in (1, 3):
        canvas.rect(27, 8, 73, 94, colour, r=6, how="round", depth=0.26)
        rows = range(8)
    else:
        canvas.polygon(
            mirrored(
                [
                    (50, 6),
                    *bend((50, 6), (28, 6), (27, 26)),
                    *bend((25, 40), (26, 60), (33, 88)),
                    *bend((34, 94), (40, 95), (50, 95)),
                ]
            ),
            colour,
            how="round",
            depth=0.28,
        )
        rows = range(8)
    for row in rows:
        y = 36 + row * 7.4
        narrow = 0.0 if look.style in (1, 3) else max(0, row - 1) * 1.06
        canvas.line(bend((28 + narrow, y), (50, y + 3.6), (72 - narrow, y)), dark(colour, 0.2), width=0.9)
        canvas.line(
            bend((28 + narrow, y + 1.4), (50, y + 5), (72 - narrow, y + 1.4)), light(colour, 0.22), width=0.5
        )
    if look.style in (1, 3):
        canvas.polygon(
            [
                (27, 34),
                (27, 14),
                *bend((27, 9), (28, 8), (33, 8)),
                (67, 8),
                *bend((72, 8), (73, 9), (73, 14)),
                (73, 22),
                *bend((60, 26), (42, 28), (27, 34)),
            ],
            lining,
            depth=0.16,
        )
        canvas.rect(34, 11, 66, 22, light(lining, 0.4), r=3, how="down", depth=0.12)
    else:
        canvas.ellipse(50, 20, 15, 12, lining, how="down", depth=0.2)
        canvas.ellipse(50, 22, 10, 7.6, light(lining, 0.35), how="down", depth=0.14)
        canvas.arc(50, 20, 16, 13, dark(colour, 0.2), width=1.3)
    canvas.line([(68, 34), (66 if look.style in (0, 2) else 69, 82)], STEEL, width=0.9)
    canvas.rect(67, 33, 70, 38, look.accent, r=0.8)
    canvas.ellipse(84, 82, 10, 12, dark(colour, 0.12), how="round", depth=0.3)
    canvas.ellipse(84, 72, 6, 2.6, dark(colour, 0.4), how="down")
    canvas.line([(80, 71), (84, 66), (88, 71)], INK, width=0.8)
    canvas.text(84, 83, look.label, light(colour, 0.8), size=4, width=15)


def stove(canvas: Canvas, look: Look) -> None:
    """Styles: gas, wood, spirit, twin-burner."""
    if look.style == 3:
        _twin_burner(canvas, look)
        return
    canvas.shadow(50, 87, 30, 4)
    if look.style == 0:
        canvas.polygon(
            [
                (33, 62),
                *bend((33, 62), (36, 56), (44, 55)),
                (56, 55),
                *bend((56, 55), (64, 56), (67, 62)),
                (67, 84),
                *bend((67, 84), (50, 91), (33, 84)),
            ],
            look.colour,
            how="metal",
            depth=0.3,
        )
        canvas.text(50, 73, look.label, light(look.colour, 0.85), size=6, width=28)
        canvas.rect(46, 48, 54, 56, STEEL, how="metal")
        canvas.line([(54, 52), (68, 52)], STEEL, width=1.6)
        canvas.ellipse(70, 52, 2.6, 3.4, INK, how="round")
    else:
        canvas.polygon(
            [(30, 48), (70, 48), (66, 86), (34, 86)],
            STEEL if look.style == 1 else look.colour,
            how="metal",
            depth=0.35,
        )
        if look.style == 1:
            canvas.rect(42, 66, 58, 80, (60, 40, 34), r=2, how="down")
            canvas.blob([(50, 66), (55, 76), (50, 80), (45, 76)], FLAME)
            canvas.polygon([(30.8, 54), (69.2, 54), (68.8, 58), (31.2, 58)], look.colour, how="round")
            for x in (36.0, 50.0, 64.0):
                canvas.ellipse(x, 62, 1.2, 1.2, (60, 40, 34), how="plain")
        else:
            for x in (38.0, 46.0, 54.0, 62.0):
                canvas.ellipse(x, 56, 1.6, 1.6, dark(look.colour, 0.6), how="plain")
            canvas.text(50, 72, look.label, light(look.colour, 0.85), size=6, width=26)
    canvas.ellipse(50, 47, 13, 3.4, INK, how="down")
    for number in range(5):
        x = 41 + number * 4.5
        canvas.blob(
            [(x, 38 - (number % 2) * 2), (x + 2, 44), (x, 47), (x - 2, 44)],
            (90, 160, 240) if look.style == 0 else FLAME,
        )
    for side in (-1, 1):
        canvas.line([(50 + side * 6, 49), (50 + side * 19, 42), (50 + side * 19, 37)], INK, width=1.4)
    _pot(canvas, 50, 14, 23)


def _pot(canvas: Canvas, x: float, top: float, half: float) -> None:
    canvas.polygon(
        [
            (x - half, top),
            (x + half, top),
            (x + half - 1, top + 19),
            *bend((x + half - 1, top + 21), (x, top + 25), (x - half + 1, top + 21)),
        ],
        STEEL,
        how="metal",
        depth=0.3,
    )
    canvas.ellipse(x, top, half, 3.8, (210, 214, 220), how="down")
    canvas.ellipse(x, top - 0.6, half - 3, 2.6, (176, 182, 190), how="down")
    canvas.ellipse(x, top - 3, 2.4, 1.9, INK, how="round")
    canvas.line([(x + half, top + 6), (x + half + 14, top + 4)], INK, width=2.4)
    for step in (-6, 0, 6):
        canvas.line(
            bend((x + step, top - 6), (x + step + 2.4, top - 8.6), (x + step, top - 11)),
            (226, 232, 238),
            width=0.8,
        )


def _twin_burner(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 84, 44, 4)
    canvas.polygon([(12, 28), (88, 28), (90, 58), (10, 58)], dark(look.colour, 0.14), depth=0.2)
    canvas.polygon([(16, 32), (84, 32), (86, 56), (14, 56)], STEEL, how="metal", depth=0.2)
    canvas.polygon([(10, 58), (90, 58), (95, 72), (5, 72)], INK)
    for x in (30, 70):
        canvas.ellipse(x, 64.4, 14, 4.8, (84, 86, 96), how="down")
        for step in range(6):
            a = step / 6 * math.tau
            canvas.blob(
                [
                    (x + 8 * math.cos(a), 60 + 2.6 * math.sin(a)),
                    (x + 8 * math.cos(a) + 1.3, 63.6 + 2.6 * math.sin(a)),
                    (x + 8 * math.cos(a) - 1.3, 63.6 + 2.6 * math.sin(a)),
                ],
                (96, 164, 244),
            )
        canvas.arc(x, 63, 13, 4.4, (160, 164, 174), width=0.8)
        canvas.line([(x - 14, 63), (x + 14, 63)], (160, 164, 174), width=0.8)
    canvas.rect(5, 71, 95, 84, look.colour, r=2, how="down", depth=0.3)
    for x in (24, 76):
        canvas.ellipse(x, 77.5, 4, 4, INK, how="round")
        canvas.line([(x, 77.5), (x, 74.4)], (240, 240, 240), width=0.8)
    canvas.text(50, 77.6, look.label, light(look.colour, 0.85), size=5.4, width=30)
