"""How Chinese sounds, in Latin letters: so that pinyin, and its initials, find what is written in characters."""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

from analysis.text import HAN, analyser

LONGEST = 12  # words that one sound goes on over: nobody types more of a title without a space
_LETTERS = re.compile("[a-z]+")
_RUN = re.compile(f"[{HAN}]+(?:\\s+[{HAN}]+)*")  # nobody types the spaces between words


def sounds(text: str) -> list[str]:
    """The pinyin, and the initials of the pinyin, from each word of a Chinese run on to its end, without tones.

    蓝牙耳机 gives lanyaerji and lyej, erji and ej: what is typed is the beginning of one of them.
    """
    found: dict[str, None] = {}
    for run in _RUN.finditer(text):
        words = [word for part in run.group().split() for word in analyser().segment(part)]
        said = [spoken(word) for word in words]
        for start in range(len(words)):
            rest = said[start : start + LONGEST]
            found["".join(whole for whole, _ in rest)] = None
            found["".join(initials for _, initials in rest)] = None
    return [sound for sound in found if sound]


def syllables(word: str) -> list[str]:
    """The pinyin of each character of a Chinese word, without tones, ü written v as it is typed."""
    spoken = lazy_pinyin(word, style=Style.NORMAL, v_to_u=False)
    return ["".join(_LETTERS.findall(syllable.replace("ü", "v"))) for syllable in spoken]


@lru_cache(maxsize=50_000)
def spoken(word: str) -> tuple[str, str]:
    """The pinyin of a Chinese word without tones, and its initials."""
    parts = syllables(word)
    return "".join(parts), "".join(part[:1] for part in parts)
