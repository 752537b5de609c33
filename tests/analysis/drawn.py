"""Small drawn pictures: a form in a colour somewhere about the middle, on a ground that differs each time."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

COLOURS = {"red": (200, 30, 40), "green": (40, 150, 60), "blue": (40, 60, 190), "grey": (120, 120, 120)}
FORMS = ("disc", "box", "stripes")


def drawn(form: str, colour: str, *, seed: int, side: int = 96) -> Image.Image:
    """A picture `side` pixels square; another `seed`, another ground, place and light."""
    chance = np.random.default_rng(seed)
    image = Image.new("RGB", (side, side), tuple(int(light) for light in chance.integers(225, 250, 3)))
    pen = ImageDraw.Draw(image)
    middle, half = side / 2 + chance.uniform(-0.06, 0.06) * side, side * chance.uniform(0.26, 0.32)
    box = (middle - half, middle - half, middle + half, middle + half)
    fill = tuple(int(value) for value in (np.array(COLOURS[colour]) + chance.integers(-12, 13, 3)).clip(0, 255))
    if form == "disc":
        pen.ellipse(box, fill=fill)
    elif form == "box":
        pen.rectangle(box, fill=fill)
    else:
        for top in np.arange(box[1], box[3], side / 12):
            pen.rectangle((box[0], top, box[2], top + side / 24), fill=fill)
    return image


def catalogue(*, copies: int, first_seed: int = 0) -> tuple[list[Image.Image], list[str]]:
    """`copies` pictures of each form in each colour, and what each shows."""
    kinds = [(form, colour) for form in FORMS for colour in COLOURS]
    pictures, names = [], []
    for copy in range(copies):
        for place, (form, colour) in enumerate(kinds):
            pictures.append(drawn(form, colour, seed=first_seed + copy * len(kinds) + place))
            names.append(f"{colour} {form}")
    return pictures, names
