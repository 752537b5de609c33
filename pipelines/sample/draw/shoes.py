"""Drawers of shoes."""

from __future__ import annotations

from pipelines.sample.draw.canvas import Canvas, bend, contrast, dark, is_light, light
from pipelines.sample.draw.look import Look

SOLE = (238, 236, 230)
RUBBER = (52, 50, 54)
GOLD = (208, 170, 92)
CORK = (206, 164, 116)
LEATHER = (150, 100, 62)


def trainer(canvas: Canvas, look: Look) -> None:
    """Styles: running, leather, canvas, trail, knit. Seen from the side, the toe to the right."""
    colour, style = look.colour, look.style
    accent = look.accent if look.accent != colour else contrast(colour)
    canvas.shadow(50, 78, 44, 4)
    sole = RUBBER if style == 3 else SOLE
    heel = 66.0 if style == 0 else 68.0
    canvas.polygon(
        [
            (9, heel - 3),
            *bend((9, heel - 3), (6, 78), (12, 79)),
            (86, 79),
            *bend((86, 79), (97, 78), (94, heel)),
            (60, heel - 1),
        ],
        sole,
        how="down",
        depth=0.16,
    )
    upper = [
        (11, 67),
        *bend((11, 67), (7, 50), (13, 37)),
        *bend((13, 37), (15, 33), (20, 35)),
        *bend((20, 35), (27, 42), (37, 38)),
        *bend((37, 38), (43, 36), (47, 40)),
        *bend((47, 40), (60, 52), (76, 55)),
        *bend((76, 55), (93, 57), (94, 68)),
        (94, 69),
        (11, 69),
    ]
    canvas.polygon(upper, colour, how="down", depth=0.26)
    canvas.polygon(
        [(14, 37), *bend((14, 37), (26, 46), (38, 38.4)), (34, 44), *bend((34, 44), (24, 50), (14, 44))],
        dark(colour, 0.4),
    )
    if style == 4:
        for row in range(7):
            canvas.line(
                bend((12 + row * 0.4, 46 + row * 3.2), (46, 50 + row * 2.6), (80 + row * 2, 58 + row * 1.6)),
                light(colour, 0.16),
                width=0.7,
            )
    if style == 2:
        canvas.polygon(
            [(80, 56), *bend((80, 56), (94, 57), (94, 69)), (80, 69), *bend((80, 69), (75, 62), (80, 56))],
            SOLE,
            depth=0.1,
        )
        canvas.line([(10.4, 70.6), (94, 70.6)], (208, 70, 62), width=0.8)
        canvas.ellipse(25, 56, 5.4, 5.4, SOLE, how="plain")
        canvas.text(25, 56, look.label[:1], dark(accent, 0.2), size=6)
    else:
        canvas.polygon(
            [(72, 55), *bend((76, 55), (94, 57), (94, 69)), (70, 69), *bend((70, 69), (66, 62), (72, 55))],
            dark(colour, 0.14),
            depth=0.14,
        )
        canvas.polygon(
            [(11, 67), *bend((11, 67), (8, 54), (11.4, 44)), *bend((14, 46), (22, 54), (24, 69)), (11, 69)],
            dark(colour, 0.14),
            depth=0.14,
        )
        if style in (0, 3):
            canvas.polygon(
                [(26, 66), *bend((26, 66), (42, 64), (52, 50)), (57, 53), *bend((57, 53), (46, 69), (27, 69))],
                accent,
                depth=0.14,
            )
        elif style == 1:
            canvas.polygon([(12, 40), (21, 46), (20, 54), (11, 52)], accent)
    for step in range(5):
        x, y = 43.5 + step * 5.4, 40.4 + step * 3.6
        canvas.line(
            [(x - 4.4, y + 5.8), (x + 1.6, y - 1)], SOLE if not is_light(colour) else dark(colour, 0.5), width=1.3
        )
        canvas.ellipse(x - 4.4, y + 5.8, 0.8, 0.8, dark(colour, 0.5), how="plain")
    canvas.polygon([(36, 38), (40, 31), (47, 35), (46, 41)], light(colour, 0.12))
    if style == 0:
        canvas.polygon(
            [
                (11, 70),
                *bend((11, 70), (30, 80), (48, 73)),
                *bend((48, 73), (60, 69), (93, 71)),
                (93, 73),
                *bend((93, 73), (60, 72), (46, 76)),
                *bend((46, 76), (28, 82), (11, 73)),
            ],
            accent,
        )
    if style == 3:
        for step in range(11):
            canvas.polygon(
                [(11 + step * 7.6, 78), (16 + step * 7.6, 78), (14.8 + step * 7.6, 82), (12.2 + step * 7.6, 82)],
                RUBBER,
            )


def boot(canvas: Canvas, look: Look) -> None:
    """Styles: leather, hiking, winter, suede."""
    colour, style = look.colour, look.style
    canvas.shadow(50, 87, 40, 4)
    shaft = 22.0 if style == 1 else 14.0
    if style == 2:
        canvas.rect(22, 9, 56, 20, (244, 238, 226), r=5, how="down", depth=0.12)
    outline = [
        (24, shaft),
        (53, shaft),
        *bend((53, shaft + 12), (50, 48), (58, 54)),
        *bend((58, 54), (70, 58), (80, 62)),
        *bend((80, 62), (92, 66), (91, 79)),
        (22, 79),
        *bend((22, 79), (20, 62), (25, 50)),
        *bend((25, 50), (28, 38), (24, shaft)),
    ]
    canvas.polygon(outline, colour, how="flat", depth=0.26)
    canvas.polygon(
        [(72, 59), *bend((78, 61), (92, 66), (91, 79)), (70, 79), *bend((70, 79), (66, 68), (72, 59))],
        dark(colour, 0.14),
        depth=0.16,
    )
    canvas.polygon(
        [(22, 79), *bend((22, 79), (20, 66), (23, 58)), *bend((32, 60), (36, 70), (35, 79))],
        dark(colour, 0.14),
        depth=0.16,
    )
    sole = RUBBER if style != 3 else CORK
    canvas.polygon(
        [(20, 78), (92, 78), (93, 85), *bend((93, 85), (70, 86), (58, 83)), (46, 83), (45, 88), (21, 88)],
        sole,
        how="down",
        depth=0.2,
    )
    if style in (1, 2):
        for step in range(10):
            canvas.rect(23 + step * 7, 85, 27.4 + step * 7, 89.4, RUBBER, r=0.6)
    canvas.line([(22, 77.6), (91, 77.6)], light(colour, 0.4), width=0.5)
    if (style == 0 and look.chance[0] < 0.5) or style == 3:
        canvas.polygon(
            [
                (35, 34),
                (46, 34),
                *bend((46, 34), (45, 46), (50, 58)),
                (38, 60),
                *bend((38, 60), (33, 46), (35, 34)),
            ],
            dark(colour, 0.42),
        )
        for step in range(6):
            canvas.line(
                [(37 + step * 1.9, 36 + step * 0.2), (38.6 + step * 1.9, 57)], dark(colour, 0.6), width=0.4
            )
        canvas.rect(22.4, shaft - 6, 27, shaft + 5, dark(colour, 0.3), r=1.4)
    else:
        for step in range(6):
            x, y = 51.4 + max(0, step - 3) * 3.4, shaft + 6 + step * 6.6
            canvas.line([(x - 7.6, y + 2.6), (x + 1.2, y)], GOLD if style == 1 else light(colour, 0.55), width=1.2)
            canvas.ellipse(x - 7.6, y + 2.6, 1, 1, GOLD, how="plain")
    if style == 1:
        canvas.polygon([(24, 22), (53, 22), (53, 29), (25.4, 29)], dark(colour, 0.34))


def sandal(canvas: Canvas, look: Look) -> None:
    """Styles: cork, leather, hiking, beach. A pair seen from above."""
    for x, side in ((33, -1), (67, 1)):
        _one_sandal(canvas, look, x, side)


def _one_sandal(canvas: Canvas, look: Look, x: float, side: int) -> None:
    colour, style = look.colour, look.style
    outline = [
        (x + side * 2, 10),
        (x + side * 12, 18),
        (x + side * 14, 34),
        (x + side * 10, 54),
        (x + side * 11, 78),
        (x, 90),
        (x - side * 11, 78),
        (x - side * 9, 54),
        (x - side * 13, 32),
        (x - side * 9, 15),
    ]
    canvas.shadow(x + 1.4, 54, 15, 40, strength=0.2)
    bed = {0: CORK, 1: light(LEATHER, 0.35), 2: RUBBER}.get(style, light(colour, 0.3))
    canvas.blob(outline, dark(bed, 0.25))
    inner = [(x + (px - x) * 0.88, 50 + (py - 50) * 0.93) for px, py in outline]
    canvas.blob(inner, bed, how="flat", depth=0.16)
    canvas.shade([(x - 5, 72), (x + 5, 72), (x + 6, 80), (x, 84), (x - 6, 80)], strength=0.08)
    canvas.text(x, 77, look.label, dark(bed, 0.3), size=3.2, width=15)
    if style == 3:
        for end in (-1, 1):
            canvas.line(bend((x, 25), (x + end * 8, 30), (x + end * 12, 47)), colour, width=3.6)
            canvas.line(bend((x, 24.4), (x + end * 7, 29), (x + end * 11, 45)), light(colour, 0.3), width=0.8)
        canvas.ellipse(x, 24.6, 2, 2, dark(colour, 0.2), how="down")
        return
    bands = {
        0: ((26, 9.0), (43, 9.0)),
        1: ((24, 5.0), (36, 5.0), (50, 4.4)),
        2: ((26, 7.4), (52, 6.0), (68, 5.0)),
    }[style]
    for y, wide in bands:
        reach = 14.4 if y < 45 else 11.6
        canvas.polygon(
            [
                (x - reach, y),
                *bend((x - reach, y), (x, y - 5), (x + reach, y)),
                (x + reach, y + wide),
                *bend((x + reach, y + wide), (x, y + wide - 5), (x - reach, y + wide)),
            ],
            colour,
            how="round",
            depth=0.3,
        )
        canvas.line(
            bend((x - reach + 1, y + 1), (x, y - 4), (x + reach - 1, y + 1)), light(colour, 0.3), width=0.4
        )
        if style != 2:
            canvas.rect(
                x + side * 7 - 2.2, y - 1, x + side * 7 + 2.2, y + wide - 3.4 + 2, GOLD, r=0.8, how="metal"
            )
