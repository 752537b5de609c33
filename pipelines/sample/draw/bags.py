"""Drawers of bags."""

from __future__ import annotations

from pipelines.sample.draw.canvas import Canvas, bend, contrast, dark, light, mirrored, mix
from pipelines.sample.draw.look import Look

GOLD = (208, 170, 92)
LEATHER = (150, 100, 62)


def backpack(canvas: Canvas, look: Look) -> None:
    """Styles: laptop, roll-top, hiking, school, canvas."""
    colour, style = look.colour, look.style
    trim = LEATHER if style == 4 else dark(colour, 0.35)
    canvas.shadow(50, 90, 30, 4)
    for side in (-1, 1):
        canvas.line(
            bend((50 + side * 18, 30), (50 + side * 36, 48), (50 + side * 24, 82)), dark(trim, 0.15), width=4.4
        )
    canvas.arc(50, 15, 8, 6.4, trim, start=180, end=360, width=2.6)
    top = 14.0
    if style == 1:
        canvas.polygon([(26, 30), (24, 15), (76, 15), (74, 30)], dark(colour, 0.12), how="round", depth=0.2)
        canvas.rect(23, 11, 77, 18.6, dark(colour, 0.22), r=3.4, how="down", depth=0.3)
        top = 26.0
    body = [
        (50, top),
        *bend((50, top), (26, top), (24, 36)),
        (22, 80),
        *bend((22, 80), (22, 90), (32, 90)),
        (50, 90),
    ]
    canvas.polygon(mirrored(body), colour, how="round", depth=0.26)
    if style == 4 or style == 2:
        canvas.polygon(
            mirrored(
                [(50, 13), *bend((50, 13), (25, 13), (23.4, 34)), *bend((23, 42), (24, 46), (34, 47)), (50, 47)]
            ),
            dark(colour, 0.1),
            how="round",
            depth=0.22,
        )
        for x in (38, 62):
            canvas.rect(x - 2, 38, x + 2, 62, trim, r=1)
            canvas.rect(x - 2.6, 52, x + 2.6, 56.6, GOLD, r=0.8, how="metal")
    else:
        canvas.line(
            bend((27, 44 if style != 1 else 46), (50, 24 if style != 1 else 44), (73, 44 if style != 1 else 46)),
            dark(colour, 0.35),
            width=1.1,
        )
    canvas.rect(29, 56, 71, 85, light(colour, 0.06), r=5, how="round", depth=0.2)
    canvas.line([(31, 62.4), (69, 62.4)], dark(colour, 0.4), width=1)
    canvas.line([(64, 62.4), (64, 67)], GOLD if style == 4 else look.accent, width=1.2)
    canvas.rect(42, 70, 58, 77, LEATHER if style == 4 else dark(colour, 0.3), r=1)
    canvas.text(50, 73.4, look.label, light(colour, 0.8), size=3.8, width=14)
    if style == 2:
        canvas.line([(26, 64), (20, 70), (26, 78)], look.accent, width=1.1)
        canvas.rect(30, 4, 70, 13.4, look.accent, r=4.6, how="down", depth=0.3)
        for x in (38, 62):
            canvas.rect(x - 1, 4, x + 1, 13.4, dark(look.accent, 0.4))
    if style == 3:
        canvas.line([(30, 81), (70, 81)], (236, 240, 210), width=1.6)
        canvas.ellipse(50, 46, 4.6, 4.6, look.accent, how="down")


def handbag(canvas: Canvas, look: Look) -> None:
    """Styles: leather, tote, crossbody, evening."""
    drawers = (_satchel, _tote, _crossbody, _clutch)
    drawers[look.style](canvas, look)


def _satchel(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 85, 36, 4)
    canvas.arc(50, 38, 17, 25, dark(look.colour, 0.22), start=180, end=360, width=3)
    canvas.polygon(
        mirrored(
            [
                (50, 38),
                (22, 38),
                *bend((22, 38), (16, 60), (14, 80)),
                *bend((14, 80), (14, 85), (20, 85)),
                (50, 85),
            ]
        ),
        look.colour,
        how="round",
        depth=0.28,
    )
    canvas.polygon(
        mirrored([(50, 36), (21, 36), *bend((21, 36), (20, 56), (30, 60)), (50, 62)]),
        dark(look.colour, 0.1),
        how="round",
        depth=0.22,
    )
    for side in (-1, 1):
        canvas.ellipse(50 + side * 17, 38, 2.2, 2.2, GOLD, how="round")
    canvas.rect(45.6, 57, 54.4, 66, GOLD, r=1.6, how="metal")
    canvas.rect(48.6, 60, 51.4, 63.6, dark(GOLD, 0.4), r=0.6)
    canvas.line(bend((18, 80), (50, 83), (82, 80)), light(look.colour, 0.28), width=0.4)


def _tote(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 88, 32, 4)
    canvas.arc(50, 36, 13, 25, dark(look.colour, 0.34), start=180, end=360, width=2)
    canvas.polygon([(18, 34), (82, 34), (76, 88), (24, 88)], look.colour, how="flat", depth=0.24)
    canvas.polygon([(18, 34), (82, 34), (81.2, 40), (18.8, 40)], dark(look.colour, 0.16))
    canvas.arc(50, 40, 15, 27, light(look.colour, 0.08), start=180, end=360, width=2.4)
    for x in (35, 65):
        canvas.rect(x - 2.4, 36, x + 2.4, 46, light(look.colour, 0.08), r=1)
        canvas.ellipse(x, 43, 0.9, 0.9, GOLD, how="plain")
    canvas.text(50, 66, look.label, mix(look.colour, contrast(look.colour), 0.5), size=6, width=34)


def _crossbody(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 85, 30, 4)
    canvas.line(
        [*bend((23, 50), (20, 4), (52, 8)), *bend((52, 8), (84, 10), (77, 50))], dark(look.colour, 0.2), width=1.8
    )
    canvas.polygon(
        mirrored([(50, 46), (24, 46), *bend((22, 50), (18, 86), (50, 86)), (50, 86)]),
        look.colour,
        how="round",
        depth=0.28,
    )
    canvas.polygon(
        mirrored([(50, 45), (23, 45), *bend((23, 45), (24, 70), (50, 70)), (50, 70)]),
        dark(look.colour, 0.1),
        how="round",
        depth=0.2,
    )
    canvas.ellipse(50, 68, 3.6, 3.6, GOLD, how="round")
    canvas.polygon([(48.6, 71), (51.4, 71), (53, 83), (50, 81), (47, 83)], light(look.colour, 0.2))
    for x in (24, 76):
        canvas.ellipse(x, 49, 2, 2, GOLD, how="round")


def _clutch(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 80, 36, 4)
    for number in range(27):
        part = number / 26
        x = 16 + 68 * part
        y = 46 - 34 * (1 - (2 * part - 1) ** 2)
        canvas.arc(x, y, 1.8, 1.2, GOLD, width=0.7)
    canvas.rect(14, 44, 86, 80, look.colour, r=4, how="flat", depth=0.28)
    canvas.polygon([(14, 46), (18, 44), (82, 44), (86, 46), (50, 68)], dark(look.colour, 0.12), depth=0.2)
    canvas.line([(15, 46), (50, 67.6), (85, 46)], GOLD, width=0.7)
    canvas.ellipse(50, 66, 4, 4, GOLD, how="round", depth=0.35)
    canvas.ellipse(49, 65, 1.4, 1.4, (255, 248, 226), how="plain")
    for number in range(22):
        canvas.ellipse(
            20 + (number * 29) % 61, 56 + (number * 17) % 22, 0.5, 0.5, light(look.colour, 0.6), how="plain"
        )
