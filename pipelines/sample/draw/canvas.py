"""A canvas for clean, flat pictures: shapes in units of 0 to 100 with a soft gradient, drawn twice as large."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps

Rgb = tuple[int, int, int]
Point = tuple[float, float]

SIZE = 400  # pixels of the finished picture
DRAWN = 2 * SIZE  # pixels of the drawing
SCALE = DRAWN / 100  # pixels of the drawing a unit

# How light falls on a shape, as lightness from left to right (for "down", from top to bottom); "plain" is none.
LIGHTS: dict[str, tuple[tuple[float, float], ...]] = {
    "flat": ((0, 0.62), (1, 0.38)),
    "round": ((0, 0.3), (0.28, 0.95), (0.55, 0.55), (1, 0.0)),
    "down": ((0, 0.8), (1, 0.2)),
    "metal": ((0, 0.35), (0.2, 1.0), (0.4, 0.45), (0.62, 0.8), (1, 0.05)),
}


def mix(one: Rgb, other: Rgb, part: float) -> Rgb:
    """`part` of the other colour in one."""
    return tuple(round(a + (b - a) * part) for a, b in zip(one, other, strict=True))  # type: ignore[return-value]


def light(colour: Rgb, part: float = 0.25) -> Rgb:
    """The colour with white in it."""
    return mix(colour, (255, 255, 255), part)


def dark(colour: Rgb, part: float = 0.25) -> Rgb:
    """The colour with a warm black in it."""
    return mix(colour, (28, 24, 32), part)


def is_light(colour: Rgb) -> bool:
    """Whether dark lines stand out on the colour."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 150


def contrast(colour: Rgb) -> Rgb:
    """A dark or a light tone that is readable on the colour."""
    return dark(colour, 0.72) if is_light(colour) else light(colour, 0.86)


class Canvas:
    """A picture in the making. Positions and lengths are in units; y grows downwards."""

    def __init__(self, background: Rgb) -> None:
        self.image = _backdrop(background).copy()

    def shape(self, mask: Image.Image, corner: tuple[int, int], fill: Rgb, how: str, depth: float) -> None:
        """Fill a mask (its top left at `corner`, in pixels) with a colour under the light `how`."""
        self.image.paste(_layer(how, fill, depth, mask.size), corner, mask)

    def polygon(self, points: Sequence[Point], fill: Rgb, *, how: str = "flat", depth: float = 0.22) -> None:
        """A filled polygon."""
        box = _box(points)
        mask = Image.new("L", _size(box))
        ImageDraw.Draw(mask).polygon(_within(points, box), fill=255)
        self.shape(mask, box[:2], fill, how, depth)

    def blob(self, points: Sequence[Point], fill: Rgb, *, how: str = "flat", depth: float = 0.22) -> None:
        """A closed smooth outline through the points."""
        self.polygon(smooth(points), fill, how=how, depth=depth)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, fill: Rgb, *, how: str = "flat", depth: float = 0.22
    ) -> None:
        """An ellipse around (x, y)."""
        box = _box(((x - rx, y - ry), (x + rx, y + ry)))
        mask = Image.new("L", _size(box))
        ImageDraw.Draw(mask).ellipse((0, 0, mask.width - 1, mask.height - 1), fill=255)
        self.shape(mask, box[:2], fill, how, depth)

    def rect(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        fill: Rgb,
        *,
        r: float = 0,
        how: str = "flat",
        depth: float = 0.22,
    ) -> None:
        """A rectangle with corners of radius `r`."""
        box = _box(((x0, y0), (x1, y1)))
        mask = Image.new("L", _size(box))
        ImageDraw.Draw(mask).rounded_rectangle(
            (0, 0, mask.width - 1, mask.height - 1), radius=round(r * SCALE), fill=255
        )
        self.shape(mask, box[:2], fill, how, depth)

    def line(self, points: Sequence[Point], fill: Rgb, *, width: float = 1.0) -> None:
        """A stroke with round joints and ends."""
        draw = ImageDraw.Draw(self.image)
        pixels = [(x * SCALE, y * SCALE) for x, y in points]
        thick = max(1, round(width * SCALE))
        draw.line(pixels, fill=fill, width=thick, joint="curve")
        if thick > 3:
            half = thick / 2
            for x, y in (pixels[0], pixels[-1]):
                draw.ellipse((x - half, y - half, x + half, y + half), fill=fill)

    def arc(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        fill: Rgb,
        *,
        start: float = 0,
        end: float = 360,
        width: float = 1.0,
    ) -> None:
        """A part of an ellipse's edge; angles in degrees, clockwise from three o'clock."""
        steps = max(8, int(abs(end - start) / 4))
        angles = [math.radians(start + (end - start) * step / steps) for step in range(steps + 1)]
        self.line([(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles], fill, width=width)

    def shine(self, points: Sequence[Point], *, strength: float = 0.35) -> None:
        """A smooth spot of light over what is there."""
        self._veil(smooth(points), (255, 255, 255), strength)

    def shade(self, points: Sequence[Point], *, strength: float = 0.2) -> None:
        """A smooth dark spot over what is there."""
        self._veil(smooth(points), (20, 16, 28), strength)

    def shadow(self, x: float, y: float, rx: float, ry: float = 3.0, *, strength: float = 0.3) -> None:
        """The soft shadow of a thing that stands at (x, y)."""
        size = (max(2, round(rx * 2.6 * SCALE)), max(2, round(ry * 2.6 * SCALE)))
        mask = _soft_ellipse().resize(size).point(lambda value: int(value * strength))
        corner = (round(x * SCALE - size[0] / 2), round(y * SCALE - size[1] / 2))
        self.image.paste((52, 44, 58), (*corner, corner[0] + size[0], corner[1] + size[1]), mask)

    def text(self, x: float, y: float, text: str, fill: Rgb, *, size: float, width: float = 1000) -> None:
        """A line of text centred at (x, y), made smaller where it would be wider than `width`."""
        font = _font(round(size * SCALE))
        long = font.getlength(text) / SCALE
        if long > width:
            font = _font(max(6, int(size * SCALE * width / long)))
        ImageDraw.Draw(self.image).text((x * SCALE, y * SCALE), text, fill=fill, font=font, anchor="mm")

    def finished(self) -> Image.Image:
        """The picture at its final size."""
        return self.image.reduce(DRAWN // SIZE)

    def _veil(self, points: Sequence[Point], colour: Rgb, strength: float) -> None:
        box = _box(points)
        mask = Image.new("L", _size(box))
        ImageDraw.Draw(mask).polygon(_within(points, box), fill=round(255 * strength))
        self.image.paste(colour, (*box[:2], box[0] + mask.width, box[1] + mask.height), mask)


def smooth(points: Sequence[Point], *, steps: int = 10) -> list[Point]:
    """A closed Catmull-Rom curve through the points, as a polygon."""
    found: list[Point] = []
    count = len(points)
    for i in range(count):
        p0, p1, p2, p3 = (points[(i + k - 1) % count] for k in range(4))
        for step in range(steps):
            t = step / steps
            found.append((_spline(p0[0], p1[0], p2[0], p3[0], t), _spline(p0[1], p1[1], p2[1], p3[1], t)))
    return found


def bend(start: Point, control: Point, end: Point, *, steps: int = 16) -> list[Point]:
    """A quadratic Bezier curve as points."""
    found = []
    for step in range(steps + 1):
        t = step / steps
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        found.append((a * start[0] + b * control[0] + c * end[0], a * start[1] + b * control[1] + c * end[1]))
    return found


def mirrored(points: Sequence[Point], *, axis: float = 50) -> list[Point]:
    """The outline that is completed by its reflection at a vertical axis; `points` go down one side."""
    return [*points, *((2 * axis - x, y) for x, y in reversed(points))]


def turned(points: Sequence[Point], angle: float, *, around: Point = (50, 50)) -> list[Point]:
    """Points turned clockwise by `angle` degrees."""
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    cx, cy = around
    return [
        (cx + (x - cx) * cosine - (y - cy) * sine, cy + (x - cx) * sine + (y - cy) * cosine) for x, y in points
    ]


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def _box(points: Sequence[Point]) -> tuple[int, int, int, int]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (
        math.floor(min(xs) * SCALE),
        math.floor(min(ys) * SCALE),
        math.ceil(max(xs) * SCALE) + 1,
        math.ceil(max(ys) * SCALE) + 1,
    )


def _size(box: tuple[int, int, int, int]) -> tuple[int, int]:
    return max(1, box[2] - box[0]), max(1, box[3] - box[1])


def _within(points: Sequence[Point], box: tuple[int, int, int, int]) -> list[Point]:
    return [(x * SCALE - box[0], y * SCALE - box[1]) for x, y in points]


@lru_cache(maxsize=16)
def _ramp(how: str) -> npt.NDArray[np.float64]:
    places, values = zip(*LIGHTS[how], strict=True)
    ramp: npt.NDArray[np.float64] = np.interp(np.linspace(0, 1, 256), places, values)
    return ramp


@lru_cache(maxsize=512)
def _strip(how: str, fill: Rgb, depth: float) -> Image.Image:
    low, high = np.array(dark(fill, depth), float), np.array(light(fill, depth * 0.8), float)
    tones = low + (high - low) * _ramp(how)[:, None]
    return Image.frombytes("RGB", (256, 1), np.round(tones).astype(np.uint8).tobytes())


def _layer(how: str, fill: Rgb, depth: float, size: tuple[int, int]) -> Image.Image:
    # One line is interpolated and then repeated, which is much faster than interpolating the whole area.
    strip = _strip("flat" if how == "plain" else how, fill, 0.0 if how == "plain" else depth)
    if how == "down":
        line = strip.transpose(Image.Transpose.ROTATE_270).resize((1, size[1]), Image.Resampling.BILINEAR)
    else:
        line = strip.resize((size[0], 1), Image.Resampling.BILINEAR)
    return line.resize(size, Image.Resampling.NEAREST)


@lru_cache(maxsize=1)
def _soft_ellipse() -> Image.Image:
    spot = Image.new("L", (128, 128))
    ImageDraw.Draw(spot).ellipse((26, 26, 102, 102), fill=255)
    return spot.filter(ImageFilter.GaussianBlur(11))


@lru_cache(maxsize=32)
def _backdrop(colour: Rgb) -> Image.Image:
    """A soft light in the middle of the upper half, and a floor that is a little darker."""
    side = DRAWN
    glow = Image.radial_gradient("L").resize((side * 3 // 2, side * 3 // 2), Image.Resampling.BICUBIC)
    glow = ImageChops.offset(ImageOps.invert(glow), 0, -side // 8).crop(
        (side // 4, side // 4, side * 5 // 4, side * 5 // 4)
    )
    return ImageOps.colorize(glow, black=dark(colour, 0.07), white=light(colour, 0.55))


@lru_cache(maxsize=64)
def _font(pixels: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(pixels)
