"""The lexicon: what a catalogue says, looked up and kept."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from analysis.lexicon import TITLE_WEIGHT, Lexicon, known_names
from analysis.lexicon_fit import Entry, fit_lexicon
from analysis.spelling import Spellings
from core.errors import BrokenArtifact

ENTRIES = [
    Entry("Wireless Headphones", "Sonic", ("Audio", "Headphones"), "with microphone", (("colour", "Black"),)),
    Entry("Wireless Keyboard 蓝牙键盘", "Apple", ("Computers",), "slim", (("Color", "White, Black"),), ("KX-99",)),
    Entry("Fresh apple juice", "Orchard", ("Food", "Juice"), "no sugar added", (), (), "EUR"),
    Entry("Dried apple rings", "Orchard", ("Food", "Snacks"), "sweet", (), (), "EUR"),
    Entry("Apple crumble mix", "Orchard", ("Food", "Baking"), "sweet", (), (), "EUR"),
]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return fit_lexicon(ENTRIES)


def test_titles_weigh_more(lexicon: Lexicon) -> None:
    assert lexicon.count("wireless") == 2 * TITLE_WEIGHT
    assert lexicon.count("sweet") == 2
    assert lexicon.count("zeppelin") == 0
    assert lexicon.stem_count("headphon") == lexicon.count("headphones")


def test_neighbours_are_counted_in_their_order(lexicon: Lexicon) -> None:
    assert lexicon.pair("wireless", "keyboard") == 1
    assert lexicon.pair("keyboard", "wireless") == 0
    assert lexicon.pair("no", "sugar") == 0, "descriptions have no pairs"


def test_brands_categories_and_colours_have_names(lexicon: Lexicon) -> None:
    found = known_names(lexicon, ["black", "headphon"])
    assert [(name.kind, name.value) for name in found[0][0]] == [("colour", "Black")]
    assert [(name.kind, name.value) for name in found[1][0]] == [("category", "Audio > Headphones")]


def test_a_brand_that_titles_use_as_a_word_is_not_clear(lexicon: Lexicon) -> None:
    clear = {name.value: name.clear for name in lexicon.vocabulary.names if name.kind == "brand"}
    assert clear == {"Apple": False, "Sonic": True, "Orchard": True}


def test_what_is_spelt_alike_is_found(lexicon: Lexicon) -> None:
    assert dict(lexicon.similar("wirless")) == {"wireless": 1}
    assert dict(lexicon.similar("haedphnes")) == {"headphones": 2}
    assert lexicon.similar("kx99") == ()
    assert lexicon.similar("tea") == ()
    assert lexicon.similar("wireless") == ()


def test_spellings_find_what_comparing_with_every_word_finds() -> None:
    from rapidfuzz.distance import OSA

    chance = random.Random(4)
    words = ["".join(chance.choices("abcde", k=chance.randint(4, 10))) for _ in range(3000)]
    spellings = Spellings(dict.fromkeys(words))
    for typed in words[:50]:
        for mistakes in (1, 2):
            wanted = {word: OSA.distance(typed, word) for word in words}
            wanted = {word: far for word, far in wanted.items() if 0 < far <= mistakes}
            assert dict(spellings.near(typed, mistakes=mistakes)) == wanted


def test_beginnings(lexicon: Lexicon) -> None:
    assert lexicon.begins("headp")
    assert not lexicon.begins("haedp")
    assert lexicon.beginning("wir", size=3) == ["wireless"]
    assert ("headp", 1) in lexicon.similar_starts("haedp")


def test_chinese_words_are_known_by_sound(lexicon: Lexicon) -> None:
    assert lexicon.has_chinese
    assert {"lanya", "jianpan"} <= lexicon.vocabulary.spoken
    assert not fit_lexicon(ENTRIES[:1]).has_chinese


def test_the_currency_is_the_one_of_most_products(lexicon: Lexicon) -> None:
    assert lexicon.vocabulary.currency == "EUR"


def test_the_order_of_the_products_makes_no_difference(tmp_path: Path, lexicon: Lexicon) -> None:
    shuffled = random.Random(1).sample(ENTRIES, len(ENTRIES))
    for name, one in (("a", lexicon), ("b", fit_lexicon(shuffled))):
        (tmp_path / name).mkdir()
        one.save(tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_what_is_saved_is_loaded(tmp_path: Path, lexicon: Lexicon) -> None:
    lexicon.save(tmp_path)
    loaded = Lexicon.load(tmp_path)
    assert loaded.pair("wireless", "keyboard") == 1
    assert loaded.names == lexicon.names
    assert loaded.similar("wirless") == lexicon.similar("wirless")


@pytest.mark.parametrize("name", ["lexicon.json", "counts.npy", "pairs.npy"])
def test_a_broken_lexicon_is_refused(tmp_path: Path, lexicon: Lexicon, name: str) -> None:
    lexicon.save(tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BrokenArtifact):
        Lexicon.load(tmp_path)


def test_a_catalogue_without_words_has_an_empty_lexicon(tmp_path: Path) -> None:
    fit_lexicon([Entry("")]).save(tmp_path)
    assert Lexicon.load(tmp_path).count("lamp") == 0
