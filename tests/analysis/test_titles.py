"""What a title is about, and the nouns that name it."""

from __future__ import annotations

import pytest

from analysis.titles import head_nouns, main_text


@pytest.mark.parametrize(
    ("title", "main"),
    [
        ("Leather Case for Fitbit Charge 3, Black", "Leather Case"),
        ("Charger compatible with Kindle", "Charger"),
        ("Silicone Case FITS most phones", "Silicone Case"),
        ("防摔手机壳 适用 Mira", "防摔手机壳"),
        ("For Honour: A Novel", "For Honour: A Novel"),
        ("适用华为手机壳", "适用华为手机壳"),
        ("Comforter, King", "Comforter, King"),
        ("", ""),
    ],
)
def test_what_it_goes_with_is_not_what_it_is(title: str, main: str) -> None:
    assert main_text(title).strip() == main


@pytest.mark.parametrize(
    ("title", "nouns"),
    [
        ("Kensington MicroSaver Keyed Laptop Lock - Black", ["lock"]),
        ("HP Compaq 6530b Notebook Black 35.8 cm", ["compaq", "notebook", "cm"]),
        ("4 Port USB KVM Switch With Audio", ["switch", "audio"]),
        ("搪瓷水壶，蓝色", ["水壶", "蓝色"]),
        ("Black", []),
        ("123", []),
    ],
)
def test_a_name_ends_in_its_noun(title: str, nouns: list[str]) -> None:
    assert head_nouns(title) == nouns
