"""What a shopper reads beside a recommended product, in English and in Chinese.

A saying has a name, which stays the same in every language; `{}` is the title of what speaks for the product.
"""

from __future__ import annotations

from typing import Literal

Voice = Literal["shopper", "anchor"]
Language = Literal["en", "zh"]

# What is said where nothing of the shopper's own speaks for a product, by the generator that brings the most.
_ANYONE = {"popularity": "popular", "trending": "popular-now"}
# What is said of a product because of another one.
_BECAUSE = {
    "content": "like",
    "item_item": "same-shoppers",
    "als": "same-shoppers",
    "ease": "same-shoppers",
    "taste": "popular-in-category",
    "cooccurrence": "bought-together",
    "transitions": "bought-after",
    "bridges": "bought-after-like",
    "session": "looked-at-after",
    "substitutes": "instead",
    "repeat": "again",
}
# Where the shopper's whole past spoke, not one product that is being looked at.
_KNOWN = {"content": "like-known", "als": "taste", "ease": "taste"}

SAYINGS: dict[str, tuple[str, str]] = {
    "popular": ("Popular", "热门商品"),
    "popular-now": ("Popular these days", "近期热门"),
    "risen": ("Sells better than before", "近期热度上升"),
    "best-seller": ("A best seller", "畅销商品"),
    "like": ("Like {}", "与“{}”相似"),
    "like-known": ("Like {}, which you know", "与您看过的“{}”相似"),
    "new-like": ("New, and like {}", "新品，与“{}”相似"),
    "new": ("New in the shop", "新品上架"),
    "new-brand": ("New from {}", "{} 新品"),
    "same-shoppers": ("Shoppers who have {} also have this", "购买“{}”的顾客也有这件"),
    "popular-in-category": ("Popular in the category of {}", "“{}”同类中的热门"),
    "bought-together": ("Often bought together with {}", "常与“{}”一起购买"),
    "bought-after": ("Often bought after {}", "常在“{}”之后购买"),
    "bought-after-like": ("Often bought after things like {}", "常在“{}”一类商品之后购买"),
    "looked-at-after": ("Often looked at after {}", "看过“{}”后常看"),
    "instead": ("Could stand in for {}", "可代替“{}”"),
    "taste": ("Fits your taste, {} above all", "符合您的喜好，尤其是“{}”"),
    "again": ("You have bought it before", "您购买过"),
    "viewed": ("You looked at it", "您浏览过"),
    "looks-like": ("Looks like {}", "看起来像“{}”"),
}

TITLES: dict[str, tuple[str, str]] = {
    "for-you": ("For you", "为您推荐"),
    "popular": ("Popular right now", "当前热门"),
    "because-bought": ("Because you bought {}", "因为您购买了“{}”"),
    "because-viewed": ("Because you looked at {}", "因为您看过“{}”"),
    "trending": ("Trending", "热度上升"),
    "trending-in": ("Trending in {}", "{} 热度上升"),
    "best-sellers": ("Best sellers", "畅销榜"),
    "best-sellers-in": ("Best sellers in {}", "{} 畅销榜"),
    "new-brands": ("New from brands you like", "您喜欢的品牌新品"),
    "new-categories": ("New where you like to look", "您常看的类别新品"),
    "buy-again": ("Buy again", "再次购买"),
    "recently-viewed": ("Recently viewed", "最近浏览"),
    "similar": ("Similar products", "相似商品"),
    "looks-similar": ("Looks similar", "外观相似"),
    "bought-together": ("Bought together", "一起购买"),
    "cart": ("Goes with your cart", "与购物车搭配"),
}


def saying_of(kind: str, *, voice: Voice, because: bool) -> str:
    """The name of what is said of a product whose strongest generator is `kind`.

    `because` says whether a product of the shopper's, or the one that is asked about, speaks for it.
    """
    if kind in _ANYONE or not because:
        return _ANYONE.get(kind, "popular")
    if voice == "shopper" and kind in _KNOWN:
        return _KNOWN[kind]
    return _BECAUSE.get(kind, "same-shoppers")


def for_anyone(kind: str) -> bool:
    """Whether a generator says the same to everybody."""
    return kind in _ANYONE


def say(saying: str, *named: str, language: Language = "en") -> str:
    """A saying about what is named, of which only the first is said."""
    return SAYINGS[saying][language == "zh"].format(*named)


def title(name: str, named: str = "", *, language: Language = "en") -> str:
    """The title of a row about what is named."""
    return TITLES[name][language == "zh"].format(named)
