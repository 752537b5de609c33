"""Drawers of Christmas decorations."""

from __future__ import annotations

import math

from pipelines.sample.draw.canvas import Canvas, bend, dark, light, mix
from pipelines.sample.draw.look import Look

BRASS = (206, 164, 84)
GLOW = (255, 236, 186)
GREEN = (66, 112, 74)


def bauble(canvas: Canvas, look: Look) -> None:
    """Styles: baubles, wreath, tree lights, paper star, stocking."""
    drawers = (_baubles, _wreath, _tree_lights, _paper_star, _stocking)
    drawers[look.style](canvas, look)


def _baubles(canvas: Canvas, look: Look) -> None:
    for start, control, end in (((4, 8), (34, 22), (62, 6)), ((40, 4), (70, 24), (98, 10))):
        canvas.line(bend(start, control, end), GREEN, width=1.4)
        for x, y in bend(start, control, end, steps=15):
            for dx in (-3.6, 0, 3.6):
                canvas.line([(x, y), (x + dx, y + 6)], mix(GREEN, (30, 70, 50), 0.3 if dx else 0), width=0.7)
    for x, y, radius, tone in (
        (34, 62, 21, look.colour),
        (70, 54, 15, look.accent),
        (64, 84, 9, light(look.colour, 0.25)),
    ):
        canvas.line([(x, 12), (x, y - radius - 3)], (224, 214, 190), width=0.4)
        canvas.ellipse(x, y, radius, radius, tone, how="round", depth=0.45)
        canvas.rect(x - 3, y - radius - 3, x + 3, y - radius + 1, BRASS, r=0.8, how="metal")
        canvas.shine(
            [
                (x - radius * 0.6, y - radius * 0.1),
                (x - radius * 0.4, y - radius * 0.6),
                (x - radius * 0.05, y - radius * 0.7),
                (x - radius * 0.35, y - radius * 0.25),
            ],
            strength=0.5,
        )
        if look.chance[1] < 0.5:
            canvas.line(
                bend(
                    (x - radius * 0.96, y + radius * 0.16),
                    (x, y + radius * 0.42),
                    (x + radius * 0.96, y + radius * 0.16),
                ),
                light(BRASS, 0.3),
                width=1.2,
            )


def _wreath(canvas: Canvas, look: Look) -> None:
    red, green, _ = look.colour
    bow = look.colour if red >= green else (200, 53, 47)  # a green bow would be lost
    canvas.shadow(50, 86, 30, 3, strength=0.2)
    for ring, radius in enumerate((29, 24, 33)):
        for step in range(30):
            a = (step + ring * 0.4) / 30 * math.tau
            x, y = 50 + radius * math.cos(a), 50 + radius * math.sin(a)
            lean = a + math.pi / 2 + (0.5 if (step + ring) % 2 else -0.5)
            tone = mix(GREEN, (40, 82, 58) if (step + ring) % 3 else (126, 160, 104), 0.55)
            dx, dy = 6.4 * math.cos(lean), 6.4 * math.sin(lean)
            canvas.line([(x - dx, y - dy), (x + dx, y + dy)], tone, width=1.9)
    for step in range(9):
        a = step / 9 * math.tau + 0.3
        canvas.ellipse(50 + 29 * math.cos(a), 50 + 29 * math.sin(a), 2.8, 2.8, bow, how="round", depth=0.4)
    canvas.blob([(50, 78), (34, 70), (32, 86)], bow, depth=0.3)
    canvas.blob([(50, 78), (66, 70), (68, 86)], bow, depth=0.3)
    canvas.polygon([(48, 80), (40, 96), (46, 94), (50, 82), (54, 94), (60, 96), (52, 80)], dark(bow, 0.15))
    canvas.ellipse(50, 78, 3.6, 3.6, dark(bow, 0.1), how="down")


def _tree_lights(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 90, 24, 3.4)
    canvas.rect(46.4, 80, 53.6, 90, (124, 84, 56))
    for top, low, half in ((10, 38, 18), (26, 60, 26), (44, 83, 34)):
        canvas.polygon(
            [(50, top), (50 + half, low), *bend((50 + half, low), (50, low + 5), (50 - half, low))],
            GREEN,
            how="flat",
            depth=0.3,
        )
    for y, half in ((32, 12), (50, 20), (70, 28)):
        canvas.line(bend((50 - half, y - 2), (50, y + 9), (50 + half, y - 3)), (44, 74, 54), width=0.6)
        for step, (x, py) in enumerate(bend((50 - half, y - 2), (50, y + 9), (50 + half, y - 3), steps=6)):
            tone = look.colour if step % 2 else (255, 224, 140)
            canvas.shine([(x - 4, py + 1), (x, py - 3), (x + 4, py + 1), (x, py + 5)], strength=0.25)
            canvas.ellipse(x, py + 1, 1.8, 2.2, tone, how="down")
    star = [
        (
            50 + (6 if k % 2 == 0 else 2.6) * math.sin(k * math.pi / 5),
            11 - (6 if k % 2 == 0 else 2.6) * math.cos(k * math.pi / 5),
        )
        for k in range(10)
    ]
    canvas.polygon(star, (250, 206, 92))


def _paper_star(canvas: Canvas, look: Look) -> None:
    canvas.line([(50, 0), (50, 16)], (120, 110, 100), width=0.5)
    canvas.shine([(50, 6), (88, 26), (90, 70), (50, 96), (10, 70), (12, 26)], strength=0.25)
    points = look.among(2, place=1) + 5
    for number in range(points):
        tip, left, right = (
            number / points * math.tau - math.pi / 2 + lean for lean in (0, -math.pi / points, math.pi / points)
        )
        peak = (50 + 38 * math.cos(tip), 52 + 38 * math.sin(tip))
        for side, tone in ((left, light(look.colour, 0.22)), (right, dark(look.colour, 0.16))):
            canvas.polygon(
                [(50, 52), peak, (50 + 17 * math.cos(side), 52 + 17 * math.sin(side))], tone, depth=0.14
            )
        for part in (0.35, 0.5, 0.65):
            x, y = 50 + 38 * part * math.cos(tip), 52 + 38 * part * math.sin(tip)
            canvas.ellipse(x, y, 1.2, 1.2, GLOW, how="plain")


def _stocking(canvas: Canvas, look: Look) -> None:
    canvas.shadow(48, 90, 26, 3)
    canvas.arc(62, 13, 3.4, 5, dark(look.colour, 0.3), start=150, end=390, width=1)
    sock = [
        (38, 26),
        (68, 26),
        *bend((68, 58), (68, 62), (66, 68)),
        *bend((66, 68), (62, 88), (42, 89)),
        *bend((42, 89), (20, 90), (22, 76)),
        *bend((22, 76), (24, 68), (36, 66)),
        (38, 58),
    ]
    canvas.polygon(sock, look.colour, how="flat", depth=0.3)
    for y in (40, 50):
        canvas.line([(38, y), (68, y)], light(look.colour, 0.6), width=1.6)
    for x in (42, 48, 54, 60, 66):
        canvas.ellipse(x - 1, 45, 1.1, 1.1, light(look.colour, 0.6), how="plain")
    canvas.blob([(22, 78), (30, 72), (36, 80), (34, 89), (26, 88)], light(look.colour, 0.55), depth=0.1)
    canvas.blob([(66, 62), (58, 68), (58, 78), (64, 76)], light(look.colour, 0.55), depth=0.1)
    canvas.rect(34, 16, 72, 30, (248, 245, 238), r=5, how="down", depth=0.1)
