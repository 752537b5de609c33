"""Drawers of dresses, jeans and swimwear, laid out flat."""

from __future__ import annotations

from pipelines.sample.draw.canvas import (
    Canvas,
    bend,
    contrast,
    dark,
    is_light,
    light,
    mirrored,
)
from pipelines.sample.draw.look import Look

GOLD = (206, 168, 90)


def dress(canvas: Canvas, look: Look) -> None:
    """Styles: summer, wrap, linen, evening, shirt."""
    colour, style = look.colour, look.style
    low = 95.0 if style == 3 else 86.0
    wide = (27, 24, 21, 25, 21)[style]
    canvas.shadow(50, low, wide, 2.6, strength=0.24)
    skirt = mirrored(
        [
            (40, 44),
            *bend((40, 44), (34, 62), (50 - wide, low - 3)),
            *bend((50 - wide, low - 2), (50, low + 3), (50, low + 2)),
        ]
    )
    canvas.polygon(skirt, colour, how="flat", depth=0.24)
    for part in (-0.62, -0.3, 0.05, 0.36, 0.66):
        canvas.line(
            bend((50 + part * 9, 47), (50 + part * wide * 0.62, 66), (50 + part * wide, low - 3)),
            dark(colour, 0.13),
            width=0.8,
        )
    if style in (0, 3):
        for side in (-1, 1):
            canvas.line([(50 + side * 7, 10), (50 + side * 9, 22)], colour, width=1.6)
        canvas.polygon(
            [*mirrored([(42, 20), *bend((42, 20), (36, 30), (40, 45)), (50, 46)])[::-1], (50, 25)],
            colour,
            depth=0.16,
        )
        canvas.polygon([(42, 20), *bend((42, 20), (50, 29), (58, 20)), (59, 45), (41, 45)], colour, depth=0.16)
    else:
        sleeve = 9.0 if style == 4 else 0.0
        top = mirrored([(44, 14), (35, 17), (26, 33 + sleeve), (34, 37 + sleeve), (38, 30), (40, 45), (50, 46)])
        canvas.polygon(top, colour, depth=0.18)
        canvas.polygon([(44, 13.8), (56, 13.8), (50, 32 if style == 1 else 24)], dark(colour, 0.42))
    if style == 1:
        canvas.line([(44, 14), (56, 40)], light(colour, 0.18), width=1.2)
        canvas.line([(56, 14), (44, 34)], light(colour, 0.18), width=1.2)
        canvas.line([(58, 46), (64, 62)], dark(colour, 0.22), width=1.8)
        canvas.line([(58, 46), (60, 66)], dark(colour, 0.22), width=1.8)
    if style == 4:
        canvas.polygon([(44, 14), (50, 23), (43, 25), (40, 15)], light(colour, 0.22))
        canvas.polygon([(56, 14), (50, 23), (57, 25), (60, 15)], light(colour, 0.22))
        canvas.line([(50, 24), (50, low - 2)], dark(colour, 0.2), width=0.6)
        for step in range(7):
            canvas.ellipse(50, 28 + step * 8, 0.9, 0.9, light(colour, 0.75), how="plain")
    canvas.polygon(
        [(40, 43), (60, 43), (60.6, 47.4), (39.4, 47.4)], dark(colour, 0.28) if style != 4 else (150, 104, 66)
    )
    if style == 0 or (style == 2 and look.chance[1] < 0.4):
        _flowers(canvas, look, low, wide)
    if style == 2:
        for side in (-1, 1):
            canvas.line(
                bend((50 + side * 9, 56), (50 + side * 12, 60), (50 + side * 14, 66)),
                dark(colour, 0.25),
                width=0.8,
            )


def _flowers(canvas: Canvas, look: Look, low: float, wide: float) -> None:
    ink = light(look.colour, 0.7) if not is_light(look.colour) else look.accent
    for row in range(5):
        y = 53 + row * (low - 58) / 4.4
        for column in range(-2, 3):
            x = 50 + (column + (0.5 if row % 2 else 0)) * (5 + row * 1.3)
            if abs(x - 50) < (9 + row * 3.4) * wide / 27:
                for dx, dy in ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)):
                    canvas.ellipse(x + dx, y + dy, 0.9, 0.9, ink, how="plain")
                canvas.ellipse(x, y, 0.7, 0.7, (244, 196, 84), how="plain")


def jeans(canvas: Canvas, look: Look) -> None:
    """Styles: slim, straight, wide leg, relaxed."""
    colour = look.colour
    foot, out = ((7.4, 12.0), (9.4, 13.0), (14.6, 15.4), (9.0, 13.6))[look.style]
    canvas.shadow(50, 93, 28, 2.6, strength=0.24)
    for side in (-1, 1):
        hip = 50 + side * 21
        centre = 50 + side * out
        leg = [(50, 12), (50 + side * 18, 12), *bend((50 + side * 18.6, 18), (hip, 28), (hip - side * 0.5, 40))]
        leg += [
            (centre + side * foot, 92),
            (centre - side * foot, 93),
            *bend((centre - side * foot, 92), (50 + side * 3, 60), (50, 40)),
        ]
        canvas.polygon(leg, colour, how="round" if side < 0 else "flat", depth=0.24)
        canvas.shine(
            [(centre + side * 1, 42), (centre + side * 4, 56), (centre + side * 1, 76), (centre - side * 3, 58)],
            strength=0.13,
        )
        canvas.line([(centre - side * foot, 89.6), (centre + side * foot, 89.2)], (206, 156, 88), width=0.5)
        canvas.line(
            bend((50 + side * 10, 18), (50 + side * 10.6, 28), (50 + side * 20, 27.6)), (206, 156, 88), width=0.6
        )
    canvas.rect(32, 10, 68, 17, dark(colour, 0.12), r=1)
    canvas.line([(32.6, 16.4), (67.4, 16.4)], (206, 156, 88), width=0.5)
    for x in (37, 44, 56, 63):
        canvas.rect(x - 0.9, 9, x + 0.9, 18, dark(colour, 0.25), r=0.4)
    canvas.line([(50, 17), (50, 38)], dark(colour, 0.3), width=0.8)
    canvas.line(bend((50, 38), (56, 36), (55.4, 18)), (206, 156, 88), width=0.6)
    canvas.ellipse(50, 13.6, 1.8, 1.8, GOLD, how="round")
    canvas.rect(60, 11, 66, 15.6, (160, 104, 62), r=0.4)


def swimsuit(canvas: Canvas, look: Look) -> None:
    """Styles: swimsuit, bikini, swim shorts, sports swimsuit."""
    if look.style == 1:
        _bikini(canvas, look)
    elif look.style == 2:
        _shorts(canvas, look)
    else:
        _one_piece(canvas, look)


def _one_piece(canvas: Canvas, look: Look) -> None:
    colour = look.colour
    canvas.shadow(50, 90, 18, 2.8, strength=0.24)
    for side in (-1, 1):
        canvas.line(
            [(50 + side * 9, 9), (50 + side * 13, 28)], dark(colour, 0.1), width=3.2 if look.style == 3 else 2
        )
    half = [
        (50, 30),
        *bend((50, 30), (42, 26), (37.6, 16) if look.style == 3 else (37, 22)),
        *bend((34, 26), (33, 38), (38, 48)),
    ]
    half += [*bend((38, 48), (33, 60), (31, 68)), *bend((31, 68), (42, 74), (46, 89)), (50, 90)]
    canvas.polygon(mirrored(half), colour, how="round", depth=0.26)
    if look.style == 3:
        for side in (-1, 1):
            canvas.polygon(
                [
                    (50 + side * 15.6, 32),
                    (50 + side * 11.6, 48),
                    (50 + side * 17.4, 64),
                    (50 + side * 18, 62),
                    (50 + side * 12.4, 48),
                    (50 + side * 16.8, 34),
                ],
                look.accent,
            )
        canvas.text(50, 40, look.label, contrast(colour), size=4.4, width=16)
    elif look.chance[1] < 0.5:
        for step in range(6):
            y = 36 + step * 8
            reach = (13.0, 11.4, 11.2, 13.4, 14.6, 6.4)[step]
            canvas.line(bend((50 - reach, y), (50, y + 3), (50 + reach, y)), light(colour, 0.6), width=1.8)
    else:
        for row in range(6):
            for column in range(-2, 3):
                canvas.ellipse(
                    50 + (column + (row % 2) * 0.5) * 5, 36 + row * 7, 1.1, 1.1, light(colour, 0.7), how="plain"
                )


def _bikini(canvas: Canvas, look: Look) -> None:
    colour, ribbon = look.colour, dark(look.colour, 0.18)
    canvas.shadow(50, 82, 24, 3, strength=0.22)
    canvas.line([(37, 42), *bend((40, 20), (48, 10), (50, 9))], ribbon, width=1.1)
    canvas.line([(63, 42), *bend((60, 20), (52, 10), (50, 9))], ribbon, width=1.1)
    canvas.line(bend((16, 44), (50, 52), (84, 44)), ribbon, width=1.3)
    for side in (-1, 1):
        cup = [
            (50 + side * 12, 24),
            *bend((50 + side * 12, 24), (50 + side * 22, 36), (50 + side * 22, 46)),
            (50 + side * 3.4, 48),
            *bend((50 + side * 3.4, 48), (50 + side * 6, 34), (50 + side * 12, 24)),
        ]
        canvas.polygon(cup, colour, how="round", depth=0.25)
        canvas.line([(50 + side * 26, 62), (50 + side * 33, 74)], ribbon, width=1.1)
        canvas.line([(50 + side * 26, 62), (50 + side * 30, 78)], ribbon, width=1.1)
    half = [(50, 62), (24, 60), (24.6, 65), *bend((24.6, 65), (42, 70), (45.6, 86)), (50, 87)]
    canvas.polygon(mirrored(half), colour, how="round", depth=0.25)
    for x, y in ((36, 40), (42, 44), (64, 40), (58, 44), (44, 68), (56, 68), (50, 75), (34, 64), (66, 64)):
        canvas.ellipse(x, y, 1.2, 1.2, light(colour, 0.7), how="plain")


def _shorts(canvas: Canvas, look: Look) -> None:
    colour = look.colour
    canvas.shadow(50, 82, 32, 3.4, strength=0.24)
    for side in (-1, 1):
        leg = [
            (50, 24),
            (50 + side * 25, 24),
            *bend((50 + side * 26, 30), (50 + side * 30, 56), (50 + side * 33, 78)),
            (50 + side * 7, 82),
            (50, 50),
        ]
        canvas.polygon(leg, colour, how="round" if side < 0 else "flat", depth=0.24)
        if look.chance[1] < 0.6:
            for x, y in ((14, 40), (20, 56), (11, 66), (24, 70)):
                canvas.line([(50 + side * x, y + 5), (50 + side * x, y - 1)], light(colour, 0.65), width=0.7)
                for lean in (-3.6, 0, 3.6):
                    canvas.line(
                        bend(
                            (50 + side * x, y - 1),
                            (50 + side * x + lean * 0.6, y - 4),
                            (50 + side * x + lean * 1.3, y - 1.6),
                        ),
                        light(colour, 0.65),
                        width=1,
                    )
        else:
            canvas.polygon(
                [(50 + side * 26, 30), (50 + side * 33, 78), (50 + side * 28, 78.6), (50 + side * 22.6, 30)],
                look.accent,
            )
    canvas.rect(25, 21, 75, 29, dark(colour, 0.16), r=2)
    for side in (-1, 1):
        canvas.line(bend((50, 27), (50 + side * 4, 34), (50 + side * 3, 42)), (248, 246, 240), width=0.9)
