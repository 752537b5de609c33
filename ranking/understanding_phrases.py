"""What a query says beside what it looks for: politeness, and what must not be there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from analysis.lexicon import Lexicon
from analysis.text import HAN, STOP_WORDS, analyser

Words = list[tuple[str, str]]  # each word as typed, folded, with its token

_POLITE = re.compile(
    r"^(?:(?:hi|hello|hey|please|pls)[, ]+)*"
    r"(?:where (?:can|could|do|to) (?:i |we |you )?(?:buy|find|get)|(?:(?:i am|i'm|im|we are) )?looking for"
    r"|i(?: would|'d| d)? (?:need|want|like)(?: to (?:buy|get|find|have))?|do you (?:have|sell|stock)"
    r"|have you got|can i (?:buy|get|have)|show me|find me|give me|search for|shop for) "
    r"(?:(?:a|an|some|any|the|me) )*",
    re.IGNORECASE,
)
_POLITE_END = re.compile(r"(?:[, ]+(?:please|pls|thanks))?[?!. ]*$", re.IGNORECASE)
_POLITE_CHINESE = re.compile(
    "^(?:你好|请问|麻烦|我?想要?买|我?想要|我要买?|我需要|有没有卖?|哪里可以买到?|哪里能买到?|哪里有卖?|在哪里?买|帮我找|给我找|给我看看?"
    "|推荐一下|推荐|求购|[,，。!\\s])+(?:一个|一款|一双|一件|一条|一台|一些|个|款)?"
)
_POLITE_CHINESE_END = re.compile("(?:哪里有卖?|哪里买|有吗|多少钱|吗|呢|[?？!。\\s])+$")

_WITHOUT = "without"
_SHORT = re.compile(r"(?<!\w)w/o(?!\w)", re.IGNORECASE)
_LINKS = frozenset(("and", "or", "nor"))
_ARTICLES = frozenset(("a", "an", "any", "the", "much", "too"))
_CHINESE = re.compile(f"(?<!有)(?:不要|不含|没有|不带|不需要)(?:有|任何)?\\s?([{HAN}]+|[a-z0-9]+)")
_CHINESE_NO = re.compile(f"无([{HAN}]+)")


@dataclass(frozen=True, slots=True)
class Denied:
    """The words that are left, and what must not be there: groups of tokens, with how they were typed."""

    words: Words
    groups: tuple[tuple[str, ...], ...] = ()
    texts: tuple[str, ...] = ()


def drop_politeness(plain: str, *, lexicon: Lexicon | None) -> str:
    """The query without "where can I buy", 我想买 and the like, unless nothing else is left.

    Nor are they dropped from a title: where the catalogue has the last polite word next to the one that follows.
    """
    rest = plain
    if match := _POLITE.match(plain):
        rest = plain[match.end() :]
        said, left = match.group().lower().split(), analyser().words(rest)
        if lexicon is not None and left and lexicon.pair(said[-1], left[0]):
            return plain
    rest = _POLITE_END.sub("", rest)
    if not rest.isascii():
        rest = _POLITE_CHINESE_END.sub("", _POLITE_CHINESE.sub("", rest))
    return rest if any(token not in STOP_WORDS for token in analyser().tokens(rest)) else plain


def take_denied(plain: str, *, lexicon: Lexicon | None) -> Denied:
    """Take "without X", "no X", 不要X and their like out of a query (lower case, NFKC, simplified).

    "no X" is a name where the catalogue has the two words next to each other ("no show"). A query of which nothing
    would be left stays as it is.
    """
    rest = plain
    groups: list[tuple[str, ...]] = []
    texts: list[str] = []
    if not plain.isascii():
        rest, groups, texts = _chinese(plain)
    words = analyser().words_and_tokens(_SHORT.sub(_WITHOUT, rest))
    kept: Words = []
    place = 0
    while place < len(words):
        end = _denied_end(words, place, lexicon)
        if end == place:
            kept.append(words[place])
            place += 1
            continue
        said = [pair for pair in words[place + 1 : end] if pair[0] not in _LINKS | _ARTICLES]
        groups += [(token,) for _, token in said]
        texts += [word for word, _ in said]
        place = end
    if groups and not any(token not in STOP_WORDS for _, token in kept):
        return Denied(analyser().words_and_tokens(plain))
    return Denied(kept, tuple(groups), tuple(texts))


def _denied_end(words: Words, place: int, lexicon: Lexicon | None) -> int:
    """Where what is denied from `place` on ends; `place` itself where nothing is."""
    word = words[place][0]
    if word not in (_WITHOUT, "no"):
        return place
    end = place + 1
    while end < len(words) and words[end][0] in _ARTICLES:
        end += 1
    if end == len(words) or words[end][0] in STOP_WORDS:
        return place
    if word == "no" and (lexicon is None or words[end][0].isdigit() or lexicon.pair("no", words[end][0])):
        return place  # a name, or a number: "no 5"
    end += 1
    while end + 1 < len(words) and words[end][0] in _LINKS and words[end + 1][0] not in STOP_WORDS:
        end += 2
    return end


def _chinese(plain: str) -> tuple[str, list[tuple[str, ...]], list[str]]:
    groups: list[tuple[str, ...]] = []
    texts: list[str] = []

    def take(match: re.Match[str]) -> str:
        said = match.group(1)
        first = analyser().segment(said)[0] if not said.isascii() else said
        group = tuple(dict.fromkeys(analyser().tokens(first)))
        if group:  # none in what is too long for a word
            groups.append(group)
            texts.append(first)
        return f" {said[len(first) :].removeprefix('的')} "

    def take_no(match: re.Match[str]) -> str:
        # 无线 and 无糖 are words, and what is looked for; 无 by itself denies.
        return take(match) if "无" in analyser().segment(match.group()) else match.group()

    rest = _CHINESE_NO.sub(take_no, _CHINESE.sub(take, plain))
    return rest, groups, texts
