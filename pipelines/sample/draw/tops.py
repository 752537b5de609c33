"""Drawers of T-shirts, jackets and jumpers, laid out flat."""

from __future__ import annotations

from pipelines.sample.draw.canvas import (
    Canvas,
    Point,
    Rgb,
    bend,
    contrast,
    dark,
    is_light,
    light,
    mirrored,
    mix,
)
from pipelines.sample.draw.look import Look

GOLD = (206, 168, 90)
STEEL = (186, 190, 198)


def _seam(colour: Rgb) -> Rgb:
    return dark(colour, 0.2) if is_light(colour) else light(colour, 0.2)


def _upper(neck: float, sleeve: Point, cuff: Point, armpit: Point, hem: float, *, low: float = 86) -> list[Point]:
    """The outline of something with sleeves: half the neck's width, sleeve end outside and inside, armpit, hem."""
    half = [(50 - neck, 18), *bend((50 - neck, 18), (36 - neck, 20), (28, 26)), sleeve, cuff, armpit]
    half += [
        *bend(armpit, (armpit[0] + 1, 60), (50 - hem, low - 1)),
        *bend((50 - hem, low), (50, low + 2), (50, low + 2)),
    ]
    return mirrored(half)


def tshirt(canvas: Canvas, look: Look) -> None:
    """Styles: organic cotton, oversized, striped, V-neck, long sleeve."""
    colour = look.colour
    canvas.shadow(50, 86, 34, 3.4, strength=0.24)
    if look.style == 4:
        outline = _upper(9, (12, 76), (21, 79), (30, 44), 21)
    elif look.style == 1:
        outline = _upper(9, (8, 50), (20, 57), (27, 46), 26)
    else:
        outline = _upper(9, (11, 42), (22, 50), (29, 42), 21)
    canvas.polygon(outline, colour, how="flat", depth=0.2)
    hem = 26.0 if look.style == 1 else 21.0
    if look.style == 2:
        stripe = look.accent if abs(sum(look.accent) - sum(colour)) > 120 else contrast(colour)
        for step in range(7):
            y = 33 + step * 7
            part = (y - 42) / 44
            reach = 20.3 + (hem - 20.8) * max(part, 0)
            canvas.polygon(
                [(50 - reach, y), (50 + reach, y), (50 + reach, y + 2.6), (50 - reach, y + 2.6)],
                mix(stripe, colour, 0.15),
                depth=0.12,
            )
    seam = _seam(colour)
    for side in (-1, 1):
        canvas.line(bend((50 + side * 20, 24), (50 + side * 18, 34), (50 + side * 21, 43)), seam, width=0.5)
        canvas.shade(
            [(50 + side * 19, 46), (50 + side * 12, 60), (50 + side * 17, 84), (50 + side * 19.4, 84)],
            strength=0.06,
        )
    canvas.line(bend((50 - hem, 83), (50, 85), (50 + hem, 83)), seam, width=0.5)
    if look.style == 3:
        canvas.polygon([(41, 18), (59, 18), (50, 36)], dark(colour, 0.42))
        canvas.line([(41, 18), (50, 36), (59, 18)], light(colour, 0.1), width=2)
    else:
        canvas.polygon([(41, 17.6), (59, 17.6), *bend((59, 17.6), (50, 30), (41, 17.6))], dark(colour, 0.42))
        canvas.line(bend((41, 18), (50, 30.6), (59, 18)), light(colour, 0.12), width=2.2)
    if look.style in (0, 1) and look.chance[1] < 0.65:
        _chest_print(canvas, look)
    elif look.style != 2:
        canvas.rect(56, 36, 66, 47, light(colour, 0.08), r=0.8)
        canvas.line([(56, 38), (66, 38)], seam, width=0.5)


def _chest_print(canvas: Canvas, look: Look) -> None:
    ink = mix(look.accent, contrast(look.colour), 0.35)
    motif = look.among(4, place=2)
    if motif == 0:
        canvas.ellipse(50, 48, 9, 9, ink, how="down")
        for y in (49, 52, 55):
            canvas.line([(40, y), (60, y)], look.colour, width=1)
    elif motif == 1:
        canvas.polygon([(38, 56), (46, 42), (51, 50), (55, 45), (62, 56)], ink)
        canvas.ellipse(58, 40, 2.6, 2.6, ink, how="plain")
    elif motif == 2:
        canvas.text(50, 47, look.words.upper(), ink, size=7, width=28)
        canvas.line([(40, 53), (60, 53)], ink, width=0.8)
    else:
        for step in range(3):
            y = 42 + step * 5
            canvas.line(
                [*bend((38, y), (44, y - 5), (50, y)), *bend((50, y), (56, y + 5), (62, y))], ink, width=1.5
            )


def jacket(canvas: Canvas, look: Look) -> None:
    """Styles: rain, down, denim, wool, fleece."""
    colour, style = look.colour, look.style
    canvas.shadow(50, 87, 34, 3.4, strength=0.26)
    if style == 0:
        canvas.blob([(50, 8), (62, 12), (64, 22), (50, 28), (36, 22), (38, 12)], dark(colour, 0.14))
        canvas.blob([(50, 13), (57, 16), (58, 22), (50, 27), (42, 22), (43, 16)], dark(colour, 0.5))
    low = 92.0 if style == 3 else 84.0
    outline = _upper(8, (9, 74), (19, 78), (29, 46), 23, low=low)
    canvas.polygon(outline, colour, how="flat", depth=0.24)
    for side in (-1, 1):
        canvas.line(
            bend((50 + side * 21, 25), (50 + side * 18, 36), (50 + side * 21, 48)), dark(colour, 0.26), width=0.8
        )
        canvas.polygon(
            [(50 + side * 41, 71), (50 + side * 31, 75), (50 + side * 30.6, 79), (50 + side * 41.6, 75)],
            dark(colour, 0.26),
        )
    if style == 1:
        for step in range(7):
            y = 29 + step * 8
            canvas.line(bend((29.6, y), (50, y + 4), (70.4, y)), dark(colour, 0.24), width=0.9)
            canvas.line(bend((29.6, y + 1.2), (50, y + 5.2), (70.4, y + 1.2)), light(colour, 0.22), width=0.5)
        for step in range(4):
            for side in (-1, 1):
                canvas.line(
                    [
                        (50 + side * (25 + step * 3), 32 + step * 10),
                        (50 + side * (21 + step * 2.6), 36 + step * 10),
                    ],
                    dark(colour, 0.2),
                    width=0.9,
                )
    if style == 4:
        for number in range(70):
            x, y = 31 + (number * 37) % 39, 28 + (number * 53) % 54
            canvas.ellipse(x, y, 0.9, 0.7, light(colour, 0.14), how="plain")
    canvas.line([(50, 22), (50, low)], dark(colour, 0.38), width=0.9)
    _front(canvas, look, low)


def _front(canvas: Canvas, look: Look, low: float) -> None:
    colour, style = look.colour, look.style
    if style == 3:
        for side in (-1, 1):
            canvas.polygon(
                [(50 + side * 8, 17), (50 + side * 14, 24), (50 + side * 11, 34), (50, 46), (50 + side * 1, 32)],
                dark(colour, 0.12),
            )
            canvas.polygon(
                [(50 + side * 9, 62), (50 + side * 19, 61), (50 + side * 19, 64.6), (50 + side * 9, 65.6)],
                dark(colour, 0.22),
            )
        for y in (52, 61, 70):
            canvas.ellipse(53.4, y, 1.5, 1.5, dark(colour, 0.5), how="down")
    elif style == 2:
        thread = (214, 160, 88)
        for side in (-1, 1):
            canvas.polygon(
                [(50 + side * 2, 19), (50 + side * 9, 17), (50 + side * 14, 26), (50 + side * 5, 29)],
                light(colour, 0.14),
            )
            canvas.rect(
                50 + min(side * 6, side * 17), 39, 50 + max(side * 6, side * 17), 51, light(colour, 0.06), r=1
            )
            canvas.line([(50 + side * 6, 42), (50 + side * 11.5, 45), (50 + side * 17, 42)], thread, width=0.5)
            canvas.ellipse(50 + side * 11.5, 43.6, 0.9, 0.9, GOLD, how="plain")
        canvas.line([(29, 36), (71, 36)], thread, width=0.5)
        for step in range(6):
            canvas.ellipse(52, 32 + step * 9, 1.1, 1.1, GOLD, how="down")
        canvas.rect(27.4, low - 4, 72.6, low + 0.6, dark(colour, 0.16), r=0.8)
    else:
        canvas.rect(43, 15, 57, 23, dark(colour, 0.16), r=2.4)
        canvas.line([(50, 16), (50, low - 2)], STEEL, width=0.9)
        canvas.rect(49, 26, 51, 30.6, STEEL, r=0.6, how="metal")
        for side in (-1, 1):
            canvas.line([(50 + side * 9, 60), (50 + side * 17, 71)], dark(colour, 0.38), width=1.1)
        if style == 0:
            canvas.rect(56, 36, 66, 39, light(colour, 0.25), r=0.6)


def jumper(canvas: Canvas, look: Look) -> None:
    """Styles: merino, cashmere, cable knit, cotton, roll neck."""
    colour, style = look.colour, look.style
    canvas.shadow(50, 87, 34, 3.4, strength=0.24)
    if style == 4:
        canvas.rect(39, 8, 61, 24, colour, r=4, how="round", depth=0.2)
        for step in range(8):
            canvas.line([(41 + step * 2.6, 10), (41 + step * 2.6, 22)], dark(colour, 0.14), width=0.5)
        canvas.line([(39.6, 15.6), (60.4, 15.6)], dark(colour, 0.18), width=0.6)
    canvas.polygon(_upper(9, (8, 72), (19, 77), (29, 46), 22, low=82), colour, how="flat", depth=0.22)
    for row in range(15):
        y = 27 + row * 3.7
        canvas.line(bend((30, y), (50, y + 1.6), (70, y)), dark(colour, 0.055), width=0.7)
    if style == 2:
        for x in (37.0, 50.0, 63.0):
            for step in range(7):
                y = 28 + step * 7.4
                canvas.line(
                    bend((x - 2.6, y), (x + 5, y + 3.7), (x - 2.6, y + 7.4)), dark(colour, 0.18), width=1.2
                )
                canvas.line(
                    bend((x + 2.6, y), (x - 5, y + 3.7), (x + 2.6, y + 7.4)), light(colour, 0.2), width=1.2
                )
    elif style in (0, 3) and look.chance[1] < 0.6:
        band = look.accent if look.accent != colour else light(colour, 0.5)
        for step in range(10):
            x = 31 + step * 4.2
            canvas.polygon([(x, 40), (x + 2.1, 36), (x + 4.2, 40), (x + 2.1, 44)], mix(band, colour, 0.12))
        for y in (33.6, 46.4):
            canvas.line([(30, y), (70, y)], mix(band, colour, 0.12), width=1.1)
    for side in (-1, 1):
        canvas.line(
            bend((50 + side * 20, 24), (50 + side * 18, 36), (50 + side * 21, 47)), dark(colour, 0.16), width=0.7
        )
        canvas.polygon(
            [(50 + side * 42, 71), (50 + side * 31, 76), (50 + side * 32, 81), (50 + side * 43.4, 76)],
            dark(colour, 0.14),
        )
    canvas.rect(27.6, 80, 72.4, 87, dark(colour, 0.12), r=1.4)
    for step in range(15):
        canvas.line([(29.4 + step * 2.95, 81), (29.4 + step * 2.95, 86)], dark(colour, 0.26), width=0.5)
    if style != 4:
        canvas.polygon([(41, 17.6), (59, 17.6), *bend((59, 17.6), (50, 30), (41, 17.6))], dark(colour, 0.42))
        canvas.line(bend((41, 18), (50, 30.6), (59, 18)), light(colour, 0.1), width=3)
