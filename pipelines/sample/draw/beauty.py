"""Drawers of bottles, tubes and jars from the bathroom."""

from __future__ import annotations

import math

from pipelines.sample.draw.canvas import Canvas, Rgb, bend, contrast, dark, light, mirrored, mix
from pipelines.sample.draw.look import Look

GOLD = (214, 178, 106)
WHITE = (248, 246, 242)
INK = (52, 50, 58)
LEAF = (116, 152, 100)


def shampoo(canvas: Canvas, look: Look) -> None:
    """Styles: moisturising, anti-dandruff, volume, colour care, sensitive."""
    colour = mix(look.colour, WHITE, 0.7) if look.style == 4 else look.colour
    canvas.shadow(50, 90, 20, 3.6)
    pump = look.chance[1] < 0.55
    wide = look.between(16, 19)
    half = [
        (44, 30),
        *bend((44, 32), (50 - wide, 33), (50 - wide, 44)),
        (50 - wide, 84),
        *bend((50 - wide, 90), (50 - wide + 2, 90), (50 - wide + 6, 90)),
        (50, 90),
    ]
    canvas.polygon(mirrored(half), colour, how="round", depth=0.3)
    cap = dark(colour, 0.36) if look.style != 4 else LEAF
    if pump:
        canvas.rect(43, 24, 57, 32, cap, r=1.4, how="round")
        canvas.rect(48.4, 15, 51.6, 25, WHITE, how="round")
        canvas.polygon(
            [(40, 10), (55, 10), (57, 15.6), (33, 15.6), (31, 21), (28.4, 20), (31, 12.4)],
            cap,
            how="down",
            depth=0.25,
        )
    else:
        canvas.polygon([(40, 31), (41, 17), (59, 17), (60, 31)], cap, how="round", depth=0.3)
        canvas.line([(40.6, 27), (59.4, 27)], dark(cap, 0.4), width=0.6)
    canvas.rect(50 - wide + 4, 48, 50 + wide - 4, 80, light(colour, 0.7), r=2, how="round", depth=0.1)
    canvas.text(50, 54, look.label, dark(colour, 0.55), size=5.2, width=2 * wide - 11)
    canvas.line([(50 - wide + 8, 58.6), (50 + wide - 8, 58.6)], GOLD, width=0.5)
    _emblem(canvas, look.style, 50, 67.4, colour)
    canvas.shine(
        [(50 - wide + 2, 46), (50 - wide + 4, 42), (50 - wide + 3.6, 82), (50 - wide + 2, 82)], strength=0.45
    )


def _emblem(canvas: Canvas, style: int, x: float, y: float, colour: Rgb) -> None:
    if style == 0:
        canvas.blob([(x, y - 7), (x + 4.6, y + 1), (x, y + 6), (x - 4.6, y + 1)], (104, 170, 206), how="down")
    elif style == 1:
        for number in range(6):
            a = number / 6 * math.tau
            canvas.line([(x, y), (x + 6 * math.cos(a), y + 6 * math.sin(a))], dark(colour, 0.35), width=0.9)
    elif style == 2:
        for step in range(3):
            canvas.line(
                bend((x - 6, y + 4 - step * 4), (x, y - 1 - step * 4), (x + 6, y + 4 - step * 4)),
                dark(colour, 0.35),
                width=1.2,
            )
    elif style == 3:
        for number, tone in enumerate(((222, 96, 96), (240, 186, 80), (110, 160, 200))):
            canvas.ellipse(x - 3.6 + number * 3.6, y + (number % 2) * 3 - 1, 3.6, 3.6, tone, how="down")
    else:
        canvas.blob([(x, y + 7), (x - 7, y + 1), (x - 5, y - 5), (x - 1, y - 1)], LEAF, how="down")
        canvas.blob([(x, y + 7), (x + 7, y + 1), (x + 5, y - 5), (x + 1, y - 1)], light(LEAF, 0.2), how="down")


def tube(canvas: Canvas, look: Look) -> None:
    """Styles: SPF 50, SPF 30, kids, face."""
    colour = look.colour
    canvas.shadow(50, 91, 17, 3.4)
    canvas.polygon(
        [(30, 12), (70, 12), *bend((70, 12), (69, 50), (63, 76)), (37, 76), *bend((37, 76), (31, 50), (30, 12))],
        colour,
        how="round",
        depth=0.28,
    )
    canvas.rect(29, 9, 71, 15, dark(colour, 0.12), r=0.8, how="round")
    for step in range(14):
        canvas.line([(30.6 + step * 3, 9.6), (30.6 + step * 3, 14.4)], light(colour, 0.3), width=0.4)
    canvas.rect(37, 76, 63, 91, WHITE, r=2.4, how="round", depth=0.16)
    canvas.line([(37.4, 79), (62.6, 79)], (208, 204, 198), width=0.5)
    for number in range(12):
        a = number / 12 * math.tau
        canvas.line(
            [(50 + 9.4 * math.cos(a), 32 + 9.4 * math.sin(a)), (50 + 12.6 * math.cos(a), 32 + 12.6 * math.sin(a))],
            (255, 246, 214),
            width=1.1,
        )
    canvas.ellipse(50, 32, 7.6, 7.6, (255, 240, 190), how="down", depth=0.12)
    if look.style == 2:
        for side in (-1, 1):
            canvas.ellipse(50 + side * 2.8, 31, 0.9, 1.1, INK, how="plain")
        canvas.line(bend((47, 34), (50, 37), (53, 34)), INK, width=0.7)
    words = ("50", "30", "KIDS", "FACE")[look.style]
    canvas.text(50, 55, words, contrast(colour), size=9 if look.style < 2 else 6.4, width=26)
    canvas.text(50, 64.6, look.label, mix(colour, contrast(colour), 0.8), size=4.2, width=24)
    canvas.line(bend((38, 69.6), (44, 67.6), (50, 69.6)), light(colour, 0.55), width=1)
    canvas.line(bend((50, 69.6), (56, 71.6), (62, 69.6)), light(colour, 0.55), width=1)


def perfume(canvas: Canvas, look: Look) -> None:
    """Styles: floral, woody, citrus, oriental; three forms of bottle."""
    juice = mix(look.colour, (255, 236, 214), 0.45)
    canvas.shadow(50, 88, 27, 4)
    form = look.among(3)
    if form == 0:
        canvas.rect(25, 38, 75, 88, light(juice, 0.45), r=5, how="round", depth=0.25)
        canvas.rect(29, 47, 71, 84, juice, r=3, how="round", depth=0.3)
    elif form == 1:
        canvas.ellipse(50, 62, 27, 26, light(juice, 0.45), how="round", depth=0.25)
        canvas.ellipse(50, 65, 22.4, 20, juice, how="round", depth=0.3)
    else:
        canvas.polygon(
            [(36, 38), (64, 38), (76, 52), (70, 88), (30, 88), (24, 52)],
            light(juice, 0.45),
            how="metal",
            depth=0.22,
        )
        canvas.polygon([(32, 54), (68, 54), (65.6, 84), (34.4, 84)], juice, how="round", depth=0.3)
    canvas.line([(32, 47 if form == 0 else 54), (68, 47 if form == 0 else 54)], light(juice, 0.7), width=0.6)
    canvas.rect(43, 30, 57, 39, GOLD, r=1, how="metal")
    cap = {0: GOLD, 1: (92, 62, 44), 2: WHITE, 3: INK}[look.style]
    if look.among(2, place=1) == 0:
        canvas.rect(40, 12, 60, 31, cap, r=2.4, how="metal", depth=0.3)
    else:
        canvas.ellipse(50, 21, 10, 10, cap, how="round", depth=0.35)
    canvas.rect(36, 60, 64, 75, (252, 248, 240), r=1, how="round", depth=0.08)
    canvas.text(50, 65.4, look.words, INK, size=5, width=25)
    canvas.text(50, 71, look.label, (140, 128, 120), size=3, width=25)
    canvas.shine([(31, 56), (34, 52), (35, 72), (32, 76)], strength=0.45)
    if look.style == 0:
        _blossom(canvas, 80, 82, look.colour)
    elif look.style == 2:
        canvas.ellipse(81, 82, 7, 7, (248, 196, 70), how="round")
        canvas.ellipse(81, 82, 5.4, 5.4, (255, 232, 150), how="plain")
        for number in range(8):
            a = number / 8 * math.tau
            canvas.line([(81, 82), (81 + 5 * math.cos(a), 82 + 5 * math.sin(a))], (248, 196, 70), width=0.5)


def _blossom(canvas: Canvas, x: float, y: float, colour: Rgb) -> None:
    for number in range(6):
        a = number / 6 * math.tau
        canvas.ellipse(x + 4.4 * math.cos(a), y + 4.4 * math.sin(a), 3.4, 3.4, light(colour, 0.35), how="down")
    canvas.ellipse(x, y, 2.6, 2.6, (248, 206, 100), how="round")


def lipstick(canvas: Canvas, look: Look) -> None:
    """Styles: matte, satin, sheer, long-lasting."""
    case = ((44, 42, 50), GOLD, (236, 222, 214), (90, 60, 70))[look.style]
    canvas.shadow(44, 90, 16, 3.4)
    canvas.shadow(74, 90, 13, 3)
    canvas.polygon(
        [(36, 46), (36, 26), *bend((36, 26), (38, 12), (52, 10)), (52, 46)], look.colour, how="round", depth=0.3
    )
    canvas.polygon(
        [(36, 28), *bend((36, 28), (38, 12), (52, 10)), *bend((52, 10), (50, 24), (36, 28))],
        light(look.colour, 0.2),
        how="down",
        depth=0.16,
    )
    canvas.rect(35, 44, 53, 60, GOLD if look.style != 1 else (232, 206, 150), r=0.8, how="metal", depth=0.35)
    canvas.rect(31, 58, 57, 90, case, r=1.6, how="metal", depth=0.32)
    canvas.rect(31, 61, 57, 63, GOLD if look.style != 1 else INK, how="metal")
    canvas.text(44, 76, look.label, mix(case, contrast(case), 0.6), size=4, width=22)
    canvas.rect(62, 46, 86, 90, case, r=2.4, how="metal", depth=0.32)
    canvas.ellipse(74, 46.6, 12, 2.6, light(case, 0.16), how="down")
    canvas.rect(62, 84, 86, 86, GOLD if look.style != 1 else INK, how="metal")
    canvas.line(
        [*bend((8, 84), (14, 74), (20, 82)), *bend((20, 82), (24, 88), (28, 78))],
        light(look.colour, 0.12),
        width=3.4,
    )


def jar(canvas: Canvas, look: Look) -> None:
    """Styles: shea butter, almond, lavender, aloe vera. A flat tin with the cream open beside its lid."""
    colour = look.colour
    canvas.shadow(40, 80, 34, 5)
    canvas.shadow(76, 84, 18, 3.6)
    canvas.polygon(
        [(10, 50), (70, 50), (69, 76), *bend((69, 76), (40, 87), (11, 76))], colour, how="round", depth=0.3
    )
    canvas.ellipse(40, 50, 30, 9, light(colour, 0.3), how="down", depth=0.14)
    canvas.ellipse(40, 50.6, 27.4, 7.6, dark(colour, 0.2), how="down")
    canvas.ellipse(40, 51, 26.6, 7, (252, 248, 238), how="down", depth=0.08)
    canvas.line(
        [*bend((26, 51), (36, 44), (46, 50)), *bend((46, 50), (52, 54), (40, 54))], (232, 224, 208), width=1.2
    )
    canvas.blob([(38, 50), (42, 44.6), (45, 41), (46, 46), (48, 50), (43, 52)], (255, 252, 244), depth=0.1)
    canvas.text(40, 69, look.label, mix(colour, contrast(colour), 0.85), size=6.4, width=44)
    canvas.text(40, 76, look.words, mix(colour, contrast(colour), 0.55), size=3.8, width=34)
    canvas.ellipse(78, 64, 18, 20, dark(colour, 0.24), how="metal", depth=0.25)
    canvas.ellipse(76.6, 63.4, 17, 19, colour, how="flat", depth=0.24)
    canvas.ellipse(76.6, 63.4, 13, 14.8, light(colour, 0.5), how="down", depth=0.1)
    if look.style == 2:
        for step in range(6):
            canvas.ellipse(76 + (step % 2) * 2.4, 54 + step * 2.4, 1.8, 1.6, (142, 116, 186), how="down")
        canvas.line([(77, 68), (77, 75)], LEAF, width=0.8)
    elif look.style == 3:
        for lean in (-8, -4, 0, 4, 8):
            canvas.polygon([(75.4 + lean * 0.2, 74), (76.6 + lean, 54 + abs(lean)), (78 + lean * 0.2, 74)], LEAF)
    else:
        tone = (190, 140, 92) if look.style == 1 else (206, 178, 126)
        for dx, dy in ((-4, 1), (4, -2), (1, 6)):
            canvas.blob(
                [(76 + dx, 57 + dy), (79.4 + dx, 62 + dy), (76 + dx, 67 + dy), (72.6 + dx, 62 + dy)],
                tone,
                how="down",
                depth=0.3,
            )
