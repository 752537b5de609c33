"""Drawers of games and toys."""

from __future__ import annotations

from pipelines.sample.draw.books import title
from pipelines.sample.draw.canvas import Canvas, Rgb, bend, contrast, dark, light, mix
from pipelines.sample.draw.look import Look

NIGHT = (36, 42, 66)
WOOD = (214, 172, 118)
PLAY: tuple[Rgb, ...] = ((224, 84, 70), (244, 188, 62), (74, 152, 196), (104, 168, 102), (238, 136, 74))


def board_game(canvas: Canvas, look: Look) -> None:
    """Styles: strategy, family, party, co-operative. The box with pieces before it."""
    colour = look.colour
    canvas.shadow(50, 86, 42, 4.4)
    canvas.polygon([(74, 18), (86, 13), (86, 74), (74, 80)], dark(colour, 0.34))
    canvas.polygon([(14, 18), (28, 13), (86, 13), (74, 18)], light(colour, 0.25))
    canvas.rect(14, 18, 74, 80, colour, r=1.4, depth=0.18)
    canvas.rect(17, 21, 71, 77, dark(colour, 0.14), r=1)
    sky = mix(colour, (250, 226, 180), 0.55)
    canvas.rect(19, 38, 69, 75, sky, r=1, how="down")
    ink = contrast(dark(colour, 0.14))
    title(canvas, look.words, ink, 44, 29.6, size=5.8, width=46)
    ground = mix(colour, NIGHT, 0.45)
    if look.style == 0:
        canvas.polygon(
            [
                (24, 75),
                (24, 56),
                (28, 56),
                (28, 52),
                (33, 52),
                (33, 56),
                (38, 56),
                (38, 62),
                (48, 62),
                (48, 48),
                (52, 48),
                (52, 44),
                (57, 44),
                (57, 48),
                (62, 48),
                (62, 75),
            ],
            ground,
        )
        canvas.polygon([(54.5, 44), (54.5, 39), (60, 41), (54.5, 43)], (224, 84, 70))
    elif look.style == 2:
        for number in range(14):
            canvas.rect(
                22 + (number * 19) % 43,
                42 + (number * 13) % 26,
                24.4 + (number * 19) % 43,
                43.6 + (number * 13) % 26,
                PLAY[number % 5],
                how="plain",
            )
        for number, tone in enumerate(PLAY[:3]):
            canvas.ellipse(32 + number * 12, 64, 5, 6, tone, how="round")
    else:
        canvas.polygon(
            [(19, 75), *bend((19, 70), (36, 50), (50, 66)), *bend((50, 66), (60, 56), (69, 64)), (69, 75)], ground
        )
        canvas.ellipse(56, 49, 5, 5, light(sky, 0.7), how="plain")
        canvas.line(
            [*bend((24, 73), (38, 60), (46, 70)), *bend((46, 70), (56, 76), (66, 62))], (250, 240, 214), width=0.9
        )
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
        for x, y, wide, tone in (
            (14.0, 68.0, 34, 0),
            (50, 68, 34, 1),
            (26, 50, 34, 2),
            (62, 50, 17, 3),
            (34, 32, 17, 4),
        ):
            for stud in range(int(wide / 8.5)):
                canvas.rect(
                    x + 2 + stud * 8.5,
                    y - 3,
                    x + 7 + stud * 8.5,
                    y + 1,
                    light(tones[tone], 0.12),
                    r=0.8,
                    how="round",
                )
            canvas.rect(x, y, x + wide, y + 17, tones[tone], r=1, depth=0.22)
    elif look.style == 1:
        for x, y, tone in ((22.0, 60.0, 0), (48.0, 60.0, 1), (22, 34, 2), (48, 34, 3)):
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
        canvas.polygon(
            [
                (38, 64),
                (62, 64),
                (62, 86),
                (57, 86),
                *bend((57, 86), (57, 72), (50, 72)),
                *bend((50, 72), (43, 72), (43, 86)),
                (38, 86),
            ],
            WOOD,
            depth=0.2,
        )
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
    limb = dark(look.colour, 0.66) if animal == "Panda" else dark(colour, 0.06)
    canvas.shadow(50, 90, 30, 4)
    if animal == "Fox":
        canvas.blob([(66, 80), (84, 72), (92, 56), (84, 50), (76, 62), (66, 70)], colour, depth=0.25)
        canvas.blob([(88, 62), (92, 56), (84, 50), (80, 57)], (250, 246, 238))
    for side in (-1, 1):
        canvas.blob(
            [
                (50 + side * 13, 52),
                (50 + side * 27, 60),
                (50 + side * 28, 72),
                (50 + side * 20, 72),
                (50 + side * 12, 64),
            ],
            limb,
            how="round",
        )
    canvas.ellipse(50, 68, 19, 20, colour, how="round", depth=0.24)
    canvas.ellipse(50, 70, 11.4, 13, light(colour, 0.4), how="down", depth=0.12)
    for side in (-1, 1):
        canvas.ellipse(50 + side * 19, 84, 10, 7.4, limb, how="round", depth=0.24)
        canvas.ellipse(50 + side * 21, 85, 5, 4, light(limb, 0.4), how="plain")
        if animal == "Rabbit":
            canvas.ellipse(50 + side * 8, 14.5, 4.8, 12.5, colour, how="down")
            canvas.ellipse(50 + side * 8, 15, 2.5, 9.4, (238, 188, 190), how="plain")
        elif animal == "Fox":
            canvas.polygon([(50 + side * 6, 24), (50 + side * 19, 10), (50 + side * 20, 32)], colour)
            canvas.polygon([(50 + side * 10, 24), (50 + side * 17, 15), (50 + side * 17.4, 29)], (66, 48, 44))
        else:
            canvas.ellipse(50 + side * 15, 20, 7.4, 7.4, limb, how="round")
            canvas.ellipse(50 + side * 15, 20.6, 4, 4, light(limb, 0.35), how="plain")
    canvas.ellipse(50, 34, 21, 18.4, colour, how="round", depth=0.22)
    if animal == "Fox":
        for side in (-1, 1):
            canvas.blob(
                [(50, 48), (50 + side * 18, 36), (50 + side * 12, 33), (50 + side * 3, 39)],
                (250, 246, 238),
                depth=0.06,
            )
    for side in (-1, 1):
        if animal == "Panda":
            canvas.ellipse(50 + side * 8.6, 32, 5, 6, limb, how="plain")
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
