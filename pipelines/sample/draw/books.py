"""Drawers of books."""

from __future__ import annotations

import math

from pipelines.sample.draw.canvas import Canvas, Rgb, bend, contrast, dark, is_light, light, mix
from pipelines.sample.draw.look import Look

PAPER = (248, 244, 234)
GOLD = (222, 184, 104)
NIGHT = (36, 42, 66)
PLAY: tuple[Rgb, ...] = ((224, 84, 70), (244, 188, 62), (74, 152, 196), (104, 168, 102), (238, 136, 74))


def _book(canvas: Canvas, cover: Rgb, x0: float, y0: float, x1: float, y1: float) -> None:
    """A closed book that stands, its pages to the right."""
    canvas.shadow((x0 + x1) / 2 + 2, y1 + 2, (x1 - x0) / 2 + 4, 3.6)
    canvas.polygon([(x1, y0 + 1), (x1 + 6, y0 + 4), (x1 + 6, y1 - 2), (x1, y1 + 1)], PAPER, depth=0.12)
    for step in range(5):
        canvas.line(
            [(x1 + 1 + step, y0 + 2.4 + step * 0.5), (x1 + 1 + step, y1 - 0.4 - step * 0.4)],
            (214, 206, 188),
            width=0.3,
        )
    canvas.polygon(
        [(x1 + 5.4, y0 + 3.4), (x1 + 7, y0 + 4.2), (x1 + 7, y1 - 2.4), (x1 + 5.4, y1 - 1.6)], dark(cover, 0.2)
    )
    canvas.rect(x0, y0, x1, y1 + 1, cover, r=1, depth=0.16)
    canvas.rect(x0, y0, x0 + 4, y1 + 1, dark(cover, 0.22), r=1)


def title(canvas: Canvas, text: str, fill: Rgb, x: float, y: float, *, size: float, width: float) -> None:
    """The words of a title on up to three lines."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + len(word) < 10:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    for number, line in enumerate(lines[:4]):
        canvas.text(
            x, y + (number - (min(len(lines), 4) - 1) / 2) * size * 1.16, line, fill, size=size, width=width
        )


def novel(canvas: Canvas, look: Look) -> None:
    """Styles: mystery, love, historical, fantasy, science fiction."""
    cover = {0: mix(look.colour, NIGHT, 0.62), 4: mix(look.colour, NIGHT, 0.7)}.get(look.style, look.colour)
    _book(canvas, cover, 25, 10, 71, 87)
    scenes = (_mystery, _love, _historical, _fantasy, _science_fiction)
    scenes[look.style](canvas, cover, look)
    ink = contrast(cover)
    title(canvas, look.words, ink, 50, 27, size=7, width=40)
    canvas.text(50, 82, look.label, mix(cover, ink, 0.75), size=3.6, width=36)


def _mystery(canvas: Canvas, cover: Rgb, look: Look) -> None:
    canvas.ellipse(60, 52, 8, 8, (240, 226, 170), how="down", depth=0.1)
    canvas.polygon(
        [(29, 78), (29, 68), (36, 62), (43, 68), (43, 58), (48, 52), (53, 58), (53, 68), (71, 70), (71, 78)],
        dark(cover, 0.45),
    )
    for x, y in ((35, 70), (47, 60), (47, 68)):
        canvas.rect(x - 1.2, y - 1.6, x + 1.2, y + 1.6, (250, 206, 96), how="plain")


def _love(canvas: Canvas, cover: Rgb, look: Look) -> None:
    tone = light(cover, 0.5)
    for x, y, size in ((44, 58, 1.0), (58, 66, 0.7)):
        canvas.blob(
            [
                (x, y + 12 * size),
                (x - 11 * size, y),
                (x - 6 * size, y - 7 * size),
                (x, y - 3 * size),
                (x + 6 * size, y - 7 * size),
                (x + 11 * size, y),
            ],
            tone,
            how="down",
        )


def _historical(canvas: Canvas, cover: Rgb, look: Look) -> None:
    canvas.arc(50, 59, 15, 15, GOLD, width=0.8)
    canvas.polygon([(40, 66), (60, 66), (57, 70), (43, 70)], dark(cover, 0.45))
    canvas.line([(50, 66), (50, 48)], dark(cover, 0.45), width=0.8)
    canvas.polygon([(51, 49), *bend((51, 49), (60, 56), (51, 63))], PAPER)
    canvas.polygon([(49, 51), *bend((49, 51), (42, 57), (49, 63))], PAPER)
    for y in (14, 84):
        canvas.line([(32, y), (68, y)], GOLD, width=0.5)


def _fantasy(canvas: Canvas, cover: Rgb, look: Look) -> None:
    canvas.polygon([(29, 78), (40, 58), (47, 68), (56, 50), (71, 76), (71, 78)], dark(cover, 0.35))
    canvas.polygon([(56, 50), (51.6, 59), (56, 57), (60, 60), (62, 59)], PAPER)
    for x, y, size in ((38, 48, 1.4), (46, 53, 0.9), (64, 44, 1.1), (33, 56, 0.8)):
        canvas.polygon(
            [
                (x, y - size * 2),
                (x + size * 0.5, y - size * 0.5),
                (x + size * 2, y),
                (x + size * 0.5, y + size * 0.5),
                (x, y + size * 2),
                (x - size * 0.5, y + size * 0.5),
                (x - size * 2, y),
                (x - size * 0.5, y - size * 0.5),
            ],
            GOLD,
        )


def _science_fiction(canvas: Canvas, cover: Rgb, look: Look) -> None:
    canvas.ellipse(50, 60, 11, 11, look.accent, how="round", depth=0.45)
    canvas.line(bend((32, 66), (50, 68), (68, 54)), light(look.accent, 0.55), width=1.2)
    for number in range(12):
        canvas.ellipse(32 + (number * 17) % 36, 44 + (number * 23) % 34, 0.5, 0.5, (255, 255, 255), how="plain")


def cookbook(canvas: Canvas, look: Look) -> None:
    """Styles: vegetarian, Italian, Chinese, baking, quick."""
    cover = look.colour
    _book(canvas, cover, 20, 14, 74, 87)
    canvas.rect(26, 36, 72, 80, PAPER, r=2, depth=0.05)
    ink = contrast(cover)
    title(canvas, look.words, ink, 48, 25, size=6.6, width=48)
    canvas.ellipse(49, 58, 18, 17, (230, 232, 232), how="down", depth=0.1)
    canvas.ellipse(49, 57.4, 14.4, 13.4, (250, 250, 248), how="down", depth=0.06)
    foods = (_salad, _pasta, _dumplings, _cake, _soup)
    foods[look.style](canvas)
    canvas.text(49, 83.4, look.label, mix(cover, ink, 0.8), size=3.6, width=44)


def _salad(canvas: Canvas) -> None:
    for number in range(7):
        a = number / 7 * math.tau
        canvas.ellipse(
            49 + 7 * math.cos(a),
            57 + 6.6 * math.sin(a),
            4.6,
            3.8,
            (116, 166, 84) if number % 2 else (150, 190, 100),
            how="down",
        )
    for x, y in ((45, 54), (54, 58), (48, 62)):
        canvas.ellipse(x, y, 2.6, 2.6, (222, 76, 60), how="round")


def _pasta(canvas: Canvas) -> None:
    for number in range(11):
        canvas.arc(
            49 + math.sin(number) * 2.4,
            57 + math.cos(number * 2) * 2,
            3 + number * 0.75,
            2.6 + number * 0.7,
            (238, 200, 108) if number % 2 else (222, 178, 84),
            width=1.2,
        )
    canvas.blob([(44, 56), (49, 51), (54, 55), (52, 61), (46, 61)], (204, 70, 50), how="down")
    canvas.blob([(48, 55), (52, 52), (52, 57)], (92, 150, 76))


def _dumplings(canvas: Canvas) -> None:
    for x, y in ((43, 53), (55, 54), (49, 63)):
        canvas.blob(
            [(x - 5.4, y + 2), (x - 3, y - 3), (x, y - 4.2), (x + 3, y - 3), (x + 5.4, y + 2), (x, y + 3.4)],
            (244, 228, 196),
            how="down",
            depth=0.2,
        )
        for step in (-2, 0, 2):
            canvas.line([(x + step, y - 3.4), (x + step * 0.6, y - 0.6)], (206, 182, 140), width=0.4)
    canvas.line([(30, 78), (66, 40)], (150, 60, 46), width=1)
    canvas.line([(33, 80), (69, 43)], (150, 60, 46), width=1)


def _cake(canvas: Canvas) -> None:
    canvas.rect(38, 56, 60, 67, (222, 168, 106), r=1, how="round")
    canvas.polygon(
        [
            (38, 57),
            *bend((38, 50), (49, 46), (60, 50)),
            (60, 59),
            (57, 62),
            (54, 59),
            (50, 63),
            (46, 59),
            (42, 62),
            (38, 59),
        ],
        (250, 232, 226),
        depth=0.1,
    )
    canvas.ellipse(49, 48, 2.8, 2.8, (212, 58, 62), how="round")
    canvas.line(bend((49, 46), (50, 42), (53, 41)), (96, 130, 70), width=0.6)


def _soup(canvas: Canvas) -> None:
    canvas.ellipse(49, 57.4, 12.6, 11.6, (226, 130, 62), how="down", depth=0.2)
    canvas.arc(49, 57, 6, 5.4, (250, 226, 186), start=20, end=300, width=1.1)
    for x, y in ((44, 54), (54, 60), (52, 52)):
        canvas.ellipse(x, y, 1.4, 1.0, (104, 150, 80), how="plain")


def picture_book(canvas: Canvas, look: Look) -> None:
    """Styles: bedtime, board, counting, lift-the-flap; the animal is that of the title."""
    cover = mix(look.colour, NIGHT, 0.55) if look.style == 0 else look.colour
    _book(canvas, cover, 15, 18, 77, 84)
    canvas.polygon(
        [(19, 78), *bend((19, 78), (46, 60), (77, 74)), (77, 84), (19, 84)], mix(cover, (96, 150, 92), 0.6)
    )
    if look.style == 0:
        canvas.ellipse(66, 36, 6, 6, (250, 232, 160), how="plain")
        canvas.ellipse(68.6, 34.4, 5.2, 5.2, cover, how="plain")
        for x, y in ((27, 44), (60, 50), (70, 54), (32, 56)):
            canvas.ellipse(x, y, 0.8, 0.8, (255, 246, 200), how="plain")
    elif look.style == 2:
        for number, tone in enumerate(PLAY[:3]):
            canvas.line([(62 + number * 5, 60), (60 + number * 5, 46)], (90, 90, 100), width=0.3)
            canvas.ellipse(60 + number * 5, 43 + number * 2 % 3, 3, 3.6, tone, how="round")
    elif look.style == 3:
        canvas.polygon([(58, 56), (70, 54), (72, 74), (60, 76)], light(cover, 0.55))
        canvas.ellipse(69, 65, 0.8, 0.8, dark(cover, 0.4), how="plain")
    title(
        canvas,
        look.words,
        light(cover, 0.95) if not is_light(cover) else dark(cover, 0.7),
        48,
        29,
        size=7.6,
        width=54,
    )
    animal = look.words.split()[-1] if look.words else ""
    tones: dict[str, Rgb] = {
        "Bear": (154, 104, 66),
        "Fox": (226, 122, 58),
        "Owl": (140, 110, 84),
        "Whale": (94, 144, 190),
        "Rabbit": (206, 196, 188),
        "Dragon": (112, 168, 96),
        "Penguin": (64, 70, 86),
    }
    _face(canvas, 46, 62, 1.15, tones.get(animal, (154, 104, 66)), animal)


def _face(canvas: Canvas, x: float, y: float, size: float, tone: Rgb, animal: str) -> None:
    s = size
    for side in (-1, 1):
        if animal == "Rabbit":
            canvas.ellipse(x + side * 4 * s, y - 13 * s, 2.6 * s, 8 * s, tone, how="down")
            canvas.ellipse(x + side * 4 * s, y - 12 * s, 1.3 * s, 5.6 * s, (240, 190, 190), how="plain")
        elif animal in ("Fox", "Owl", "Dragon"):
            canvas.polygon(
                [(x + side * 3 * s, y - 8 * s), (x + side * 10 * s, y - 14 * s), (x + side * 10.4 * s, y - 3 * s)],
                dark(tone, 0.1),
            )
        elif animal not in ("Whale", "Penguin"):
            canvas.ellipse(x + side * 8 * s, y - 8 * s, 4 * s, 4 * s, tone, how="down")
            canvas.ellipse(x + side * 8 * s, y - 8 * s, 2.2 * s, 2.2 * s, light(tone, 0.4), how="plain")
    canvas.ellipse(x, y, 11 * s, 10 * s, tone, how="round", depth=0.2)
    if animal in ("Owl", "Penguin"):
        for side in (-1, 1):
            canvas.ellipse(x + side * 4.4 * s, y - 1 * s, 4.6 * s, 5 * s, (248, 244, 234), how="plain")
        canvas.polygon([(x - 1.8 * s, y + 2 * s), (x + 1.8 * s, y + 2 * s), (x, y + 5.4 * s)], (244, 172, 60))
    elif animal == "Whale":
        canvas.blob(
            [
                (x - 9 * s, y + 3 * s),
                (x, y + 1 * s),
                (x + 9 * s, y + 3 * s),
                (x + 5 * s, y + 9 * s),
                (x - 5 * s, y + 9 * s),
            ],
            light(tone, 0.6),
        )
        canvas.line(bend((x, y - 10 * s), (x, y - 15 * s), (x - 4 * s, y - 15 * s)), light(tone, 0.5), width=1)
        canvas.line(bend((x, y - 10 * s), (x, y - 15 * s), (x + 4 * s, y - 15 * s)), light(tone, 0.5), width=1)
    else:
        canvas.ellipse(x, y + 3.6 * s, 5 * s, 4 * s, light(tone, 0.6), how="down", depth=0.1)
        canvas.ellipse(x, y + 1.6 * s, 1.7 * s, 1.3 * s, (54, 44, 48), how="down")
        canvas.line(
            bend((x - 2 * s, y + 4.6 * s), (x, y + 6.4 * s), (x + 2 * s, y + 4.6 * s)), (54, 44, 48), width=0.5
        )
    for side in (-1, 1):
        canvas.ellipse(x + side * 4.4 * s, y - 1.6 * s, 1.2 * s, 1.4 * s, (42, 38, 46), how="plain")
        canvas.ellipse(x + side * 4.4 * s - 0.4, y - 2 * s, 0.4 * s, 0.4 * s, (255, 255, 255), how="plain")
        canvas.ellipse(
            x + side * 7.6 * s, y + 2.6 * s, 1.7 * s, 1.1 * s, mix(tone, (240, 120, 120), 0.45), how="plain"
        )
