"""Drawers of what makes a home."""

from __future__ import annotations

import math

from pipelines.sample.draw.canvas import Canvas, Rgb, bend, dark, light, mirrored, mix
from pipelines.sample.draw.look import Look

BRASS = (206, 164, 84)
WOOD = (178, 128, 84)
LINEN = (240, 230, 210)
GLOW = (255, 236, 186)
INK = (50, 50, 60)


def lamp(canvas: Canvas, look: Look) -> None:
    """Styles: ceramic, brass, wooden, linen, glass. The foot and the shade vary."""
    foot = {1: BRASS, 2: WOOD, 4: light(look.colour, 0.35)}.get(look.style, look.colour)
    shade = {0: LINEN, 3: mix(LINEN, look.colour, 0.35)}.get(look.style, look.colour)
    canvas.shadow(50, 88, 22, 3.6)
    canvas.shine([(50, 8), (84, 20), (88, 46), (72, 60), (28, 60), (12, 46), (16, 20)], strength=0.2)
    _foot(canvas, look, foot)
    if look.style == 4:
        canvas.ellipse(50, 33, 21, 20, shade, how="round", depth=0.2)
        canvas.ellipse(48, 34, 13, 13, light(shade, 0.5), how="plain")
        canvas.ellipse(47, 34, 7.5, 7.5, GLOW, how="plain")
        canvas.rect(43, 50, 57, 55, BRASS, r=1, how="metal")
        return
    form = look.among(3, place=1)
    top, low = ((13.0, 27.0), (20.0, 25.0), (7.0, 28.0))[form]
    canvas.polygon(
        [(50 - top, 15), (50 + top, 15), (50 + low, 49), (50 - low, 49)], shade, how="round", depth=0.24
    )
    canvas.polygon(
        [
            (50 - low, 49),
            *bend((50 - low, 49), (50, 54), (50 + low, 49)),
            *bend((50 + low, 49), (50, 45), (50 - low, 49)),
        ],
        GLOW,
        depth=0.06,
    )
    canvas.shine([(50, 22), (62, 36), (60, 46), (50, 48), (40, 46), (38, 36)], strength=0.12)
    if look.style == 3 or look.chance[2] < 0.3:
        for step in range(1, 9):
            part = step / 9
            canvas.line(
                [(50 - top + 2 * top * part, 15), (50 - low + 2 * low * part, 49)], dark(shade, 0.1), width=0.4
            )
    for y, half in ((15.6, top), (48.6, low)):
        canvas.line([(50 - half, y), (50 + half, y)], dark(shade, 0.18), width=0.8)


def _foot(canvas: Canvas, look: Look, tone: Rgb) -> None:
    how = "metal" if look.style == 1 else "round"
    form = look.among(3, place=0)
    canvas.rect(48.4, 48, 51.6, 60, BRASS, how="metal")
    if look.style == 1 or form == 0:
        canvas.rect(48, 50, 52, 84, tone, how=how)
        canvas.ellipse(50, 66, 4, 4, tone, how=how)
        canvas.polygon(
            [(34, 87), *bend((34, 84), (48, 84), (48, 78)), *bend((52, 78), (52, 84), (66, 84)), (66, 87)],
            tone,
            how=how,
            depth=0.3,
        )
    elif form == 1:
        half = [(46, 57), *bend((46, 57), (30, 66), (38, 82)), (41, 87)]
        canvas.polygon(mirrored(half), tone, how=how, depth=0.34)
    else:
        for y, wide in ((61, 5.4), (70, 8.2), (80.4, 11)):
            canvas.ellipse(50, y, wide, wide * 0.74, tone, how=how, depth=0.34)
    canvas.rect(38, 84.6, 62, 87.6, dark(tone, 0.2), r=1.2, how=how)


def bulb(canvas: Canvas, look: Look) -> None:
    """Styles: LED, filament, smart, dimmable."""
    glow = ((255, 246, 218), (255, 214, 132), (206, 196, 250), (255, 232, 176))[look.style]
    for radius, strength in ((42, 0.12), (34, 0.16), (27, 0.22)):
        canvas.shine(
            [
                (50 + radius * math.cos(a / 8 * math.tau), 40 + radius * math.sin(a / 8 * math.tau))
                for a in range(8)
            ],
            strength=strength,
        )
    half = [*bend((50, 14), (26, 14), (26, 38)), *bend((26, 38), (27, 50), (38, 60)), (41, 68)]
    body = glow if look.style != 1 else (250, 226, 178)
    canvas.polygon(mirrored(half), body, how="round", depth=0.16)
    if look.style == 1:
        canvas.line([(46, 68), (44, 46)], (140, 120, 90), width=0.6)
        canvas.line([(54, 68), (56, 46)], (140, 120, 90), width=0.6)
        for step in range(4):
            canvas.line(
                [(40 + step * 5, 50), (42.6 + step * 5, 30), (45 + step * 5, 50)], (236, 126, 32), width=0.9
            )
    elif look.style == 2:
        for step, tone in enumerate(((236, 110, 130), (120, 150, 240), (110, 214, 190))):
            canvas.arc(50, 46, 6 + step * 4.4, 6 + step * 4.4, tone, start=215, end=325, width=1.6)
        canvas.ellipse(50, 46, 1.8, 1.8, (110, 214, 190), how="plain")
    else:
        canvas.ellipse(50, 38, 12, 12, (255, 252, 240), how="plain")
    canvas.polygon(
        [(39, 62), (61, 62), (59, 71), (41, 71)],
        (246, 246, 244) if look.style != 1 else BRASS,
        how="round",
        depth=0.25,
    )
    for step in range(4):
        y = 71 + step * 3.6
        canvas.rect(
            41.4 + step * 0.5, y, 58.6 - step * 0.5, y + 3.4, (178, 182, 190), r=1.4, how="metal", depth=0.35
        )
    canvas.polygon([(44, 85.4), (56, 85.4), (52.6, 89), (47.4, 89)], INK)
    canvas.shine([(33, 32), (38, 23), (44, 20), (38, 30), (35, 40)], strength=0.6)


def cushion(canvas: Canvas, look: Look) -> None:
    """Styles: linen, velvet, cotton, knitted, embroidered."""
    canvas.shadow(50, 84, 34, 4)
    puff = [
        (18, 20),
        (34, 24),
        (50, 23),
        (66, 24),
        (82, 20),
        (78, 36),
        (80, 52),
        (78, 68),
        (83, 84),
        (66, 80),
        (50, 82),
        (34, 80),
        (17, 84),
        (22, 68),
        (20, 52),
        (22, 36),
    ]
    canvas.blob(puff, look.colour, how="flat", depth=0.26)
    ink = look.accent if look.style == 4 else light(look.colour, 0.5)
    if look.style == 0:
        for step in range(10):
            canvas.line(
                bend((22.6, 27 + step * 5.6), (50, 28 + step * 5.6), (77.4, 27 + step * 5.6)),
                light(look.colour, 0.16),
                width=0.4,
            )
        canvas.line(bend((25, 72), (50, 74), (75, 72)), dark(look.accent, 0.1), width=1.8)
        canvas.line(bend((25, 67), (50, 69), (75, 67)), dark(look.accent, 0.1), width=0.8)
    elif look.style == 1:
        canvas.shine([(28, 30), (48, 27), (44, 46), (32, 62), (26, 56)], strength=0.2)
        canvas.ellipse(50, 52, 2, 2, dark(look.colour, 0.3), how="down")
        for dx, dy in ((14, 10), (-14, 10), (14, -10), (-14, -10)):
            canvas.line([(50 + dx * 0.2, 52 + dy * 0.2), (50 + dx, 52 + dy)], dark(look.colour, 0.13), width=0.6)
    elif look.style == 2:
        for step in range(look.among(3, place=1) + 3):
            y = 32.0 + step * 9
            canvas.polygon(
                [
                    (21.6, y),
                    *bend((21.6, y), (50, y + 2), (78.4, y)),
                    (78.6, y + 4),
                    *bend((78.6, y + 4), (50, y + 6), (21.4, y + 4)),
                ],
                mix(look.accent, look.colour, 0.15),
            )
    elif look.style == 3:
        for row in range(9):
            for column in range(8):
                x, y = 27 + column * 6, 29.0 + row * 5.8
                canvas.line([(x, y), (x + 2.3, y + 3.6), (x + 4.6, y)], dark(look.colour, 0.13), width=1.1)
    else:
        for number in range(8):
            a = number / 8 * math.tau
            canvas.blob(
                [
                    (50 + 4 * math.cos(a), 52 + 4 * math.sin(a)),
                    (50 + 13 * math.cos(a - 0.28), 52 + 13 * math.sin(a - 0.28)),
                    (50 + 18 * math.cos(a), 52 + 18 * math.sin(a)),
                    (50 + 13 * math.cos(a + 0.28), 52 + 13 * math.sin(a + 0.28)),
                ],
                ink,
            )
        canvas.ellipse(50, 52, 4.4, 4.4, light(ink, 0.5), how="down")


def candle(canvas: Canvas, look: Look) -> None:
    """Styles: vanilla, lavender, cedarwood, fig, cinnamon."""
    wax = ((246, 232, 202), (200, 186, 224), (206, 200, 184), (196, 208, 170), (226, 176, 140))[look.style]
    canvas.shadow(50, 86, 25, 4)
    canvas.shine([(50, 2), (68, 18), (66, 34), (50, 42), (34, 34), (32, 18)], strength=0.2)
    canvas.polygon(
        [(28, 38), (28, 80), *bend((28, 80), (50, 92), (72, 80)), (72, 38)],
        light(wax, 0.3),
        how="round",
        depth=0.2,
    )
    canvas.polygon(
        [(30.4, 48), (30.4, 79), *bend((30.4, 79), (50, 89), (69.6, 79)), (69.6, 48)], wax, how="round", depth=0.26
    )
    canvas.ellipse(50, 48, 19.6, 5, light(wax, 0.5), how="down", depth=0.1)
    canvas.ellipse(50, 48.4, 10, 2.6, GLOW, how="plain")
    canvas.arc(50, 38, 22, 5.6, (255, 255, 255), width=0.8)
    canvas.line([(50, 48), (50, 39)], INK, width=0.8)
    canvas.blob(
        [(50, 20), (54.6, 31), (53, 38), (50, 40), (47, 38), (45.4, 31)], (250, 168, 60), how="down", depth=0.3
    )
    canvas.blob([(50, 28), (52.4, 34), (50, 38.6), (47.6, 34)], (255, 240, 176), how="plain")
    canvas.rect(36, 56, 64, 76, look.colour, r=1.6, how="round", depth=0.16)
    canvas.rect(37.4, 57.4, 62.6, 74.6, light(look.colour, 0.55), r=1, how="round", depth=0.1)
    canvas.text(50, 63, look.label, dark(look.colour, 0.55), size=4.8, width=23)
    canvas.text(
        50,
        69.6,
        ("VANILLA", "LAVENDER", "CEDAR", "FIG", "CINNAMON")[look.style],
        dark(look.colour, 0.4),
        size=3.4,
        width=23,
    )
