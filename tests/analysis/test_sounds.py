"""How Chinese titles sound: whole and by initials, from each word on."""

from __future__ import annotations

from analysis.sounds import sounds, syllables


def test_a_title_sounds_from_each_word_on() -> None:
    found = sounds("无线蓝牙耳机")
    assert {"wuxianlanyaerji", "lanyaerji", "erji", "wxlyej", "lyej", "ej"} <= set(found)


def test_either_script_and_spaces_between_words_sound_the_same() -> None:
    assert sounds("藍牙耳機") == sounds("蓝牙耳机") == sounds("蓝牙 耳机")


def test_what_is_not_chinese_has_no_sound() -> None:
    assert sounds("Bluetooth headphones 5.0") == []


def test_the_letter_for_u_with_dots_is_v() -> None:
    assert syllables("绿") == ["lv"]
