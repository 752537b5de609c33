"""Drawers of what stands in an office."""

from __future__ import annotations

from pipelines.sample.draw.canvas import Canvas, Rgb, bend, contrast, dark, is_light, light, mix, turned
from pipelines.sample.draw.look import Look

INK = (46, 47, 56)
PAPER = (250, 249, 245)
STEEL = (188, 194, 202)
GOLD = (212, 172, 88)
PRINTING_INKS: tuple[Rgb, ...] = ((38, 178, 214), (222, 62, 130), (244, 202, 56), (44, 44, 52))


def laptop(canvas: Canvas, look: Look) -> None:
    """Styles: 14-inch, gaming, business, 2-in-1, student."""
    canvas.shadow(50, 79, 44, 4)
    canvas.rect(19, 22, 81, 70, dark(look.colour, 0.3), r=3)
    canvas.rect(20.5, 23.5, 79.5, 68, (22, 24, 33), r=2)
    _screen(canvas, look)
    canvas.polygon([(17, 69), (83, 69), (93, 78), (7, 78)], look.colour, how="flat", depth=0.2)
    canvas.polygon(
        [(24, 70), (76, 70), (80, 74.2), (20, 74.2)], dark(look.colour, 0.5 if look.style != 1 else 0.8)
    )
    for row in range(2):
        for key in range(14):
            x = 23.5 - row + key * (3.9 + row * 0.1)
            tone = (236, 84, 110) if look.style == 1 else light(look.colour, 0.25)
            canvas.rect(x, 70.7 + row * 1.8, x + 2.7, 71.7 + row * 1.8, tone, how="plain")
    canvas.polygon([(43, 75), (57, 75), (58.4, 77.2), (41.6, 77.2)], dark(look.colour, 0.16))
    canvas.rect(7, 77.6, 93, 80.4, dark(look.colour, 0.3), r=1.2)
    canvas.rect(44, 77.6, 56, 78.8, dark(look.colour, 0.45), r=0.6)


def _screen(canvas: Canvas, look: Look) -> None:
    if look.style == 1:
        canvas.rect(22, 25, 78, 66, (34, 20, 58), how="down")
        canvas.ellipse(50, 46, 13, 13, (240, 90, 140), how="down", depth=0.4)
        for step in range(9):
            canvas.line([(50 + (step - 4) * 3, 54), (50 + (step - 4) * 6.6, 66)], (90, 226, 230), width=0.4)
        for y in (54, 56.5, 60):
            canvas.line([(22, y), (78, y)], (90, 226, 230), width=0.4)
    elif look.style == 2:
        canvas.rect(22, 25, 78, 66, (232, 238, 246), how="down", depth=0.08)
        for number, tall in enumerate((10, 16, 13, 22, 27)):
            canvas.rect(30 + number * 6, 60 - tall, 34 + number * 6, 60, (70, 120, 190), r=0.6)
        canvas.line([(28, 60), (62, 60)], INK, width=0.5)
        for y in (32, 36, 40):
            canvas.rect(65, y, 75, y + 1.4, (170, 182, 200), how="plain")
    else:
        tones = ((104, 176, 210), (240, 170, 110), (150, 190, 140), (176, 150, 214))
        sky = tones[look.among(4)]
        canvas.rect(22, 25, 78, 66, sky, how="down", depth=0.3)
        canvas.ellipse(62, 36, 5, 5, light(sky, 0.75), how="plain")
        canvas.polygon([(22, 66), (22, 56), *bend((22, 56), (40, 38), (58, 58)), (66, 66)], dark(sky, 0.25))
        canvas.polygon([(40, 66), *bend((44, 64), (62, 42), (78, 54)), (78, 66)], dark(sky, 0.42))
        canvas.rect(38, 62, 62, 65, light(sky, 0.55), r=1, how="plain")


def printer(canvas: Canvas, look: Look) -> None:
    """Styles: inkjet, all-in-one, photo, wireless."""
    body = look.colour
    canvas.shadow(50, 84, 42, 4)
    canvas.polygon([(32, 40), (30, 14), (70, 14), (68, 40)], PAPER, depth=0.05)
    canvas.rect(15, 38, 85, 76, dark(body, 0.25), r=5)
    canvas.rect(15, 36, 85, 74, body, r=5, how="flat", depth=0.2)
    if look.style == 1:
        canvas.rect(18, 28, 82, 37.4, dark(body, 0.12), r=2.4, how="down")
        canvas.line([(20, 37), (80, 37)], dark(body, 0.45), width=0.7)
    else:
        canvas.rect(26, 36, 74, 41, dark(body, 0.5), r=1.4)
    canvas.rect(20, 45, 50, 53, (30, 34, 46), r=1.6)
    canvas.text(35, 49, look.label, (130, 214, 236), size=4, width=26)
    for number, tone in enumerate(((96, 200, 120), (240, 190, 80), (226, 92, 84))):
        canvas.ellipse(58 + number * 6, 49, 1.7, 1.7, tone, how="down")
    if look.style == 3:
        for radius in (2.4, 4.6, 6.8):
            canvas.arc(77, 51, radius, radius, mix(body, contrast(body), 0.5), start=225, end=315, width=0.9)
    canvas.rect(25, 58, 75, 69, dark(body, 0.65), r=1.6, how="down")
    sheet = [(29, 64), (71, 64), (76, 86), (24, 86)]
    canvas.polygon(sheet, PAPER, how="down", depth=0.07)
    if look.style == 2:
        canvas.polygon([(33, 68), (67, 68), (70.4, 83), (29.6, 83)], (104, 172, 216), how="down", depth=0.3)
        canvas.polygon([(30.6, 83), (44, 72), (54, 79), (60, 75), (69, 83)], (84, 140, 92))
        canvas.ellipse(61, 71.4, 2.2, 1.8, (250, 222, 120), how="plain")
    else:
        for step in range(5):
            canvas.line(
                [(33 - step * 0.8, 69 + step * 3.2), (60 + (step * 13) % 8, 69 + step * 3.2)],
                (150, 156, 168),
                width=0.8,
            )
    canvas.rect(15, 72, 26, 76, dark(body, 0.25), r=1)


def ink(canvas: Canvas, look: Look) -> None:
    """Styles: black, tri-colour, black XL, multipack. A box with its cartridges in front."""
    tones = {1: PRINTING_INKS[:3], 3: PRINTING_INKS}.get(look.style, (PRINTING_INKS[3],))
    band = look.colour
    canvas.shadow(46, 84, 34, 4)
    canvas.polygon([(64, 20), (74, 16), (74, 78), (64, 84)], dark(band, 0.4))
    canvas.polygon([(18, 20), (30, 16), (74, 16), (64, 20)], light(band, 0.3))
    canvas.rect(18, 20, 64, 84, band, depth=0.14)
    canvas.rect(18, 34, 64, 84, PAPER, depth=0.06)
    canvas.text(41, 27, look.label, contrast(band), size=7.4, width=40)
    canvas.text(41, 41, "XL" if look.style == 2 else "INK", INK, size=8)
    for number, tone in enumerate(tones):
        x = 41 + (number - (len(tones) - 1) / 2) * 9.6
        canvas.blob([(x, 50), (x + 3.9, 58), (x, 62.4), (x - 3.9, 58)], tone, how="round")
    _cartridge(canvas, 68, 62, tones[0])
    if len(tones) > 1:
        _cartridge(canvas, 54, 66, tones[1])


def _cartridge(canvas: Canvas, x: float, y: float, tone: Rgb) -> None:
    canvas.shade([(x - 2, y + 24), (x + 10, y + 26), (x + 24, y + 24), (x + 10, y + 22)], strength=0.18)
    canvas.rect(x, y, x + 19, y + 23, INK, r=1.6)
    canvas.rect(x + 2, y + 4, x + 17, y + 18, tone, r=1)
    canvas.rect(x + 2, y + 4, x + 17, y + 8, light(tone, 0.7), r=1)
    canvas.rect(x + 6, y - 2, x + 13, y + 0.6, (86, 88, 98), r=0.6)
    canvas.rect(x + 5, y + 22, x + 14, y + 24.4, GOLD, r=0.4)


def paper(canvas: Canvas, look: Look) -> None:
    """Styles: 80 g, recycled, 100 g, glossy photo. A wrapped ream, opened at a corner."""
    sheet = (222, 212, 192) if look.style == 1 else PAPER
    canvas.shadow(50, 80, 42, 5)
    canvas.polygon([(14, 58), (50, 72), (50, 86), (14, 71)], dark(look.colour, 0.22))
    canvas.polygon([(50, 72), (87, 55), (87, 68), (50, 86)], dark(look.colour, 0.35))
    canvas.polygon([(14, 58), (52, 40), (87, 55), (50, 72)], look.colour, depth=0.14)
    canvas.polygon([(14, 44), (50, 58), (50, 72), (14, 58)], sheet, depth=0.1)
    canvas.polygon([(50, 58), (87, 41), (87, 55), (50, 72)], dark(sheet, 0.1), depth=0.08)
    for step in range(1, 6):
        canvas.line(
            [(14, 44 + step * 2.3), (50, 58 + step * 2.3), (87, 41 + step * 2.3)], dark(sheet, 0.16), width=0.3
        )
    canvas.polygon([(14, 44), (52, 26), (87, 41), (50, 58)], light(sheet, 0.3), depth=0.06)
    if look.style == 3:
        canvas.polygon([(27, 43.6), (52, 31.6), (75, 41.4), (50, 53.2)], (98, 168, 212), depth=0.4)
        canvas.polygon([(33, 46), (45, 39), (50, 44), (56, 40), (62, 47.4), (50, 53.2)], (84, 146, 96))
    else:
        canvas.polygon([(50, 58), (87, 41), (87, 45), (50, 62)], look.colour)
        canvas.polygon([(14, 44), (50, 58), (50, 62), (14, 48)], light(look.colour, 0.15))
        canvas.text(51, 42, {1: "RECYCLED", 2: "100 g"}.get(look.style, "A4"), dark(look.colour, 0.4), size=7)
    canvas.text(32, 72, look.label, contrast(dark(look.colour, 0.22)), size=4.6, width=26)


def notebook(canvas: Canvas, look: Look) -> None:
    """Styles: lined, dotted, plain, hardcover, pocket."""
    small = 6.0 if look.style == 4 else 0.0
    x0, y0, x1, y1 = 25 + small, 14 + small, 75 - small, 86 - small
    cover = look.colour
    canvas.shadow(52, 88 - small, 30 - small, 4)
    canvas.rect(x0 + 2, y0 + 2, x1 + 2.6, y1 + 2.4, dark(cover, 0.45), r=2.4)
    canvas.rect(x0 + 3, y0 + 1.5, x1 + 1.6, y1 + 1.2, PAPER, r=2)
    canvas.rect(x0, y0, x1, y1, cover, r=2.4, depth=0.2)
    canvas.rect(x0, y0, x0 + 6, y1, dark(cover, 0.18), r=2)
    ink_tone = mix(cover, contrast(cover), 0.5)
    if look.style in (0, 3):
        canvas.rect(x0 + 13, y0 + 14, x1 - 9, y0 + 30, light(cover, 0.85), r=1, depth=0.05)
        for y in (y0 + 20, y0 + 25):
            canvas.line([(x0 + 17, y), (x1 - 13, y)], dark(cover, 0.2), width=0.6)
    elif look.style == 1:
        for row in range(8):
            for column in range(5):
                canvas.ellipse(x0 + 13 + column * 6.8, y0 + 12 + row * 6.8, 0.8, 0.8, ink_tone, how="plain")
    else:
        canvas.text((x0 + x1 + 6) / 2, y0 + 16, look.label, ink_tone, size=5.4, width=28)
        canvas.line([(x0 + 18, y0 + 21), (x1 - 12, y0 + 21)], ink_tone, width=0.5)
    if look.style != 2:
        canvas.rect(x1 - 7, y0, x1 - 4.6, y1, dark(look.accent, 0.2), how="plain")
    canvas.polygon([(50, y1 + 0.5), (53, y1 + 0.5), (53, y1 + 8), (51.5, y1 + 6), (50, y1 + 8)], look.accent)
    canvas.shine([(x0 + 9, y0 + 4), (x0 + 22, y0 + 3), (x0 + 12, y0 + 40), (x0 + 9, y0 + 40)], strength=0.12)


def pen(canvas: Canvas, look: Look) -> None:
    """Styles: fountain, gel, ballpoint, fineliner. Lies across a written line."""
    canvas.shadow(54, 62, 34, 9, strength=0.16)
    script = mix(look.colour, (60, 62, 80), 0.5)
    for start, lift in ((16, 6), (26, -5), (36, 5)):
        canvas.line(bend((start, 84), (start + 5, 84 - lift * 2), (start + 10, 84)), script, width=0.9)

    def part(
        x0: float,
        x1: float,
        half: float,
        fill: Rgb,
        *,
        how: str = "down",
        depth: float = 0.4,
        end: float | None = None,
    ) -> None:
        other = half if end is None else end
        points = [(x0, 50 - half), (x1, 50 - other), (x1, 50 + other), (x0, 50 + half)]
        canvas.polygon(turned(points, -38), fill, how=how, depth=depth)

    trim = GOLD if look.style == 0 or look.chance[0] < 0.4 else STEEL
    part(32, 62, 4.6, look.colour)
    part(62, 92, 5.2, dark(look.colour, 0.12) if look.style != 2 else look.colour)
    part(61, 64, 5.4, trim)
    part(92, 94, 4.4, trim, end=3.4)
    part(24, 32, 3.4, dark(look.colour, 0.35), end=4.4)
    if look.style == 0:
        part(10, 25, 0.4, GOLD, end=3.4)
        canvas.line(turned([(11, 50), (20, 50)], -38), dark(GOLD, 0.5), width=0.4)
    else:
        part(16, 25, 0.9, STEEL, end=3.2)
        part(12, 17, 0.35, INK if look.style == 3 else STEEL, end=0.9)
    if look.style == 2:
        part(94, 99, 1.8, STEEL)
    canvas.line(turned([(66, 45.4), (90, 44.6)], -38), trim, width=1.3)
    canvas.line(
        turned([(35, 48), (58, 48)], -38), light(look.colour, 0.5 if not is_light(look.colour) else 0.9), width=0.7
    )
