"""The one analyser: every text that is indexed or searched becomes tokens here, whichever engine holds them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import opencc
import rjieba
import tantivy

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN_RUN = re.compile(f"[{_HAN}]+")
_MARKS = re.compile("[\u2122\u00ae\u00a9\u2120]")  # trademark signs would glue to the word before them
_POSSESSIVE = re.compile("(?<=\\w)['\u2019]s\\b", re.IGNORECASE)
_INNER = re.compile("(?<=\\w)['\u2019](?=\\w)")

# English function words that say nothing of a product. A query made of nothing else keeps them.
STOP_WORDS = frozenset(
    "a an and are as at be by for from in into is it of on or that the their this to was will with".split()  # noqa: SIM905
)


class Analyser:
    """Unicode folding, Chinese segmentation (traditional and simplified as one), English stemming.

    `tokens` is a pure function of its text: the same on every machine, in every process, for both engines.
    """

    version = "1"

    def __init__(self) -> None:
        builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        for step in (
            tantivy.Filter.remove_long(64),
            tantivy.Filter.lowercase(),
            tantivy.Filter.ascii_fold(),
            tantivy.Filter.stemmer("english"),
        ):
            builder = builder.filter(step)
        self._words = builder.build()
        self._simplify = opencc.OpenCC("t2s")

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text in order: folded, segmented, stemmed. Empty for text without letters or digits."""
        found: list[str] = self._words.analyze(self.fold(text))
        return found

    def query_tokens(self, text: str) -> list[str]:
        """Like `tokens`, less stop words, unless nothing else is left."""
        tokens = self.tokens(text)
        return [token for token in tokens if token not in STOP_WORDS] or tokens

    def fold(self, text: str) -> str:
        """Compatibility forms unified, marks and apostrophes dropped, Han runs simplified and split into words."""
        plain = text if text.isascii() else unicodedata.normalize("NFKC", _MARKS.sub(" ", text))
        plain = _INNER.sub("", _POSSESSIVE.sub("", plain))
        if not plain.isascii() and _HAN_RUN.search(plain):
            plain = _HAN_RUN.sub(self._segment, plain)
        return plain

    def _segment(self, run: re.Match[str]) -> str:
        simplified = self._simplify.convert(run.group())
        return f" {' '.join(rjieba.cut_for_search(simplified))} "


@lru_cache(maxsize=1)
def analyser() -> Analyser:
    """The analyser of this process: building one loads the Chinese dictionaries."""
    return Analyser()


def has_han(text: str) -> bool:
    """Whether a text has Chinese characters."""
    return _HAN_RUN.search(text) is not None


def code_key(text: str) -> str:
    """A code (SKU, EAN, model number) as compared: letters and digits only, upper case."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).upper() if letter.isalnum())
