"""Chinese evaluation: the same need typed in characters of either script, in pinyin and in initials.

A need is the first words, four at most, of the longest run of characters in a Chinese title: what the thing
is, not the name of a line of products. It counts when its simplified characters find
the product in the first ten.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import opencc

from analysis.sounds import syllables
from analysis.text import HAN_RUN, analyser
from index.documents import Document
from ranking.search import Searcher, SearchRequest

WORDS = 4  # of a title that make a need
FIRST = 10  # hits


def ways_of_typing(title: str) -> dict[str, str]:
    """The need of a Chinese title as it may be typed; empty for a title without Chinese characters."""
    runs = HAN_RUN.findall(title)
    if not runs:
        return {}
    words = analyser().segment(max(runs, key=len))[:WORDS]
    spoken = [syllables(word) for word in words]
    return {
        "simplified": "".join(words),
        "traditional": opencc.OpenCC("s2t").convert("".join(words)),
        "pinyin": " ".join("".join(parts) for parts in spoken),
        "pinyin_joined": "".join("".join(parts) for parts in spoken),
        "initials": "".join(part[:1] for parts in spoken for part in parts),
    }


def evaluate_chinese(
    searcher: Searcher, documents: Sequence[Document], *, sample: int = 200, seed: int = 0
) -> dict[str, float | int]:
    """For each way of typing the share of needs whose product is in the first ten; `needs` is how many count."""
    titles = [document for document in documents if HAN_RUN.search(document.title_zh or document.title)]
    drawn = random.Random(seed).sample(titles, min(sample, len(titles)))
    found: Counter[str] = Counter()
    needs = 0
    for document in drawn:
        ways = ways_of_typing(document.title_zh or document.title)
        hits = {way: searcher.find(SearchRequest(query, facets=())).ids[:FIRST] for way, query in ways.items()}
        if document.id in hits["simplified"]:
            needs += 1
            found.update(way for way, ids in hits.items() if document.id in ids)
    ways_seen = ("simplified", "traditional", "pinyin", "pinyin_joined", "initials")
    return {"needs": needs} | {way: round(found[way] / max(1, needs), 4) for way in ways_seen}
