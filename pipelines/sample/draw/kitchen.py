"""Drawers of what stands in a kitchen."""

from __future__ import annotations

from pipelines.sample.draw.canvas import Canvas, bend, contrast, dark, is_light, light, mirrored, mix
from pipelines.sample.draw.look import Look

STEEL = (186, 192, 200)
INK = (52, 50, 60)
WOOD = (176, 126, 80)
COFFEE = (86, 56, 40)


def mug(canvas: Canvas, look: Look) -> None:
    """Styles: stoneware, enamel, porcelain, travel, glass."""
    if look.style == 3:
        _travel_mug(canvas, look)
        return
    wide = look.between(22, 25)
    top, bottom = look.between(32, 36, place=1), 77.0
    body = light(look.colour, 0.55) if look.style == 4 else look.colour
    canvas.shadow(52, 78, 30, 4)
    for width, tone in ((6.4, dark(body, 0.28)), (3.4, light(body, 0.1))):
        canvas.arc(48 + wide, 54, 12, 13, tone, start=-95, end=95, width=width)
    taper = 3.0 if look.style in (1, 2) else 0.0
    outline = [(48 - wide, top), (48 - wide + taper / 2, bottom - 8), (48 - wide + taper + 3, bottom)]
    canvas.polygon(
        [
            *outline,
            *bend((48 - wide + taper + 3, bottom), (48, bottom + 4), (48 + wide - taper - 3, bottom)),
            (48 + wide - taper / 2, bottom - 8),
            (48 + wide, top),
        ],
        body,
        how="round",
        depth=0.3,
    )
    if look.style == 4:
        canvas.polygon(
            [
                (48 - wide + 2.5, top + 13),
                (48 + wide - 2.5, top + 13),
                (48 + wide - 3.5, bottom - 4),
                (48 - wide + 3.5, bottom - 4),
            ],
            mix(COFFEE, look.colour, 0.3),
            how="round",
        )
        canvas.rect(48 - wide + 2.5, top + 9, 48 + wide - 2.5, top + 15, (238, 222, 198), how="round")
    if look.style == 0:
        canvas.polygon(
            [
                (48 - wide, top + 26),
                *bend((48 - wide, top + 26), (48, top + 31), (48 + wide, top + 26)),
                (48 + wide - 0.5, bottom - 8),
                (48 + wide - 3, bottom),
                *bend((48 + wide - 3, bottom), (48, bottom + 4), (48 - wide + 3, bottom)),
                (48 - wide + 0.5, bottom - 8),
            ],
            mix(look.colour, (238, 228, 210), 0.62),
            how="round",
            depth=0.25,
        )
    if look.style == 2:
        _ornament(canvas, look, 48, (top + bottom) / 2 + 2)
    canvas.ellipse(48, top, wide, 5.2, light(body, 0.3), how="down", depth=0.12)
    canvas.ellipse(48, top + 0.6, wide - 2, 4.0, COFFEE if look.style != 4 else (238, 222, 198), how="down")
    if look.style == 1:
        canvas.arc(48, top, wide, 5.2, INK if is_light(body) else light(body, 0.7), width=1.3)
        for number in range(9):
            x = 48 - wide + 6 + (number * 37 % 41) * (2 * wide - 10) / 41
            canvas.ellipse(x, top + 12 + (number * 23 % 29), 0.7, 0.7, light(body, 0.65), how="plain")


def _ornament(canvas: Canvas, look: Look, x: float, y: float) -> None:
    ink = contrast(look.colour)
    pattern = look.among(3, place=3)
    if pattern == 0:
        for step in range(-2, 3):
            canvas.ellipse(x + step * 8, y, 2.2, 2.2, ink, how="plain")
    elif pattern == 1:
        for step in (-6, 0, 6):
            canvas.line([(x - 19, y + step), (x + 19, y + step)], ink, width=1.2)
    else:
        canvas.blob([(x, y + 9), (x - 9, y - 2), (x - 5, y - 8), (x, y - 4), (x + 5, y - 8), (x + 9, y - 2)], ink)


def _travel_mug(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 83, 20, 3.4)
    canvas.polygon(
        [(35, 32), (38, 80), (40, 83), (60, 83), (62, 80), (65, 32)], look.colour, how="round", depth=0.3
    )
    canvas.rect(34, 27, 66, 33, INK, r=2, how="round")
    canvas.rect(37, 20, 63, 28, dark(INK, 0.1), r=3, how="round")
    canvas.rect(45, 17, 56, 21, light(INK, 0.15), r=1.5)
    canvas.polygon([(36.4, 50), (63.6, 50), (62.6, 64), (37.4, 64)], mix(look.colour, INK, 0.65), how="round")
    canvas.text(50, 57, look.label, light(look.colour, 0.6), size=5, width=22)


def kettle(canvas: Canvas, look: Look) -> None:
    """Styles: electric, gooseneck, whistling, glass."""
    body = (206, 224, 232) if look.style == 3 else look.colour
    canvas.shadow(50, 81, 30, 4)
    handle = dark(look.colour, 0.5) if is_light(look.colour) else INK
    if look.style == 1:
        canvas.line(
            [*bend((30, 70), (14, 68), (20, 46)), *bend((20, 46), (22, 36), (13, 33))], dark(body, 0.12), width=4.2
        )
        canvas.line(
            [*bend((30, 70), (14, 68), (20, 46)), *bend((20, 46), (22, 36), (13, 33))],
            light(body, 0.25),
            width=1.4,
        )
    else:
        canvas.polygon([(33, 44), (19, 36), (16, 40), (30, 60)], dark(body, 0.1))
    if look.style == 2:
        canvas.arc(50, 42, 22, 24, handle, start=180, end=360, width=3.6)
        canvas.ellipse(18, 37, 3, 3, INK)
    else:
        canvas.line([(66, 36), *bend((72, 32), (88, 36), (84, 58)), (70, 66)], handle, width=4.6)
    canvas.polygon(
        [
            *bend((34, 40), (50, 28), (66, 40)),
            *bend((66, 40), (76, 62), (72, 79)),
            *bend((70, 81), (50, 84), (30, 81)),
            *bend((28, 79), (24, 62), (34, 40)),
        ],
        body,
        how="metal" if look.style == 2 or look.colour == STEEL else "round",
        depth=0.32,
    )
    if look.style == 3:
        canvas.polygon([(27.5, 60), (72.5, 60), (72, 78), (28, 78)], (160, 204, 224), how="round", depth=0.2)
        canvas.line([(27.5, 60), (72.5, 60)], (236, 247, 252), width=0.8)
        for x, y in ((40, 70), (48, 66), (58, 72), (53, 75)):
            canvas.arc(x, y, 1.3, 1.3, (236, 247, 252), width=0.5)
    canvas.rect(28, 77, 72, 82, INK, r=2, how="round")
    canvas.ellipse(50, 36.5, 15.5, 4, dark(body, 0.16), how="down")
    canvas.ellipse(50, 35.6, 14, 3.2, light(body, 0.2), how="down")
    canvas.rect(47, 27, 53, 34, handle, r=2)
    if look.style != 3:
        canvas.shine([(35, 50), (38, 44), (39, 58), (37, 70), (34, 66)], strength=0.3)


def pan(canvas: Canvas, look: Look) -> None:
    """Styles: cast iron, non-stick, stainless steel, copper, ceramic. Seen from above."""
    outer = {0: (58, 58, 64), 2: STEEL, 3: (190, 116, 74)}.get(look.style, look.colour)
    inner = {0: (44, 44, 50), 1: (50, 51, 57), 2: (206, 211, 217), 3: (212, 206, 200)}.get(
        look.style, light(look.colour, 0.62)
    )
    handle = dark(outer, 0.35) if look.style in (0, 2, 3) else (WOOD if look.chance[1] < 0.5 else INK)
    canvas.shadow(44, 62, 31, 29, strength=0.28)
    canvas.shadow(76, 32, 14, 8, strength=0.18)
    canvas.line([(62, 40), (88, 16)], handle, width=6)
    canvas.line([(66, 35), (86, 16.5)], light(handle, 0.2), width=1.4)
    canvas.ellipse(88, 16, 1.3, 1.3, light(handle, 0.7), how="plain")
    canvas.ellipse(43, 57, 31, 31, outer, how="metal" if look.style in (2, 3) else "round", depth=0.3)
    canvas.ellipse(43, 57, 27.5, 27.5, dark(inner, 0.25), how="round")
    canvas.ellipse(43, 58, 26, 26, inner, how="flat", depth=0.16)
    if look.style == 2:
        for radius in (20, 13, 6):
            canvas.arc(43, 58, radius, radius, light(inner, 0.5), width=0.4)
    if look.chance[2] < 0.34:
        canvas.blob(
            [(34, 56), (40, 46), (50, 47), (54, 56), (51, 66), (42, 69), (35, 65)], (252, 250, 244), depth=0.06
        )
        canvas.ellipse(44, 57, 6.4, 6.2, (245, 182, 62), how="round", depth=0.2)
    else:
        canvas.shine([(24, 52), (32, 38), (40, 36), (32, 44), (27, 54)], strength=0.22)


def knife(canvas: Canvas, look: Look) -> None:
    """Styles: chef's, santoku, bread, paring, vegetable. Lies diagonally on a board."""
    board = mix(WOOD, (236, 204, 160), look.between(0.25, 0.6))
    canvas.shadow(50, 52, 42, 38, strength=0.22)
    canvas.rect(14, 16, 86, 84, board, r=7, depth=0.14)
    for step in range(6):
        y = 24.0 + step * 10
        canvas.line(bend((17, y), (50, y + 3 - step), (83, y + 1)), dark(board, 0.1), width=0.5)
    canvas.ellipse(78, 24, 3, 3, dark(board, 0.3))
    spine = [(40, 58), (66, 26)]
    wide = {0: 11.0, 1: 12.5, 2: 8.5, 3: 6.5, 4: 14.0}[look.style]
    short = 10.0 if look.style == 3 else 0.0
    tip = (spine[1][0] + 10 - short, spine[1][1] - 4 + short)
    heel = (40 + wide * 0.78, 58 + wide * 0.6)
    canvas.shade([(42, 61), (tip[0] + 2, tip[1] + 4), (heel[0] + 3, heel[1] + 3)], strength=0.14)
    belly = (tip[0] - 2 + wide * 0.6, tip[1] + 12 + wide * 0.4)
    canvas.polygon(
        [(40, 58), (64 - short, 28 + short), tip, *bend(tip, belly, heel)], (214, 219, 226), how="metal", depth=0.2
    )
    canvas.line([(41, 58.5), (64 - short, 29 + short)], (150, 156, 166), width=0.6)
    if look.style == 2:
        for x, y in bend(tip, belly, heel, steps=18):
            canvas.ellipse(x, y, 0.9, 0.9, board, how="plain")
    if look.style == 1:
        for part in (0.3, 0.45, 0.6, 0.75):
            x = heel[0] + (tip[0] - heel[0]) * part - 2.5
            y = heel[1] + (tip[1] - heel[1]) * part - 2
            canvas.ellipse(x, y, 1.4, 1.0, (176, 182, 192), how="plain")
    canvas.line([(41, 62), (24, 80)], dark(look.colour, 0.1), width=6.2)
    canvas.line([(40, 61.5), (24, 78.5)], light(look.colour, 0.18), width=1.6)
    for part in (0.2, 0.5, 0.8):
        canvas.ellipse(41 - 17 * part, 62 + 18 * part, 0.9, 0.9, (226, 222, 206), how="plain")


def coffee_machine(canvas: Canvas, look: Look) -> None:
    """Styles: espresso, filter, bean-to-cup, moka, capsule."""
    drawers = (_espresso, _filter_machine, _bean_to_cup, _moka, _capsule_machine)
    drawers[look.style](canvas, look)


def _espresso(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 84, 36, 4)
    canvas.rect(20, 24, 80, 84, look.colour, r=4, how="round", depth=0.25)
    canvas.rect(24, 46, 76, 76, dark(look.colour, 0.55), r=2, how="down")
    canvas.rect(20, 22, 80, 32, STEEL, r=3, how="metal")
    canvas.rect(18, 76, 82, 85, STEEL, r=2, how="metal")
    for x in (30, 37):
        canvas.ellipse(x, 39, 2.2, 2.2, light(look.colour, 0.6), how="down")
    canvas.ellipse(66, 39, 5, 5, (244, 244, 240), how="down", depth=0.1)
    canvas.line([(66, 39), (68.5, 36.4)], (200, 60, 50), width=0.8)
    canvas.rect(40, 44, 60, 51, STEEL, r=1, how="metal")
    canvas.rect(43, 51, 57, 55, (120, 124, 132), how="metal")
    canvas.line([(43, 53), (30, 58)], INK, width=3.4)
    canvas.line([(47, 56), (47, 64)], COFFEE, width=0.9)
    canvas.line([(53, 56), (53, 64)], COFFEE, width=0.9)
    _cup(canvas, 50, 64)
    canvas.line([(72, 48), (73, 66), (71, 68)], STEEL, width=1.6)


def _cup(canvas: Canvas, x: float, y: float) -> None:
    canvas.arc(x + 8.5, y + 5, 3.5, 3.5, (236, 234, 230), start=-90, end=90, width=1.4)
    canvas.polygon(
        [(x - 9, y), (x + 9, y), (x + 6.4, y + 11), (x - 6.4, y + 11)], (247, 245, 241), how="round", depth=0.14
    )
    canvas.ellipse(x, y, 9, 1.8, COFFEE)


def _filter_machine(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 84, 32, 4)
    canvas.rect(24, 18, 42, 84, look.colour, r=4, how="round", depth=0.25)
    canvas.rect(28, 26, 36, 60, (190, 216, 226), r=2, how="round")
    canvas.rect(28, 42, 36, 60, (140, 190, 212), r=2, how="round")
    canvas.rect(24, 16, 76, 30, look.colour, r=4, how="flat")
    canvas.polygon([(48, 30), (74, 30), (69, 44), (53, 44)], dark(look.colour, 0.35), how="round")
    canvas.rect(24, 76, 78, 85, dark(look.colour, 0.2), r=3)
    canvas.arc(74, 62, 8, 9, INK, start=-90, end=90, width=2.6)
    canvas.polygon(
        [(52, 48), (70, 48), (75, 58), (74, 75), (48, 75), (47, 58)], (214, 228, 234), how="round", depth=0.2
    )
    canvas.polygon([(47.2, 60), (74.8, 60), (74, 75), (48, 75)], COFFEE, how="round")
    canvas.rect(51, 45.5, 71, 49, INK, r=1.5)
    canvas.ellipse(33, 70, 2, 2, (230, 90, 70), how="plain")


def _bean_to_cup(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 85, 33, 4)
    canvas.polygon([(30, 14), (70, 14), (66, 26), (34, 26)], (206, 214, 220), how="round")
    for number in range(14):
        canvas.ellipse(36 + (number * 11) % 29, 19 + (number * 7) % 6, 1.8, 1.2, COFFEE)
    canvas.rect(24, 24, 76, 85, look.colour, r=5, how="round", depth=0.25)
    canvas.rect(30, 30, 70, 44, (34, 38, 48), r=2.5)
    canvas.text(42, 37, "08:15", (150, 220, 210), size=5)
    for x in (56, 61, 66):
        canvas.ellipse(x, 37, 1.7, 1.7, (120, 132, 150), how="plain")
    canvas.rect(32, 50, 68, 78, dark(look.colour, 0.55), r=3, how="down")
    canvas.rect(44, 48, 56, 58, STEEL, r=1.5, how="metal")
    canvas.line([(50, 58), (50, 64)], COFFEE, width=1.0)
    _cup(canvas, 50, 65)
    canvas.rect(28, 77, 72, 81, STEEL, r=1, how="metal")


def _moka(canvas: Canvas, look: Look) -> None:
    canvas.shadow(48, 84, 22, 3.6)
    canvas.line([(62, 32), (80, 34), (78, 56)], INK, width=4.4)
    canvas.polygon([(30, 28), (64, 28), (59, 54), (37, 54)], look.colour, how="metal", depth=0.35)
    canvas.polygon([(30, 28), (22, 33), (33, 42)], dark(look.colour, 0.1))
    canvas.polygon([(37, 54), (59, 54), (66, 82), (30, 82)], look.colour, how="metal", depth=0.35)
    canvas.rect(34, 52, 62, 57, dark(look.colour, 0.25), r=1, how="metal")
    canvas.polygon([(32, 28), (47, 20), (62, 28)], light(look.colour, 0.12), how="metal")
    canvas.ellipse(47, 19, 3.2, 3.2, INK)
    canvas.ellipse(38, 72, 2.2, 2.2, (214, 180, 90))


def _capsule_machine(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 84, 28, 4)
    canvas.polygon(smooth_body(), look.colour, how="round", depth=0.28)
    canvas.rect(38, 46, 64, 76, dark(look.colour, 0.6), r=6, how="down")
    canvas.rect(30, 76, 72, 84, INK, r=3)
    canvas.rect(46, 42, 58, 52, STEEL, r=2, how="metal")
    canvas.line([(34, 24), (66, 20)], STEEL, width=3)
    canvas.line([(52, 52), (52, 63)], COFFEE, width=1.0)
    _cup(canvas, 51, 64)


def smooth_body() -> list[tuple[float, float]]:
    """The rounded body of a capsule machine."""
    half = [*bend((50, 18), (26, 18), (27, 44)), *bend((27, 44), (28, 60), (31, 80)), (32, 82)]
    return mirrored(half)
