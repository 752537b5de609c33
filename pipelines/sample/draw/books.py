"""Drawers of books, games and toys."""

from __future__ import annotations

import math

from pipelines.sample.draw.canvas import Canvas, Rgb, bend, contrast, dark, is_light, light, mix
from pipelines.sample.draw.look import Look

PAPER = (248, 244, 234)
GOLD = (222, 184, 104)
NIGHT = (36, 42, 66)
WOOD = (214, 172, 118)
PLAY: tuple[Rgb, ...] = ((224, 84, 70), (244, 188, 62), (74, 152, 196), (104, 168, 102), (238, 136, 74))


def _book(canvas: Canvas, cover: Rgb, x0: float, y0: float, x1: float, y1: float) -> None:
    """A closed book that stands, its pages to the right."""
    canvas.shadow((x0 + x1) / 2 + 2, y1 + 2, (x1 - x0) / 2 + 4, 3.6)
    canvas.polygon([(x1, y0 + 1), (x1 + 6, y0 + 4), (x1 + 6, y1 - 2), (x1, y1 + 1)], PAPER, depth=0.12)
    for step in range(5):
        canvas.line([(x1 + 1 + step, y0 + 2.4 + step * 0.5), (x1 + 1 + step, y1 - 0.4 - step * 0.4)], (214, 206, 188), width=0.3)
    canvas.polygon([(x1 + 5.4, y0 + 3.4), (x1 + 7, y0 + 4.2), (x1 + 7, y1 - 2.4), (x1 + 5.4, y1 - 1.6)], dark(cover, 0.2))
    canvas.rect(x0, y0, x1, y1 + 1, cover, r=1, depth=0.16)
    canvas.rect(x0, y0, x0 + 4, y1 + 1, dark(cover, 0.22), r=1)


def _title(canvas: Canvas, text: str, fill: Rgb, x: float, y: float, *, size: float, width: float) -> None:
    """The words of a title on up to three lines."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + len(word) < 10:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    for number, line in enumerate(lines[:4]):
        canvas.text(x, y + (number - (min(len(lines), 4) - 1) / 2) * size * 1.16, line, fill, size=size, width=width)


def novel(canvas: Canvas, look: Look) -> None:
    """Styles: mystery, love, historical, fantasy, science fiction."""
    cover = {0: mix(look.colour, NIGHT, 0.62), 4: mix(look.colour, NIGHT, 0.7)}.get(look.style, look.colour)
    _book(canvas, cover, 25, 10, 71, 87)
    scenes = (_mystery, _love, _historical, _fantasy, _science_fiction)
    scenes[look.style](canvas, cover, look)
    ink = contrast(cover)
    _title(canvas, look.words, ink, 50, 27, size=7, width=40)
    canvas.text(50, 82, look.label, mix(cover, ink, 0.75), size=3.6, width=36)


def _mystery(canvas: Canvas, cover: Rgb, look: Look) -> None:
    canvas.ellipse(60, 52, 8, 8, (240, 226, 170), how="down", depth=0.1)
    canvas.polygon([(29, 78), (29, 68), (36, 62), (43, 68), (43, 58), (48, 52), (53, 58), (53, 68), (71, 70), (71, 78)], dark(cover, 0.45))
    for x, y in ((35, 70), (47, 60), (47, 68)):
        canvas.rect(x - 1.2, y - 1.6, x + 1.2, y + 1.6, (250, 206, 96), how="plain")


def _love(canvas: Canvas, cover: Rgb, look: Look) -> None:
    tone = light(cover, 0.5)
    for x, y, size in ((44, 58, 1.0), (58, 66, 0.7)):
        canvas.blob([(x, y + 12 * size), (x - 11 * size, y), (x - 6 * size, y - 7 * size), (x, y - 3 * size), (x + 6 * size, y - 7 * size), (x + 11 * size, y)], tone, how="down")


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
        canvas.polygon([(x, y - size * 2), (x + size * 0.5, y - size * 0.5), (x + size * 2, y), (x + size * 0.5, y + size * 0.5), (x, y + size * 2), (x - size * 0.5, y + size * 0.5), (x - size * 2, y), (x - size * 0.5, y - size * 0.5)], GOLD)


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
    _title(canvas, look.words, ink, 48, 25, size=6.6, width=48)
    canvas.ellipse(49, 58, 18, 17, (230, 232, 232), how="down", depth=0.1)
    canvas.ellipse(49, 57.4, 14.4, 13.4, (250, 250, 248), how="down", depth=0.06)
    foods = (_salad, _pasta, _dumplings, _cake, _soup)
    foods[look.style](canvas)
    canvas.text(49, 83.4, look.label, mix(cover, ink, 0.8), size=3.6, width=44)


def _salad(canvas: Canvas) -> None:
    for number in range(7):
        a = number / 7 * math.tau
        canvas.ellipse(49 + 7 * math.cos(a), 57 + 6.6 * math.sin(a), 4.6, 3.8, (116, 166, 84) if number % 2 else (150, 190, 100), how="down")
    for x, y in ((45, 54), (54, 58), (48, 62)):
        canvas.ellipse(x, y, 2.6, 2.6, (222, 76, 60), how="round")


def _pasta(canvas: Canvas) -> None:
    for number in range(11):
        canvas.arc(49 + math.sin(number) * 2.4, 57 + math.cos(number * 2) * 2, 3 + number * 0.75, 2.6 + number * 0.7, (238, 200, 108) if number % 2 else (222, 178, 84), width=1.2)
    canvas.blob([(44, 56), (49, 51), (54, 55), (52, 61), (46, 61)], (204, 70, 50), how="down")
    canvas.blob([(48, 55), (52, 52), (52, 57)], (92, 150, 76))


def _dumplings(canvas: Canvas) -> None:
    for x, y in ((43, 53), (55, 54), (49, 63)):
        canvas.blob([(x - 5.4, y + 2), (x - 3, y - 3), (x, y - 4.2), (x + 3, y - 3), (x + 5.4, y + 2), (x, y + 3.4)], (244, 228, 196), how="down", depth=0.2)
        for step in (-2, 0, 2):
            canvas.line([(x + step, y - 3.4), (x + step * 0.6, y - 0.6)], (206, 182, 140), width=0.4)
    canvas.line([(30, 78), (66, 40)], (150, 60, 46), width=1)
    canvas.line([(33, 80), (69, 43)], (150, 60, 46), width=1)


def _cake(canvas: Canvas) -> None:
    canvas.rect(38, 56, 60, 67, (222, 168, 106), r=1, how="round")
    canvas.polygon([(38, 57), *bend((38, 50), (49, 46), (60, 50)), (60, 59), (57, 62), (54, 59), (50, 63), (46, 59), (42, 62), (38, 59)], (250, 232, 226), depth=0.1)
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
    canvas.polygon([(19, 78), *bend((19, 78), (46, 60), (77, 74)), (77, 84), (19, 84)], mix(cover, (96, 150, 92), 0.6))
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
    _title(canvas, look.words, light(cover, 0.95) if not is_light(cover) else dark(cover, 0.7), 48, 29, size=7.6, width=54)
    animal = look.words.split()[-1] if look.words else ""
    tones: dict[str, Rgb] = {"Bear": (154, 104, 66), "Fox": (226, 122, 58), "Owl": (140, 110, 84), "Whale": (94, 144, 190), "Rabbit": (206, 196, 188), "Dragon": (112, 168, 96), "Penguin": (64, 70, 86)}
    _face(canvas, 46, 62, 1.15, tones.get(animal, (154, 104, 66)), animal)


def _face(canvas: Canvas, x: float, y: float, size: float, tone: Rgb, animal: str) -> None:
    s = size
    for side in (-1, 1):
        if animal == "Rabbit":
            canvas.ellipse(x + side * 4 * s, y - 13 * s, 2.6 * s, 8 * s, tone, how="down")
            canvas.ellipse(x + side * 4 * s, y - 12 * s, 1.3 * s, 5.6 * s, (240, 190, 190), how="plain")
        elif animal in ("Fox", "Owl", "Dragon"):
            canvas.polygon([(x + side * 3 * s, y - 8 * s), (x + side * 10 * s, y - 14 * s), (x + side * 10.4 * s, y - 3 * s)], dark(tone, 0.1))
        elif animal not in ("Whale", "Penguin"):
            canvas.ellipse(x + side * 8 * s, y - 8 * s, 4 * s, 4 * s, tone, how="down")
            canvas.ellipse(x + side * 8 * s, y - 8 * s, 2.2 * s, 2.2 * s, light(tone, 0.4), how="plain")
    canvas.ellipse(x, y, 11 * s, 10 * s, tone, how="round", depth=0.2)
    if animal in ("Owl", "Penguin"):
        for side in (-1, 1):
            canvas.ellipse(x + side * 4.4 * s, y - 1 * s, 4.6 * s, 5 * s, (248, 244, 234), how="plain")
        canvas.polygon([(x - 1.8 * s, y + 2 * s), (x + 1.8 * s, y + 2 * s), (x, y + 5.4 * s)], (244, 172, 60))
    elif animal == "Whale":
        canvas.blob([(x - 9 * s, y + 3 * s), (x, y + 1 * s), (x + 9 * s, y + 3 * s), (x + 5 * s, y + 9 * s), (x - 5 * s, y + 9 * s)], light(tone, 0.6))
        canvas.line(bend((x, y - 10 * s), (x, y - 15 * s), (x - 4 * s, y - 15 * s)), light(tone, 0.5), width=1)
        canvas.line(bend((x, y - 10 * s), (x, y - 15 * s), (x + 4 * s, y - 15 * s)), light(tone, 0.5), width=1)
    else:
        canvas.ellipse(x, y + 3.6 * s, 5 * s, 4 * s, light(tone, 0.6), how="down", depth=0.1)
        canvas.ellipse(x, y + 1.6 * s, 1.7 * s, 1.3 * s, (54, 44, 48), how="down")
        canvas.line(bend((x - 2 * s, y + 4.6 * s), (x, y + 6.4 * s), (x + 2 * s, y + 4.6 * s)), (54, 44, 48), width=0.5)
    for side in (-1, 1):
        canvas.ellipse(x + side * 4.4 * s, y - 1.6 * s, 1.2 * s, 1.4 * s, (42, 38, 46), how="plain")
        canvas.ellipse(x + side * 4.4 * s - 0.4, y - 2 * s, 0.4 * s, 0.4 * s, (255, 255, 255), how="plain")
        canvas.ellipse(x + side * 7.6 * s, y + 2.6 * s, 1.7 * s, 1.1 * s, mix(tone, (240, 120, 120), 0.45), how="plain")


def board_game(canvas: Canvas, look: Look) -> None:
    """Styles: strategy, family, party, co-operative. The box with pieces before it."""
    colour = look.colour
    canvas.shadow(50, 86, 42, 4.4)
    canvas.polygon([(74, 18), (90, 24), (90, 74), (74, 80)], dark(colour, 0.34))
    canvas.polygon([(14, 18), (28, 12), (90, 24), (74, 18)], light(colour, 0.2))
    canvas.rect(14, 18, 74, 80, colour, r=1.4, depth=0.18)
    canvas.rect(17, 21, 71, 77, dark(colour, 0.14), r=1)
    sky = mix(colour, (250, 226, 180), 0.55)
    canvas.rect(19, 38, 69, 75, sky, r=1, how="down")
    ink = contrast(dark(colour, 0.14))
    _title(canvas, look.words, ink, 44, 29.6, size=5.8, width=46)
    ground = mix(colour, NIGHT, 0.45)
    if look.style == 0:
        canvas.polygon([(24, 75), (24, 56), (28, 56), (28, 52), (33, 52), (33, 56), (38, 56), (38, 62), (48, 62), (48, 48), (52, 48), (52, 44), (57, 44), (57, 48), (62, 48), (62, 75)], ground)
        canvas.polygon([(54.5, 44), (54.5, 39), (60, 41), (54.5, 43)], (224, 84, 70))
    elif look.style == 2:
        for number in range(14):
            canvas.rect(22 + (number * 19) % 43, 42 + (number * 13) % 26, 24.4 + (number * 19) % 43, 43.6 + (number * 13) % 26, PLAY[number % 5], how="plain")
        for number, tone in enumerate(PLAY[:3]):
            canvas.ellipse(32 + number * 12, 64, 5, 6, tone, how="round")
    else:
        canvas.polygon([(19, 75), *bend((19, 70), (36, 50), (50, 66)), *bend((50, 66), (60, 56), (69, 64)), (69, 75)], ground)
        canvas.ellipse(56, 49, 5, 5, light(sky, 0.7), how="plain")
        canvas.line([*bend((24, 73), (38, 60), (46, 70)), *bend((46, 70), (56, 76), (66, 62))], (250, 240, 214), width=0.9)
    for number, x in enumerate((70, 79, 88)):
        tone = PLAY[(number + look.among(5)) % 5]
        canvas.ellipse(x, 87, 4.4, 1.8, dark(tone, 0.2), how="round")
        canvas.polygon([(x - 3.6, 86.4), (x - 1.4, 78), (x + 1.4, 78), (x + 3.6, 86.4)], tone, how="round")
        canvas.ellipse(x, 76.4, 2.6, 2.6, tone, how="round")
    canvas.rect(50, 78, 61, 89, (250, 248, 240), r=2, how="round", depth=0.14)
    for dx, dy in ((3, 3), (8, 8), (5.5, 5.5), (8, 3), (3, 8)):
        canvas.ellipse(50 + dx, 78 + dy, 0.9, 0.9, NIGHT, how="plain")


def blocks(canvas: Canvas, look: Look) -> None:
    """Styles: wooden, magnetic, marble run, brick."""
    tones = [PLAY[(number + look.among(5)) % 5] for number in range(5)]
    canvas.shadow(50, 86, 40, 4)
    if look.style == 3:
        for x, y, wide, tone in ((14, 68, 34, 0), (50, 68, 34, 1), (26, 50, 34, 2), (62, 50, 17, 3), (34, 32, 17, 4)):
            for stud in range(int(wide / 8.5)):
                canvas.rect(x + 2 + stud * 8.5, y - 3, x + 7 + stud * 8.5, y + 1, light(tones[tone], 0.12), r=0.8, how="round")
            canvas.rect(x, y, x + wide, y + 17, tones[tone], r=1, depth=0.22)
    elif look.style == 1:
        for x, y, tone in ((22, 60, 0), (48, 60, 1), (22, 34, 2), (48, 34, 3)):
            canvas.rect(x, y, x + 25, y + 25, light(tones[tone], 0.25), r=2, depth=0.2)
            canvas.rect(x + 3, y + 3, x + 22, y + 22, light(tones[tone], 0.55), r=1.4, depth=0.12)
        canvas.polygon([(22, 33), (35, 10), (47, 33)], light(tones[4], 0.3), depth=0.2)
        canvas.polygon([(27, 30.6), (35, 16), (42, 30.6)], light(tones[4], 0.6), depth=0.1)
        canvas.polygon([(49, 33), (61, 10), (73, 33)], light(tones[0], 0.3), depth=0.2)
        canvas.polygon([(54, 30.6), (61, 16), (68, 30.6)], light(tones[0], 0.6), depth=0.1)
    elif look.style == 2:
        for x in (22, 50, 78):
            canvas.rect(x - 3, 20 + (x - 22) * 0.3, x + 3, 86, WOOD, r=1, how="round")
        for start, end, tone in (((20, 24), (80, 38), 0), ((80, 46), (20, 58), 2), ((20, 66), (82, 78), 3)):
            canvas.line([start, end], dark(tones[tone], 0.15), width=5)
            canvas.line([(start[0], start[1] - 1.2), (end[0], end[1] - 1.2)], light(tones[tone], 0.2), width=2)
        for x, y, tone in ((36, 23, 1), (58, 46.4, 4), (70, 71, 0)):
            canvas.ellipse(x, y, 3, 3, tones[tone], how="round", depth=0.4)
    else:
        canvas.rect(16, 64, 36, 86, tones[0], r=1.2, depth=0.2)
        canvas.rect(64, 64, 84, 86, tones[2], r=1.2, depth=0.2)
        canvas.rect(38, 64, 62, 86, WOOD, r=1.2, depth=0.2)
        canvas.ellipse(50, 86, 7.6, 14, (236, 226, 210), how="plain")
        canvas.rect(38, 84, 62, 88, (236, 230, 222), how="plain")
        canvas.rect(22, 45, 78, 63, tones[1], r=1.2, depth=0.2)
        canvas.rect(40, 26, 60, 44, tones[3], r=1.2, depth=0.2)
        canvas.polygon([(37, 26), (50, 9), (63, 26)], tones[4], depth=0.2)
        for x, letter in ((26, "A"), (74, "B")):
            canvas.text(x, 75, letter, (255, 250, 240), size=11)
        canvas.text(50, 54, look.words[:8], (255, 250, 240), size=7, width=40)


def teddy(canvas: Canvas, look: Look) -> None:
    """Styles: bear, rabbit, fox, panda. Sits and looks at you."""
    animal = ("Bear", "Rabbit", "Fox", "Panda")[look.style]
    colour = (244, 242, 238) if animal == "Panda" else look.colour
    limb = (52, 52, 60) if animal == "Panda" else dark(colour, 0.06)
    canvas.shadow(50, 90, 30, 4)
    if animal == "Fox":
        canvas.blob([(66, 80), (84, 72), (92, 56), (84, 50), (76, 62), (66, 70)], colour, depth=0.25)
        canvas.blob([(88, 62), (92, 56), (84, 50), (80, 57)], (250, 246, 238))
    for side in (-1, 1):
        canvas.blob([(50 + side * 13, 52), (50 + side * 27, 60), (50 + side * 28, 72), (50 + side * 20, 72), (50 + side * 12, 64)], limb, how="round")
    canvas.ellipse(50, 68, 19, 20, colour, how="round", depth=0.24)
    canvas.ellipse(50, 70, 11.4, 13, light(colour, 0.4), how="down", depth=0.12)
    for side in (-1, 1):
        canvas.ellipse(50 + side * 19, 84, 10, 7.4, limb, how="round", depth=0.24)
        canvas.ellipse(50 + side * 21, 85, 5, 4, light(limb, 0.4), how="plain")
        if animal == "Rabbit":
            canvas.ellipse(50 + side * 8, 12, 4.8, 14, colour, how="down")
            canvas.ellipse(50 + side * 8, 13, 2.5, 10.4, (238, 188, 190), how="plain")
        elif animal == "Fox":
            canvas.polygon([(50 + side * 6, 24), (50 + side * 19, 10), (50 + side * 20, 32)], colour)
            canvas.polygon([(50 + side * 10, 24), (50 + side * 17, 15), (50 + side * 17.4, 29)], (66, 48, 44))
        else:
            canvas.ellipse(50 + side * 15, 20, 7.4, 7.4, limb, how="round")
            canvas.ellipse(50 + side * 15, 20.6, 4, 4, light(limb, 0.35), how="plain")
    canvas.ellipse(50, 34, 21, 18.4, colour, how="round", depth=0.22)
    if animal == "Fox":
        for side in (-1, 1):
            canvas.blob([(50, 48), (50 + side * 18, 36), (50 + side * 12, 33), (50 + side * 3, 39)], (250, 246, 238), depth=0.06)
    for side in (-1, 1):
        if animal == "Panda":
            canvas.ellipse(50 + side * 8.6, 32, 5, 6, (52, 52, 60), how="plain")
        canvas.ellipse(50 + side * 8.2, 32, 2, 2.2, (36, 32, 38), how="plain")
        canvas.ellipse(50 + side * 8.2 - 0.6, 31.2, 0.7, 0.7, (255, 255, 255), how="plain")
        canvas.ellipse(50 + side * 13, 39, 2.8, 1.8, mix(colour, (240, 130, 130), 0.4), how="plain")
    canvas.ellipse(50, 41.4, 7.6, 5.8, light(colour, 0.55), how="down", depth=0.1)
    canvas.ellipse(50, 38.6, 2.8, 2, (52, 42, 46), how="down")
    canvas.line(bend((46.6, 43), (50, 46), (53.4, 43)), (52, 42, 46), width=0.7)
    bow = look.accent if look.accent != look.colour else PLAY[0]
    bow = mix(bow, PLAY[look.among(5, place=1)], 0.6)
    for side in (-1, 1):
        canvas.blob([(50, 53), (50 + side * 9, 49), (50 + side * 9, 58)], bow, depth=0.25)
    canvas.ellipse(50, 53.4, 2.2, 2.2, dark(bow, 0.15), how="down")
