"""Drawers of food and drink."""

from __future__ import annotations

from pipelines.sample.draw.canvas import Canvas, Rgb, bend, dark, light, mirrored, mix
from pipelines.sample.draw.look import Look

CREAM = (247, 240, 226)
GOLD = (214, 176, 96)
CHOCOLATES: tuple[Rgb, ...] = ((62, 36, 28), (134, 84, 52), (120, 72, 42), (146, 92, 54), (84, 48, 34))
OILS: tuple[Rgb, ...] = ((122, 132, 42), (142, 146, 50), (206, 184, 60), (190, 166, 66))
LEAVES: tuple[Rgb, ...] = (
    (122, 160, 84),
    (96, 130, 92),
    (70, 84, 132),
    (236, 196, 92),
    (240, 240, 226),
    (178, 96, 60),
)


def coffee_bag(canvas: Canvas, look: Look) -> None:
    """Styles: dark, medium, light roast, decaf, espresso blend."""
    canvas.shadow(50, 88, 28, 4)
    outline = [
        (28, 16),
        (72, 16),
        (73, 26),
        *bend((73, 26), (78, 56), (73, 86)),
        *bend((73, 88), (50, 91), (27, 88)),
        *bend((27, 86), (22, 56), (27, 26)),
    ]
    canvas.polygon(outline, look.colour, how="round", depth=0.3)
    canvas.rect(27.4, 13, 72.6, 20, dark(look.colour, 0.22), r=0.8, how="round")
    canvas.line([(28, 22.6), (72, 22.6)], light(look.colour, 0.3), width=0.4)
    canvas.rect(24, 11.4, 76, 14.6, GOLD, r=1, how="metal")
    canvas.ellipse(50, 30, 2, 2, dark(look.colour, 0.35), how="down")
    canvas.rect(32, 37, 68, 76, CREAM, r=2, how="round", depth=0.1)
    canvas.text(50, 44, look.label, dark(look.colour, 0.45), size=7, width=32)
    canvas.line([(36, 49.5), (64, 49.5)], GOLD, width=0.6)
    roast = ((60, 36, 26), (104, 66, 42), (156, 108, 70), (128, 92, 70), (44, 28, 24))[look.style]
    for x, y, lean in ((43, 60, -3), (56, 59, 3), (50, 67, 0)):
        _bean(canvas, x, y, roast, lean)
    canvas.text(50, 72.6, look.words, dark(look.colour, 0.3), size=3.6, width=30)
    for x, y in ((20, 88), (29, 91), (77, 90), (82, 87)):
        _bean(canvas, x, y, roast, 2)


def _bean(canvas: Canvas, x: float, y: float, tone: Rgb, lean: float) -> None:
    canvas.blob(
        [(x - 4.6, y + 1), (x - 2, y - 3.2), (x + 3, y - 3), (x + 4.8, y), (x + 2, y + 3.2), (x - 2.6, y + 3.2)],
        tone,
        how="down",
        depth=0.3,
    )
    canvas.line(
        bend((x - 4, y + lean * 0.4), (x, y - lean * 0.7), (x + 4.2, y + lean * 0.2)), dark(tone, 0.5), width=0.6
    )


def tea_tin(canvas: Canvas, look: Look) -> None:
    """Styles: green, oolong, Earl Grey, chamomile, jasmine, breakfast."""
    canvas.shadow(50, 87, 27, 4)
    canvas.polygon(
        [(27, 30), (27, 84), *bend((27, 84), (50, 92), (73, 84)), (73, 30)], look.colour, how="round", depth=0.34
    )
    canvas.polygon(
        [(25.6, 22), (25.6, 32), *bend((25.6, 32), (50, 40), (74.4, 32)), (74.4, 22)],
        dark(look.colour, 0.24),
        how="metal",
        depth=0.3,
    )
    canvas.ellipse(50, 22, 24.4, 6.6, light(look.colour, 0.16), how="down")
    canvas.ellipse(50, 22, 19, 4.8, dark(look.colour, 0.08), how="down")
    canvas.ellipse(50, 20.6, 3.6, 2.6, GOLD, how="round")
    canvas.polygon(
        [(33, 46), *bend((33, 46), (50, 51), (67, 46)), (67, 76), *bend((67, 76), (50, 81), (33, 76))],
        CREAM,
        how="round",
        depth=0.12,
    )
    canvas.text(50, 54, look.label, dark(look.colour, 0.5), size=6, width=30)
    leaf = LEAVES[look.style]
    if look.style in (3, 4):
        for angle_x, angle_y in ((0, -5), (4.6, -1.6), (3, 4), (-3, 4), (-4.6, -1.6)):
            canvas.ellipse(
                50 + angle_x, 66 + angle_y, 2.9, 2.9, leaf if look.style == 3 else (226, 230, 214), how="down"
            )
        canvas.ellipse(50, 66, 2.4, 2.4, (226, 170, 60), how="down")
    else:
        canvas.blob([(50, 73), (40, 68), (38, 61), (46, 63)], leaf, how="down")
        canvas.blob([(50, 73), (60, 68), (62, 61), (54, 63)], mix(leaf, (255, 255, 255), 0.2), how="down")
        canvas.blob([(50, 72), (46, 64), (50, 58), (54, 64)], dark(leaf, 0.12), how="down")
    canvas.line([(29.6, 36), (29.6, 82)], light(look.colour, 0.4), width=0.7)


def chocolate(canvas: Canvas, look: Look) -> None:
    """Styles: dark, milk, hazelnut, sea salt caramel, gift box."""
    if look.style == 4:
        _praline_box(canvas, look)
        return
    tone = CHOCOLATES[look.style]
    canvas.shadow(50, 88, 27, 3.6)
    canvas.rect(27, 10, 73, 50, tone, r=1.4)
    for row in range(3):
        for column in range(4):
            x, y = 29 + column * 10.8, 12.4 + row * 11.6
            canvas.rect(x, y, x + 9.6, y + 10.2, light(tone, 0.1), r=1.2, how="down", depth=0.2)
            canvas.rect(x + 1.6, y + 1.6, x + 8, y + 8.2, tone, r=0.8, how="flat", depth=0.12)
            if look.style == 2 and (row + column) % 2 == 0:
                canvas.ellipse(x + 4.8, y + 5, 2.6, 2.6, (206, 160, 104), how="round")
            if look.style == 3:
                for spot in range(3):
                    canvas.ellipse(
                        x + 2.4 + spot * 2.3,
                        y + 3 + (spot * 17 + column * 5) % 5,
                        0.6,
                        0.6,
                        (248, 244, 236),
                        how="plain",
                    )
    canvas.polygon(
        [(25.4, 40), *[(25.4 + step * 4.1, 37 if step % 2 else 41) for step in range(13)], (74.6, 50), (25.4, 50)],
        (222, 206, 160),
        how="metal",
        depth=0.2,
    )
    canvas.rect(25, 46, 75, 88, look.colour, r=1.4, depth=0.24)
    canvas.rect(28.4, 51, 71.6, 84, light(look.colour, 0.12), r=1)
    canvas.rect(32, 56, 68, 72, CREAM, r=1.4, depth=0.08)
    canvas.text(50, 62, look.label, dark(look.colour, 0.5), size=6.4, width=32)
    canvas.text(50, 68.4, look.words, dark(look.colour, 0.3), size=4, width=30)
    canvas.line([(36, 78), (64, 78)], GOLD, width=0.8)


def _praline_box(canvas: Canvas, look: Look) -> None:
    canvas.shadow(50, 80, 42, 5)
    canvas.rect(12, 28, 88, 80, dark(look.colour, 0.3), r=3)
    canvas.rect(12, 26, 88, 77, look.colour, r=3, depth=0.2)
    canvas.rect(16, 30, 84, 73, CREAM, r=2, depth=0.06)
    for row in range(3):
        for column in range(5):
            x, y = 24.6 + column * 12.8, 38.4 + row * 13.4
            tone = CHOCOLATES[(row * 5 + column * 3 + look.among(5)) % 5]
            canvas.ellipse(x, y, 5.8, 5.6, light(GOLD, 0.3), how="plain")
            if (row + column) % 2:
                canvas.ellipse(x, y - 0.4, 4.7, 4.5, tone, how="down", depth=0.4)
                canvas.line([(x - 2.4, y), (x + 2.4, y - 1.4)], light(tone, 0.5), width=0.5)
            else:
                canvas.rect(x - 4, y - 4.4, x + 4, y + 3.6, tone, r=1.6, how="down", depth=0.4)
                canvas.ellipse(x, y - 0.6, 1.5, 1.5, (226, 196, 140), how="plain")
    canvas.polygon([(12, 62), (26, 77), (34, 77), (12, 54)], GOLD)
    for turn in (((20, 66), (8, 56), (11, 72)), ((20, 66), (30, 54), (31, 70))):
        canvas.blob(list(turn), light(GOLD, 0.12))
    canvas.ellipse(20, 66, 2.4, 2.4, dark(GOLD, 0.15))


def oil_bottle(canvas: Canvas, look: Look) -> None:
    """Styles: extra virgin, organic, lemon, mild."""
    oil = OILS[look.style]
    canvas.shadow(50, 90, 19, 3.6)
    half = [
        (45, 12),
        (45, 28),
        *bend((45, 28), (44, 36), (35, 44)),
        *bend((35, 44), (33, 46), (33, 52)),
        (33, 87),
        (36, 90),
    ]
    canvas.polygon(mirrored(half), oil, how="round", depth=0.42)
    canvas.polygon(
        mirrored([(46, 20), (46, 30), (38, 44), (36, 50), (36, 54)]), light(oil, 0.22), how="round", depth=0.3
    )
    canvas.rect(44, 8, 56, 17, dark(look.colour, 0.2), r=1.4, how="metal")
    canvas.rect(43.4, 16, 56.6, 19, GOLD, r=0.8, how="metal")
    canvas.rect(33, 56, 67, 82, CREAM, how="round", depth=0.16)
    canvas.rect(33, 56, 67, 59, look.colour, how="round")
    canvas.rect(33, 79.4, 67, 82, look.colour, how="round")
    canvas.text(50, 63.4, look.label, dark(look.colour, 0.45), size=5.4, width=28)
    if look.style == 2:
        canvas.ellipse(50, 72.4, 5.4, 4.4, (240, 208, 70), how="round")
        canvas.ellipse(55.6, 72, 1.4, 1.1, (240, 208, 70), how="plain")
    else:
        canvas.line(bend((42, 75), (50, 66), (59, 70)), (112, 96, 58), width=0.7)
        for x, y in ((45.0, 70.0), (50, 68), (55, 68), (48, 74), (53, 72.6)):
            canvas.ellipse(x, y, 2.3, 1.2, (110, 138, 70), how="down")
        for x, y in ((44.6, 75.6), (57, 74)):
            canvas.ellipse(x, y, 2, 2.5, (96, 112, 48), how="round", depth=0.4)
    canvas.shine([(37, 50), (39, 46), (39.6, 55), (37, 55)], strength=0.4)
