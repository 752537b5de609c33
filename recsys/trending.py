"""What sells this week: popularity with a short memory, beside the one with the long one."""

from __future__ import annotations

from recsys.popularity import PopularityModel


class TrendingModel(PopularityModel):
    """`PopularityModel` that forgets within days: seasons, fashions, what is just being talked about."""

    name = "trending"

    def __init__(self, *, half_life_days: float = 7.0) -> None:
        super().__init__(half_life_days=half_life_days)
