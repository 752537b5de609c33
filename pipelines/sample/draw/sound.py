"""Drawers of headphones and speakers."""

from __future__ import annotations

from pipelines.sample.draw.canvas import Canvas, Rgb, bend, contrast, dark, light, mix, turned
from pipelines.sample.draw.look import Look

INK = (46, 47, 56)
STEEL = (188, 194, 202)


def headphones(canvas: Canvas, look: Look) -> None:
    """Styles: wireless, noise cancelling, over-ear, sports (earbuds), studio."""
    if look.style == 3:
        _earbuds(canvas, look)
        return
    wide = look.between(26, 28)
    canvas.shadow(50, 86, 34, 3.6)
    canvas.arc(50, 54, wide, 36, dark(look.colour, 0.25), start=188, end=352, width=5.6)
    canvas.arc(50, 53.4, wide, 36, look.colour, start=200, end=340, width=4.2)
    canvas.arc(50, 55, wide - 2.8, 33, light(look.accent, 0.1), start=222, end=318, width=2.2)
    for side in (-1, 1):
        x = 50 + side * wide
        canvas.line([(x, 40), (x + side * 0.6, 52)], STEEL, width=2.4)
        canvas.rect(x - 4 - side * 6.5, 49, x + 4 - side * 6.5, 83, INK, r=4, how="round")
        canvas.ellipse(x, 66, 8.6, 19, dark(look.colour, 0.25), how="round")
        canvas.ellipse(x + side * 1.6, 66, 7, 16.6, look.colour, how="round", depth=0.3)
        canvas.ellipse(
            x + side * 2.2, 66, 3.6, 9, light(look.colour, 0.22) if look.style != 1 else look.accent, how="down"
        )
        if look.style == 4:
            canvas.arc(x + side * 2.2, 66, 5, 12.4, STEEL, width=0.8)
    if look.style == 4:
        canvas.line(
            [*bend((50 - wide, 84), (30, 98), (52, 95)), *bend((52, 95), (74, 92), (88, 97))], INK, width=1.2
        )


def _earbuds(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 84, 30, 4)
    canvas.rect(24, 54, 76, 84, dark(look.colour, 0.16), r=13, how="round")
    canvas.rect(24, 40, 76, 64, look.colour, r=12, how="round", depth=0.25)
    canvas.line([(25, 62), (75, 62)], dark(look.colour, 0.35), width=0.7)
    canvas.ellipse(50, 70, 1.3, 1.3, (110, 220, 140), how="plain")
    canvas.text(50, 76, look.label, mix(look.colour, contrast(look.colour), 0.45), size=4.4, width=30)
    for x, side in ((36, -1), (64, 1)):
        stem = [(x - 2.4, 24), (x + 2.4, 24), (x + 2.4, 45), (x - 2.4, 45)]
        canvas.polygon(turned(stem, side * 8, around=(x, 30)), light(look.colour, 0.12), how="round")
        canvas.ellipse(x, 24, 8, 7.4, look.colour, how="round", depth=0.3)
        canvas.ellipse(x - side * 6.4, 25, 3.4, 4.4, INK, how="round")


def speaker(canvas: Canvas, look: Look) -> None:
    """Styles: Bluetooth, waterproof, smart, portable, bookshelf."""
    if look.style == 4:
        _bookshelf(canvas, look)
    elif look.style in (1, 3):
        _barrel(canvas, look)
    elif look.style == 2:
        _pillar(canvas, look)
    else:
        canvas.shadow(50, 82, 38, 4)
        canvas.rect(13, 34, 87, 82, dark(look.colour, 0.3), r=10)
        canvas.rect(14, 34, 86, 80.5, look.colour, r=9, how="flat", depth=0.3)
        _mesh(canvas, look.colour, 19, 40, 81, 76)
        for x in (32, 68):
            _driver(canvas, x, 58, 13)
        canvas.arc(50, 34, 16, 12, (120, 84, 56), start=180, end=360, width=2.6)
        canvas.text(50, 76, look.label, light(look.colour, 0.8), size=4, width=20)


def _mesh(canvas: Canvas, colour: Rgb, x0: float, y0: float, x1: float, y1: float) -> None:
    tone = dark(colour, 0.13)
    y = y0
    while y <= y1:
        canvas.line([(x0, y), (x1, y)], tone, width=0.5)
        y += 2.2


def _driver(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.ellipse(x, y, radius, radius, INK, how="down")
    canvas.ellipse(x, y, radius * 0.8, radius * 0.8, (70, 72, 82), how="flat", depth=0.35)
    canvas.ellipse(x, y, radius * 0.36, radius * 0.36, (36, 37, 45), how="round")
    canvas.arc(x, y, radius * 0.93, radius * 0.93, (140, 144, 154), width=0.5)


def _barrel(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 76, 40, 4)
    canvas.rect(16, 36, 84, 76, look.colour, r=14, how="down", depth=0.4)
    _mesh(canvas, look.colour, 24, 42, 76, 70)
    for x in (17, 83):
        canvas.ellipse(x, 56, 7, 20, dark(look.colour, 0.4), how="round")
        canvas.ellipse(x, 56, 4, 13, (84, 86, 96), how="down")
    canvas.rect(36, 50, 64, 61, dark(look.colour, 0.45), r=2)
    canvas.text(50, 55.5, look.label, light(look.colour, 0.75), size=5.4, width=25)
    if look.style == 3:
        canvas.line(bend((22, 38), (50, 8), (78, 38)), dark(look.colour, 0.45), width=2.4)
    else:
        for x, y, r in ((30, 30, 2.4), (42, 25, 1.5), (68, 27, 2.0), (58, 31, 1.3)):
            canvas.blob(
                [(x, y - r * 1.6), (x + r, y + r * 0.4), (x, y + r), (x - r, y + r * 0.4)], (120, 184, 224)
            )


def _pillar(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 86, 24, 4)
    canvas.polygon(
        [(29, 28), (27, 80), *bend((27, 80), (50, 94), (73, 80)), (71, 28)], look.colour, how="round", depth=0.34
    )
    for step in range(18):
        canvas.line(
            bend((28.6, 34 + step * 2.7), (50, 40 + step * 2.7), (71.4, 34 + step * 2.7)),
            dark(look.colour, 0.12),
            width=0.5,
        )
    canvas.ellipse(50, 27, 21, 8, dark(look.colour, 0.45), how="down")
    canvas.arc(50, 27, 17, 6.2, (104, 200, 236), width=1.1)
    for x in (44, 50, 56):
        canvas.ellipse(x, 27, 1, 0.7, (220, 226, 236), how="plain")


def _bookshelf(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 88, 26, 4)
    canvas.polygon([(69, 14), (77, 18), (77, 84), (69, 88)], dark((150, 104, 66), 0.25))
    canvas.rect(28, 14, 70, 88, (166, 116, 74), r=1.6, depth=0.2)
    canvas.rect(31, 17, 67, 85, look.colour, r=1.2, depth=0.25)
    _driver(canvas, 49, 32, 8)
    _driver(canvas, 49, 62, 15)
    canvas.text(49, 81.4, look.label, mix(look.colour, contrast(look.colour), 0.7), size=4, width=28)
