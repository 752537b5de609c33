"""A small catalogue's lexicon, for the tests of query understanding."""

from __future__ import annotations

from functools import lru_cache

from analysis.lexicon import Lexicon
from analysis.lexicon_fit import Entry, fit_lexicon

TITLES = (
    *("Wireless Headphones", "Wireless Headphones with microphone", "Gaming Headset", "Bluetooth Speaker"),
    *("Fire TV Stick", "Fire Stick Remote", "Kitchen E Cloth", "Running Shoes", "Running Shoes with laces"),
    *("Men T Shirt", "Mens T Shirt red", "No Show Socks", "Jigsaw Puzzle 1000 Piece", "Desk Lamp", "Floor Lamp"),
    *("Desk Lamp with dimmer", "Sony Headphones", "Storage Box", "Under Bed Storage", "Looking for Alaska"),
    *("无线蓝牙耳机", "手机壳", "台灯", "运动鞋", "无糖饼干"),
)


@lru_cache(maxsize=1)
def small_lexicon() -> Lexicon:
    """Titles a shop may have, each in a few products, priced in euros."""
    entries = [
        Entry(title, "Sony" if "Sony" in title else "", ("Goods",), "", (("colour", "Red"),), ("SK-1",), "EUR")
        for title in TITLES
        for _ in range(6)
    ]
    return fit_lexicon([*entries, Entry("Lamb wool blanket", "Sony", ("Goods", "Desk Lamps"), "rare lanp")])
