"""How many threads linear algebra runs on."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


@lru_cache(maxsize=1)
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()  # finding the libraries takes 30 ms, limiting them 0.06 ms


def one_blas_thread() -> AbstractContextManager[object]:
    """Linear algebra on one thread: the products of one answer are so small that waking a second one takes longer.

    Measured while others keep the cores busy: a home row on a real shop in 4 ms instead of 32, and 4,000 shoppers
    folded into ALS in 0.3 s of processor time instead of 1 to 8.
    """
    limit: AbstractContextManager[object] = _thread_pools().limit(limits=1, user_api="blas")
    return limit
