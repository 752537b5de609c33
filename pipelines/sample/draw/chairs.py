"""Drawers of chairs."""

from __future__ import annotations

import math

from pipelines.sample.draw.canvas import Canvas, Rgb, bend, dark, light
from pipelines.sample.draw.look import Look

BRASS = (206, 164, 84)
WOOD = (178, 128, 84)
INK = (50, 50, 60)


def chair(canvas: Canvas, look: Look) -> None:
    """Styles: oak, velvet, rattan, office, folding."""
    drawers = (_dining_chair, _velvet_chair, _rattan_chair, _office_chair, _folding_chair)
    canvas.shadow(50, 88, 28, 4)
    drawers[look.style](canvas, look)


def _legs(canvas: Canvas, tone: Rgb) -> None:
    for start, end in (((38, 60), (36, 82)), ((63, 60), (66, 82))):
        canvas.line([start, end], dark(tone, 0.3), width=2.2)
    for start, end in (((32, 62), (27, 89)), ((68, 62), (73, 89))):
        canvas.line([start, end], tone, width=2.8)


def _dining_chair(canvas: Canvas, look: Look) -> None:
    _legs(canvas, WOOD)
    for x0, x1 in ((33, 31), (67, 69)):
        canvas.line([(x0, 60), (x1, 14)], WOOD, width=2.8)
    for step in range(look.among(2, place=1) + 2):
        y = 17 + step * 9
        canvas.polygon(
            [
                (31, y),
                *bend((31, y), (50, y - 3), (69, y)),
                (68.6, y + 5),
                *bend((68.6, y + 5), (50, y + 2), (31.4, y + 5)),
            ],
            light(WOOD, 0.08),
        )
    canvas.polygon([(30, 56), (70, 56), (74, 63), (26, 63)], look.colour, depth=0.2)
    canvas.rect(26, 62.4, 74, 66, dark(look.colour, 0.3), r=1.4)


def _velvet_chair(canvas: Canvas, look: Look) -> None:
    _legs(canvas, BRASS)
    canvas.blob(
        [(50, 12), (70, 17), (76, 36), (71, 60), (50, 64), (29, 60), (24, 36), (30, 17)],
        look.colour,
        how="round",
        depth=0.3,
    )
    for step in (-16, -8, 0, 8, 16):
        canvas.line(
            bend((50 + step * 0.7, 18), (50 + step * 1.2, 36), (50 + step, 54)), dark(look.colour, 0.18), width=0.7
        )
    canvas.blob(
        [(26, 58), (50, 53), (74, 58), (75, 66), (50, 70), (25, 66)],
        light(look.colour, 0.1),
        how="down",
        depth=0.3,
    )


def _rattan_chair(canvas: Canvas, look: Look) -> None:
    cane = (212, 174, 118)
    _legs(canvas, dark(cane, 0.2))
    canvas.ellipse(50, 36, 25, 25, dark(cane, 0.15), how="round")
    canvas.ellipse(50, 36, 22, 22, light(cane, 0.3), how="flat", depth=0.1)
    for step in range(-6, 7):
        reach = math.sqrt(max(0.0, 22**2 - (step * 3.3) ** 2))
        canvas.line([(50 + step * 3.3, 36 - reach), (50 + step * 3.3, 36 + reach)], cane, width=0.6)
        canvas.line([(50 - reach, 36 + step * 3.3), (50 + reach, 36 + step * 3.3)], cane, width=0.6)
    canvas.ellipse(50, 62, 25, 6.4, dark(cane, 0.2), how="down")
    canvas.ellipse(50, 59.6, 23, 6, look.colour, how="down", depth=0.2)


def _office_chair(canvas: Canvas, look: Look) -> None:
    for x in (26, 38, 62, 74):
        canvas.line([(50, 80), (x, 86)], INK, width=2.4)
        canvas.ellipse(x, 88, 2.4, 2.4, INK)
    canvas.rect(48, 64, 52, 82, (150, 154, 162), how="metal")
    canvas.line([(30, 62), (24, 60), (24, 48), (32, 47)], INK, width=2.2)
    canvas.line([(70, 62), (76, 60), (76, 48), (68, 47)], INK, width=2.2)
    canvas.rect(32, 10, 68, 54, look.colour, r=8, how="round", depth=0.25)
    for step in range(7):
        canvas.line([(36, 16 + step * 5), (64, 16 + step * 5)], dark(look.colour, 0.14), width=0.8)
    canvas.rect(29, 56, 71, 66, look.colour, r=5, how="down", depth=0.35)


def _folding_chair(canvas: Canvas, look: Look) -> None:
    frame = dark(look.colour, 0.25)
    for start, end in (((30, 14), (70, 88)), ((70, 52), (30, 88))):
        canvas.line([start, end], dark(frame, 0.25), width=2.2)
    for start, end in (((38, 12), (76, 88)), ((76, 54), (38, 88))):
        canvas.line([start, end], frame, width=2.4)
    canvas.polygon([(28, 14), (38, 12), (47, 30), (37, 32)], look.colour, depth=0.25)
    canvas.polygon([(44, 50), (78, 50), (76, 57), (42, 57)], look.colour, how="down", depth=0.3)
