"""Uploaded pictures: only what decodes, upright, without a word of metadata, and never in the wrong order."""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import ExifTags, Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from core.database import Database
from core.errors import Conflict, InvalidInput, NotFound
from core.goods import Keeper
from core.goods_views import read_product
from core.imaging import SIZES, render
from core.pictures import MOST_PICTURES, add_picture, order_pictures, remove_picture, sizes_of, store, tidy
from tests.core.keeping import NOW, people, product, rows


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_pictures_of_all_kinds_become_webp_in_three_sizes(kind: str) -> None:
    made = render(encoded(Image.new("RGB", (1800, 900), "teal"), kind))
    assert (made.width, made.height) == (1600, 800)
    sizes = {size: opened(data) for size, data in made.files.items()}
    assert {size: image.size for size, image in sizes.items()} == {
        200: (200, 100),
        600: (600, 300),
        1600: (1600, 800),
    }
    assert {image.format for image in sizes.values()} == {"WEBP"}
    red, green, blue = sizes[600].convert("RGB").getpixel((300, 150))
    assert abs(red) < 8
    assert abs(green - 128) < 8
    assert abs(blue - 128) < 8


def test_a_small_picture_is_never_enlarged() -> None:
    made = render(encoded(Image.new("RGB", (1, 1))))
    assert {opened(data).size for data in made.files.values()} == {(1, 1)}


def test_nothing_but_pixels_is_kept() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "planted-exif"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 51.0, 30.0)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>planted-xmp</rdf:RDF></x:xmpmeta>'
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = PngInfo()
    text.add_text("Comment", "planted-comment")
    image = Image.new("RGB", (64, 64), "red")
    for source in (
        encoded(image, "JPEG", exif=exif, xmp=xmp, icc_profile=profile, comment=b"planted-comment"),
        encoded(image, "WEBP", exif=exif, xmp=xmp, icc_profile=profile),
        encoded(image, "PNG", exif=exif, pnginfo=text, icc_profile=profile),
    ):
        assert b"planted" in source
        for data in render(source).files.values():
            found = opened(data)
            assert dict(found.getexif()) == {}
            assert not {"exif", "xmp", "icc_profile", "comment"} & set(found.info)
            assert not any(mark in data for mark in (b"planted", b"EXIF", b"XMP ", b"ICCP"))


def test_a_picture_that_lies_on_its_side_is_turned() -> None:
    image = Image.new("RGB", (40, 20), "white")
    image.paste("black", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # shown turned a quarter to the right
    made = render(encoded(image, "JPEG", exif=exif, quality=95))
    assert (made.width, made.height) == (20, 40)
    upright = opened(made.files[1600]).convert("L")
    assert upright.getpixel((10, 5)) < 40
    assert upright.getpixel((10, 35)) > 215


def test_colours_mean_what_their_profile_says() -> None:
    lab = ImageCms.createProfile("LAB")
    wide = encoded(
        Image.new("RGB", (8, 8), (10, 200, 30)), "PNG", icc_profile=ImageCms.ImageCmsProfile(lab).tobytes()
    )
    assert opened(render(wide).files[200]).mode == "RGB"  # a profile of another kind of colours is left aside
    cmyk = render(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95))
    red, green, blue = opened(cmyk.files[200]).getpixel((4, 4))
    assert red > 200
    assert max(green, blue) < 60


def test_sixteen_bits_are_scaled_and_transparency_is_kept() -> None:
    grey = Image.new("I;16", (8, 8), 32768)
    assert abs(opened(render(encoded(grey)).files[200]).convert("L").getpixel((4, 4)) - 128) < 4
    clear = opened(render(encoded(Image.new("RGBA", (8, 8), (255, 0, 0, 0)))).files[200])
    assert clear.getpixel((4, 4))[3] == 0


def test_of_an_animation_the_first_frame_is_shown() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("blue", "red")]
    made = opened(render(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])).files[200])
    assert not getattr(made, "is_animated", False)
    assert made.getpixel((4, 4))[2] > 200


PHOTO = encoded(Image.effect_mandelbrot((300, 200), (-2, -1, 1, 1), 40), "JPEG")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a whole picture"),
        (PHOTO[: len(PHOTO) // 2], "not a whole picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "not a whole picture"),
        (b"<!doctype html><script>alert(1)</script>", "not a whole picture"),
        (encoded(Image.new("RGB", (8, 8)), "BMP"), "not a whole picture"),
        (encoded(Image.new("RGB", (8, 8)), "TIFF"), "not a whole picture"),
        (bomb(8000, 8000), "at most 40 megapixels"),
        (bomb(60000, 60000), "not a whole picture"),
        (bomb(100, 100), "not a whole picture"),
        (PHOTO + b"\0" * (10 * 2**20), "at most 10 MB"),
    ],
    ids=["empty", "cut", "svg", "html", "bmp", "tiff", "bomb", "huge bomb", "no pixels", "heavy"],
)
def test_what_is_no_good_picture_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        render(data)


def test_flipped_bytes_end_in_a_picture_or_in_a_clear_refusal() -> None:
    for place in range(0, len(PHOTO), max(1, len(PHOTO) // 60)):
        broken = bytearray(PHOTO)
        broken[place] ^= 0xFF
        with suppress(InvalidInput):  # and nothing else
            assert render(bytes(broken)).files.keys() == set(SIZES)


def upload(database: Database, own: Keeper, name: str, folder: Path, colour: str) -> str:
    made = render(encoded(Image.new("RGB", (20, 10), colour)))
    url = store(made, folder=folder)
    with database.write() as session:
        size = {"width": made.width, "height": made.height}
        return add_picture(session, own, name, url=url, alt=colour, **size, expected=None, at=NOW)


def test_pictures_keep_their_order(database: Database, tmp_path: Path) -> None:
    who = people(database)
    name, _ = product(database, who.anns)
    red, green, blue = (upload(database, who.anns, name, tmp_path, colour) for colour in ("red", "green", "blue"))
    with database.write() as session:
        order_pictures(session, who.anns, name, pictures=[blue, red, green], expected=None, at=NOW)
        remove_picture(session, who.anns, name, picture=red, expected=None, at=NOW)
        for wrong in ([blue], [blue, blue], [blue, green, red]):
            with pytest.raises(InvalidInput, match="each picture"):
                order_pictures(session, who.anns, name, pictures=wrong, expected=None, at=NOW)
        with pytest.raises(NotFound):
            remove_picture(session, who.bobs, name, picture=blue, expected=None, at=NOW)
        with pytest.raises(NotFound, match="no picture"):
            remove_picture(session, who.anns, name, picture=red, expected=None, at=NOW)
    assert rows(database, "SELECT position, alt FROM picture ORDER BY position") == [(0, "blue"), (1, "green")]
    with database.read() as session:
        seen = read_product(session, who.anns, name).pictures
    assert [(picture.id, picture.width, picture.height) for picture in seen] == [(blue, 20, 10), (green, 20, 10)]
    assert all((tmp_path / url).is_file() for url in sizes_of(seen[0].url).values())


def test_a_product_has_only_so_many_pictures(sqlite: Database, tmp_path: Path) -> None:
    own = people(sqlite).anns
    name, _ = product(sqlite, own)
    for _ in range(MOST_PICTURES):
        upload(sqlite, own, name, tmp_path, "red")
    assert len(list((tmp_path / "uploaded").iterdir())) == len(SIZES)  # the same picture is kept once
    with pytest.raises(Conflict, match="at most 20"):
        upload(sqlite, own, name, tmp_path, "red")


def test_tidying_takes_only_old_files_that_nothing_names(sqlite: Database, tmp_path: Path) -> None:
    own = people(sqlite).anns
    name, _ = product(sqlite, own)
    upload(sqlite, own, name, tmp_path, "red")
    orphan = store(render(encoded(Image.new("RGB", (9, 9), "blue"))), folder=tmp_path)
    part = tmp_path / "uploaded" / ".x.webp.0123.part"
    own_file = tmp_path / "mine.webp"
    for file in (part, own_file):
        file.write_bytes(b"x")
    now = NOW
    with sqlite.read() as session:
        for file in (*(tmp_path / "uploaded").iterdir(), own_file):
            os.utime(file, (now.timestamp(), now.timestamp()))
        assert tidy(session, folder=tmp_path, now=now + timedelta(hours=23)) == 0
        assert tidy(session, folder=tmp_path, now=now + timedelta(hours=25)) == len(SIZES) + 1
        assert tidy(session, folder=tmp_path, now=now + timedelta(hours=25)) == 0
    assert not (tmp_path / orphan).exists()
    assert own_file.exists()
    assert len(list((tmp_path / "uploaded").iterdir())) == len(SIZES)
