"""Drawers of what is taken outdoors."""

from __future__ import annotations

from pipelines.sample.draw.canvas import Canvas, bend, contrast, dark, light, mirrored, mix
from pipelines.sample.draw.look import Look

GRASS = (120, 154, 96)
INK = (50, 52, 60)


def tent(canvas: Canvas, look: Look) -> None:
    """Styles: 2-person, family, ultralight, pop-up, 4-season."""
    colour, style = look.colour, look.style
    _meadow(canvas, look)
    if style == 1:
        _family_tent(canvas, look)
    elif style in (3, 4):
        _dome(canvas, look)
    else:
        peak = 24.0 if style == 0 else 34.0
        canvas.shadow(52, 81, 42, 4)
        canvas.polygon([(40, peak), (66, peak - 4), (94, 80), (64, 82)], dark(colour, 0.25), depth=0.2)
        canvas.polygon([(40, peak), (10, 80), (64, 82)], colour, depth=0.24)
        canvas.polygon([(40, peak + 10), (28, 81), (52, 81.6)], dark(colour, 0.62), how="down")
        canvas.polygon([(40, peak + 10), (40, 81), *bend((40, 81), (30, 74), (24, 81))], light(look.accent, 0.3))
        canvas.line([(40, peak), (40, peak - 5)], INK, width=0.9)
        for start, end in (((10, 80), (3, 86)), ((94, 80), (99, 85)), ((40, peak), (70, 88))):
            canvas.line([start, end], (226, 220, 200), width=0.5)
        canvas.line([(40, peak), (66, peak - 4)], light(colour, 0.3), width=0.9)


def _meadow(canvas: Canvas, look: Look) -> None:
    far = mix(GRASS, (170, 196, 206), 0.55)
    hill = look.between(-8, 8)
    canvas.polygon(
        [
            (0, 70),
            *bend((0, 70), (26 + hill, 40), (56, 70)),
            *bend((56, 70), (80 + hill, 48), (100, 64)),
            (100, 80),
            (0, 80),
        ],
        far,
        depth=0.1,
    )
    canvas.polygon(
        [(0, 78), *bend((0, 78), (50, 72), (100, 78)), (100, 100), (0, 100)], GRASS, how="down", depth=0.16
    )
    for number in range(3):
        x = (8 + 80 * look.chance[number + 2]) % 96
        y = 70 + number
        canvas.polygon([(x - 4, y), (x, y - 17), (x + 4, y)], mix((70, 110, 84), far, 0.25), depth=0.1)


def _family_tent(canvas: Canvas, look: Look) -> None:
    colour = look.colour
    canvas.shadow(50, 83, 46, 4)
    canvas.polygon(
        [(8, 82), (14, 46), *bend((14, 46), (30, 26), (50, 28)), *bend((50, 28), (72, 26), (86, 46)), (93, 82)],
        colour,
        depth=0.26,
    )
    canvas.polygon(
        [(8, 82), (14, 46), *bend((14, 46), (22, 34), (34, 30)), (36, 82)], light(colour, 0.14), depth=0.2
    )
    for x in (36, 64):
        canvas.line(
            bend((x, 82), (x + (3 if x < 50 else -3), 50), (x + (2 if x < 50 else -2), 30)),
            dark(colour, 0.28),
            width=0.9,
        )
    canvas.polygon(
        [(42, 82), *bend((42, 82), (42, 46), (50, 44)), *bend((50, 44), (58, 46), (58, 82))],
        dark(colour, 0.62),
        how="down",
    )
    canvas.polygon(
        [(42, 82), *bend((42, 82), (42, 46), (50, 44)), *bend((50, 44), (44, 66), (47, 82))],
        light(look.accent, 0.35),
    )
    for x0, x1 in ((16, 30), (70, 85)):
        canvas.rect(x0, 54, x1, 66, (196, 216, 222), r=2, how="down", depth=0.15)
        canvas.line([((x0 + x1) / 2, 54), ((x0 + x1) / 2, 66)], dark(colour, 0.2), width=0.6)


def _dome(canvas: Canvas, look: Look) -> None:
    colour = look.colour
    canvas.shadow(50, 82, 44, 4)
    canvas.polygon(
        [(8, 82), *bend((8, 82), (16, 22), (50, 24)), *bend((50, 24), (84, 22), (92, 82))],
        colour,
        how="round",
        depth=0.28,
    )
    for reach in (14, 30):
        for side in (-1, 1):
            canvas.line(
                bend((50 + side * (42 - reach * 0.3), 82), (50 + side * reach * 1.5, 34), (50 - side * 4, 24)),
                dark(colour, 0.22),
                width=0.9,
            )
    canvas.polygon(
        [(34, 82), *bend((34, 82), (36, 44), (50, 42)), *bend((50, 42), (64, 44), (66, 82))],
        look.accent,
        depth=0.16,
    )
    canvas.polygon(
        [(39, 82), *bend((39, 82), (40, 50), (50, 48)), *bend((50, 48), (60, 50), (61, 82))],
        dark(colour, 0.62),
        how="down",
    )
    if look.style == 4:
        for number in range(16):
            x, y = (number * 41) % 98, 6 + (number * 29) % 52
            canvas.ellipse(x, y, 0.9, 0.9, (255, 255, 255), how="plain")
        canvas.polygon(
            [(0, 88), *bend((0, 88), (50, 78), (100, 88)), (100, 100), (0, 100)], (242, 246, 250), depth=0.06
        )


def bottle(canvas: Canvas, look: Look) -> None:
    """Styles: insulated steel, glass, Tritan, collapsible."""
    colour, style = look.colour, look.style
    canvas.shadow(50, 90, 18, 3.6)
    body = {1: (196, 222, 226), 2: light(colour, 0.5)}.get(style, colour)
    wide = look.between(15, 17)
    half = [
        (42, 24),
        *bend((42, 26), (42, 30), (50 - wide, 38)),
        (50 - wide, 84),
        *bend((50 - wide, 90), (50 - wide + 2, 90), (50 - wide + 6, 90)),
        (50, 90),
    ]
    if style == 3:
        half = [
            (42, 24),
            *bend((42, 28), (40, 32), (33, 38)),
            *bend((33, 44), (37, 46), (33, 52)),
            *bend((33, 52), (37, 58), (33, 64)),
            *bend((33, 64), (37, 70), (33, 76)),
            *bend((33, 90), (36, 90), (42, 90)),
            (50, 90),
        ]
    canvas.polygon(mirrored(half), body, how="metal" if style == 0 else "round", depth=0.3)
    if style in (1, 2):
        canvas.polygon(
            mirrored(
                [
                    (50, 46),
                    (50 - wide + 1.6, 46),
                    (50 - wide + 1.6, 84),
                    *bend((50 - wide + 1.8, 88), (50 - wide + 3, 88.4), (50, 88.4)),
                ]
            ),
            mix(body, (150, 206, 230), 0.6),
            how="round",
            depth=0.18,
        )
        canvas.line([(50 - wide + 1.6, 46), (50 + wide - 1.6, 46)], (240, 250, 253), width=0.7)
    if style == 1:
        canvas.rect(50 - wide - 0.8, 54, 50 + wide + 0.8, 84, colour, r=2, how="round", depth=0.3)
        for row in range(5):
            canvas.line([(50 - wide, 57 + row * 6), (50 + wide, 57 + row * 6)], dark(colour, 0.14), width=0.7)
    if style == 2:
        for step in range(5):
            canvas.line(
                [(50 + wide - 8, 52 + step * 7), (50 + wide - 2.4, 52 + step * 7)], dark(colour, 0.25), width=0.7
            )
    cap = dark(colour, 0.45) if style else INK
    canvas.rect(41, 12, 59, 25, cap, r=2.4, how="round", depth=0.3)
    for step in range(6):
        canvas.line([(43.4 + step * 2.7, 14.6), (43.4 + step * 2.7, 23)], dark(cap, 0.4), width=0.5)
    if look.chance[1] < 0.5:
        canvas.arc(50, 12, 5, 6.4, cap, start=180, end=360, width=1.8)
    if style == 0:
        canvas.text(50, 62, look.label, mix(colour, contrast(colour), 0.8), size=5, width=24)
        canvas.rect(50 - wide, 84, 50 + wide, 88, dark(colour, 0.2), how="round")
    canvas.shine(
        [(50 - wide + 3, 42), (50 - wide + 5.4, 40), (50 - wide + 5, 80), (50 - wide + 3, 80)], strength=0.4
    )


def yoga_mat(canvas: Canvas, look: Look) -> None:
    """Styles: natural rubber, cork, extra thick, travel."""
    colour = (204, 164, 118) if look.style == 1 else look.colour
    canvas.shadow(52, 78, 44, 6)
    canvas.polygon([(30, 60), (72, 42), (97, 66), (52, 86)], light(colour, 0.06), depth=0.2)
    canvas.polygon([(52, 86), (97, 66), (97, 68.4), (52, 88.6)], dark(colour, 0.3))
    if look.style == 1:
        for number in range(50):
            u, v = (number * 37 % 50) / 50, (number * 23 % 47) / 47
            x, y = 33 + 39 * u + 22 * v, 60 - 17 * u + 24 * v
            canvas.ellipse(x, y, 0.7, 0.4, dark(colour, 0.28), how="plain")
    else:
        for step in range(1, 9):
            part = step / 9
            canvas.line(
                [(30 + 22 * part, 60 + 26 * part), (72 + 25 * part, 42 + 24 * part)], dark(colour, 0.09), width=0.4
            )
    canvas.ellipse(66, 64, 6.4, 3.6, mix(colour, contrast(colour), 0.25), how="plain")
    canvas.ellipse(66, 64, 4, 2.2, light(colour, 0.06), how="plain")
    thick = 15.0 if look.style == 2 else 12.4
    canvas.polygon([(24, 60 - thick), (66, 41 - thick), (72, 44), (31, 65)], colour, how="down", depth=0.34)
    canvas.polygon(
        [(31, 66), (74, 46.4), (72, 42 - thick / 2), (28, 60 - thick / 2)], colour, how="down", depth=0.3
    )
    canvas.ellipse(27, 60 - thick / 2, 6.6, thick / 2 + 6, dark(colour, 0.08), how="round", depth=0.2)
    for ring in range(4):
        canvas.arc(27, 60 - thick / 2, 5.6 - ring * 1.4, thick / 2 + 5 - ring * 3, dark(colour, 0.34), width=0.6)
    strap = dark(look.accent, 0.2) if look.style != 1 else (90, 70, 56)
    for part in (0.3, 0.72):
        x, y = 27 + 43 * part, 60 - thick / 2 - 19.4 * part
        canvas.line(bend((x - 3, y - thick / 2 - 6), (x + 6, y - 2), (x + 4.6, y + thick / 2 + 6)), strap, width=2)
