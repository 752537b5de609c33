"""Pictures from strangers: decoded with care, turned upright, and written anew in a few sizes without metadata."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO

from PIL import ExifTags, Image, ImageCms, features

from core.errors import InvalidInput

SIZES = (200, 600, 1600)  # pixels of the longer side; smaller pictures are not enlarged
MOST_BYTES = 10 * 2**20
MOST_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", *(["AVIF"] if features.check("avif") else []))

_QUALITY = 82
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# A large picture takes 160 MB while it is read, so only a few are at a time.
_reading = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Rendition:
    """One picture as it is kept: WebP bytes by size of SIZES, and the pixels of the largest."""

    files: dict[int, bytes]
    width: int
    height: int


def render(data: bytes) -> Rendition:
    """The picture in `data`, whose format is told by its content and never by a name, as WebP in sRGB.

    Of an animation it is the first frame. EXIF orientation is applied; EXIF, XMP, comments and colour profiles are
    left behind. Raises InvalidInput for more than MOST_BYTES or MOST_PIXELS, another format, and what cannot be
    decoded to its end.
    """
    with _reading:
        largest = _decoded(data, longest=max(SIZES))
        files = {size: _webp(largest, size) for size in SIZES}
    return Rendition(files, *largest.size)


def decode(data: bytes, *, longest: int) -> Image.Image:
    """The picture in `data` as `render` reads it, in RGB on white, its longer side at most `longest` pixels.

    Raises InvalidInput as `render` does.
    """
    with _reading:
        found = _decoded(data, longest=longest)
    if found.mode == "RGB":
        return found
    ground = Image.new("RGB", found.size, "white")
    ground.paste(found, mask=found.getchannel("A"))
    return ground


def _decoded(data: bytes, *, longest: int) -> Image.Image:
    if len(data) > MOST_BYTES:
        raise InvalidInput(f"a picture has at most {MOST_BYTES // 2**20} MB")
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            width, height = opened.size  # from the header alone
            if width * height > MOST_PIXELS:
                raise InvalidInput(f"a picture has at most {MOST_PIXELS // 10**6} megapixels")
            opened.draft("RGB", (longest, longest))  # a JPEG is read at a fraction where that is enough
            return _upright(opened, longest=longest)
    except InvalidInput:
        raise
    # Decoders raise whatever they come upon in broken bytes: OSError, ValueError, SyntaxError ...
    except Exception as error:
        kinds = ", ".join(FORMATS)
        raise InvalidInput(f"this is not a whole picture of a known kind ({kinds})") from error


def _upright(opened: Image.Image, *, longest: int) -> Image.Image:
    """The first frame in 8 bits, turned as EXIF says, its longer side at most `longest` pixels."""
    opened.load()
    profile, orientation = opened.info.get("icc_profile"), 1
    with suppress(Exception):  # an orientation that cannot be read is none
        orientation = opened.getexif().get(ExifTags.Base.Orientation, 1)
    image = opened
    if image.mode.startswith("I"):  # 16 bits, of which a plain conversion would cut off what is above 255
        image = image.point(lambda level: level * (1 / 256)).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    if max(image.size) > longest:
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    if orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    return _in_srgb(image, profile)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """`image` in RGB or RGBA, its colours as its own profile means them; a profile that does not fit is none."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        with suppress(Exception):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
            image = converted or image
    bare = Image.new(mode, image.size)  # pixels alone: what else the file held stays behind
    bare.paste(image.convert(mode))
    return bare


def _webp(image: Image.Image, size: int) -> bytes:
    smaller = image.copy()
    smaller.thumbnail((size, size), Image.Resampling.LANCZOS)
    written = BytesIO()
    smaller.save(written, "WEBP", quality=_QUALITY, method=4)
    return written.getvalue()
