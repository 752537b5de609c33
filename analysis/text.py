"""The one analyser: every text that is indexed or searched becomes tokens here, whichever engine holds them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import opencc
import rjieba
import tantivy

from analysis.units import unify_units

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
HAN_RUN = re.compile(f"[{HAN}]+")
_MARKS = re.compile("[\u2122\u00ae\u00a9\u2120]")  # trademark signs would glue to the word before them
_POSSESSIVE = re.compile("['\u2019](?<=\\w.)s\\b", re.IGNORECASE)
_INNER = re.compile("['\u2019](?<=\\w.)(?=\\w)")

# English function words that say nothing of a product. A query made of nothing else keeps them.
STOP_WORDS = frozenset(
    "a an and are as at be by for from in into is it of on or that the their this to was will with".split()  # noqa: SIM905
)


class Analyser:
    """Unicode folding, Chinese segmentation (traditional and simplified as one), English stemming.

    `tokens` is a pure function of its text: the same on every machine, in every process, for both engines.
    """

    version = "2"

    def __init__(self) -> None:
        folding = (
            *(tantivy.Filter.remove_long(64), tantivy.Filter.lowercase()),
            tantivy.Filter.ascii_fold(),
        )
        self._plain = _built(folding)
        self._words = _built((*folding, tantivy.Filter.stemmer("english")))
        self._simplify = opencc.OpenCC("t2s")

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text in order: folded, segmented, stemmed. Empty for text without letters or digits."""
        found: list[str] = self._words.analyze(self.fold(text))
        return found

    def words(self, text: str) -> list[str]:
        """The words of which `tokens` are the stems, as written but folded: as many, in the same order."""
        found: list[str] = self._plain.analyze(self.fold(text))
        return found

    def words_and_tokens(self, text: str) -> list[tuple[str, str]]:
        """Each of `words` with its token."""
        folded = self.fold(text)
        return list(zip(self._plain.analyze(folded), self._words.analyze(folded), strict=True))

    def query_tokens(self, text: str) -> list[str]:
        """Like `tokens`, less stop words, unless nothing else is left."""
        tokens = self.tokens(text)
        return [token for token in tokens if token not in STOP_WORDS] or tokens

    def fold(self, text: str) -> str:
        """Compatibility forms, units and Chinese scripts unified, marks dropped, Han runs split into words."""
        plain = text if text.isascii() else unicodedata.normalize("NFKC", _MARKS.sub(" ", text))
        plain = unify_units(_INNER.sub("", _POSSESSIVE.sub("", plain)))
        if not plain.isascii() and HAN_RUN.search(plain):
            plain = HAN_RUN.sub(self._segment, plain)
        return plain

    def simplify(self, text: str) -> str:
        """The text in simplified characters."""
        simplified: str = self._simplify.convert(text)
        return simplified

    def segment(self, run: str) -> list[str]:
        """A run of Han characters as simplified words that together are the run."""
        return list(rjieba.cut(self._simplify.convert(run)))

    def _segment(self, run: re.Match[str]) -> str:
        simplified = self._simplify.convert(run.group())
        return f" {' '.join(rjieba.cut_for_search(simplified))} "


def _built(filters: Iterable[tantivy.Filter]) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in filters:
        builder = builder.filter(step)
    return builder.build()


@lru_cache(maxsize=1)
def analyser() -> Analyser:
    """The analyser of this process: building one loads the Chinese dictionaries."""
    return Analyser()


def has_han(text: str) -> bool:
    """Whether a text has Chinese characters."""
    return HAN_RUN.search(text) is not None


def code_key(text: str) -> str:
    """A code (SKU, EAN, model number) as compared: letters and digits only, upper case."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).upper() if letter.isalnum())
