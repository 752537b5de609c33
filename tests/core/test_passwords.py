"""Passwords: argon2id above OWASP's minimum, a few at a time, and none that is too easy."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from core.errors import InvalidInput
from core.passwords import Passwords, require_good

QUICK = Passwords(memory_kib=64, passes=1)


def test_hashes_are_argon2id_above_the_minimum() -> None:
    kept = extract_parameters(Passwords().hash("a long sentence"))
    assert kept.type is Type.ID
    assert kept.memory_cost >= 19 * 1024
    assert kept.time_cost >= 2
    assert kept.parallelism == 1


def test_a_password_is_right_or_wrong() -> None:
    kept = QUICK.hash("a long sentence")
    assert QUICK.check("a long sentence", kept) == (True, None)
    assert QUICK.check("a long sentencE", kept) == (False, None)
    assert QUICK.check("a long sentence", None) == (False, None)


def test_other_parameters_give_a_new_hash() -> None:
    kept = QUICK.hash("a long sentence")
    right, renewed = Passwords(memory_kib=128, passes=1).check("a long sentence", kept)
    assert right
    assert renewed is not None
    assert extract_parameters(renewed).memory_cost == 128


def test_one_password_however_its_letters_are_composed() -> None:
    assert QUICK.check("Zürich am See".replace("ü", "u\u0308"), QUICK.hash("Zürich am See"))[0]


@pytest.mark.parametrize("password", ["nine char", "x" * 257, "ann@example.com", " Ann@Example.com "])
def test_bad_passwords_are_refused(password: str) -> None:
    with pytest.raises(InvalidInput):
        require_good(password, email="ann@example.com")


@pytest.mark.parametrize("password", ["ten chars!", "十个字符的密码就可以了", "x" * 256])
def test_length_is_counted_in_characters(password: str) -> None:
    require_good(password, email="ann@example.com")


def test_no_more_than_a_few_are_hashed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords(memory_kib=64, passes=1, at_once=2)
    both, running, most = threading.Barrier(2), [0], [0]
    counting = threading.Lock()
    hash_one = passwords._hashing.current_hasher.hash

    def watched(password: str | bytes, **more: Any) -> str:
        with counting:
            running[0] += 1
            most[0] = max(most[0], running[0])
        both.wait(10)  # nobody leaves before two are in
        kept = hash_one(password, **more)
        with counting:
            running[0] -= 1
        return kept

    monkeypatch.setattr(passwords._hashing.current_hasher, "hash", watched)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(passwords.hash, ["a long sentence"] * 6))
    assert most[0] == 2
