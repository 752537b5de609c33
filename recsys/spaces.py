"""Where tuning looks for the parameters of each model, and what a file of parameters may say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InvalidInput
from recsys.base import Model
from recsys.models import MODELS, default_models

Value = int | float


@dataclass(frozen=True, slots=True)
class Range:
    """What a parameter may be, both ends included. `log`: looked through by factors, not by steps."""

    low: Value
    high: Value
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether only whole numbers make sense: the ends are."""
        return isinstance(self.low, int)

    def holds(self, value: object) -> bool:
        """Whether a value is one of them; a whole number will do where others are meant."""
        kinds = int if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            return False
        return math.isfinite(value) and self.low <= value <= self.high


Space = Mapping[str, Range]

_FADING = {"position_power": Range(0.0, 2.0), "half_life_days": Range(1.0, 1000.0, log=True)}
_NEIGHBOURS = {"neighbours": Range(20, 2000, log=True)}
_LIKENESS = {
    "words": Range(0.0, 1.0),
    "topics": Range(0.0, 1.0),
    "labels": Range(0.0, 1.0),
    "descriptions": Range(0.0, 1.0),
    "price": Range(0.0, 1.0),
    "looks": Range(0.0, 1.0),
    "dimensions": Range(16, 512, log=True),
}
_STEPS = {
    "distance_power": Range(0.0, 2.0),
    "window": Range(1, 30, log=True),
    "gap_days": Range(1.0, 365.0, log=True),
    "backward": Range(0.0, 1.0),
    "together": Range(0.0, 2.0),
    "crowd_power": Range(0.0, 1.0),
    "source_power": Range(0.0, 1.0),
    "target_power": Range(0.0, 1.0),
    **_NEIGHBOURS,
    **_FADING,
}

SPACES: Mapping[str, Space] = {
    "popularity": {"half_life_days": Range(1.0, 1000.0, log=True)},
    "trending": {"half_life_days": Range(0.5, 60.0, log=True)},
    "taste": {"sales_power": Range(0.0, 1.0), "sales_half_life_days": Range(1.0, 1000.0, log=True), **_FADING},
    "content": {**_LIKENESS, **_FADING},
    "item_item": {"shrinkage": Range(0.01, 100.0, log=True), **_NEIGHBOURS, **_FADING},
    "cooccurrence": {
        "support": Range(1, 10),
        "significance": Range(1e-8, 0.1, log=True),
        **_NEIGHBOURS,
        **_FADING,
    },
    "transitions": _STEPS,
    "bridges": {
        "widening": Range(0.0, 8.0),
        "kin": Range(5, 200, log=True),
        "kin_power": Range(0.5, 6.0),
        "dimensions": Range(16, 512, log=True),
        **_STEPS,
    },
    "session": {
        **_STEPS,
        "idle_minutes": Range(5, 240, log=True),
        "half_life_days": Range(0.005, 1000.0, log=True),
    },
    "substitutes": {
        "idle_minutes": Range(5, 240, log=True),
        "support": Range(1, 10),
        "shrinkage": Range(0.01, 100.0, log=True),
        **_NEIGHBOURS,
        **_FADING,
    },
    "ease": {  # time grows with the cube of the neighbours
        "regularisation": Range(1.0, 5000.0, log=True),
        "neighbours": Range(20, 300, log=True),
        **_FADING,
    },
    "als": {
        "factors": Range(8, 512, log=True),
        "iterations": Range(3, 30, log=True),
        "regularisation": Range(0.01, 1000.0, log=True),
        "alpha": Range(0.1, 200.0, log=True),
        "frequency_power": Range(0.0, 1.0),
        "learning_half_life_days": Range(7.0, 3000.0, log=True),
        **_FADING,
    },
}


def space_of(name: str) -> Space:
    """Where a model's parameters are looked for; raises InvalidInput for a name that no model has."""
    if name not in MODELS:
        raise InvalidInput(f"there is no model {name!r}: {', '.join(MODELS)} can be tuned", model=name)
    return SPACES[name]


def models_with(parameters: Mapping[str, Mapping[str, Value]]) -> list[Model]:
    """The models that are blended, unfitted, some with other parameters than the ones that serve by default.

    `parameters` maps a model's name to those that differ. Raises InvalidInput for a model or a parameter that is
    not there, and for a value outside its range.
    """
    models = default_models()
    unknown = [name for name in parameters if name not in {model.name for model in models}]
    if unknown:
        raise InvalidInput(f"there is no model {unknown[0]!r} in the blend", model=unknown[0])
    for name, given in parameters.items():
        check_parameters(name, given)
    return [type(model)(**{**model.parameters, **parameters.get(model.name, {})}) for model in models]


def models_like(made_with: Mapping[str, Mapping[str, object]]) -> list[Model]:
    """The models that are blended, unfitted, with what a version says it was made with.

    What the models no longer have, or no longer in that range, is as it is by default.
    """
    kept = {
        name: {
            key: value for key, value in given.items() if key in SPACES[name] and SPACES[name][key].holds(value)
        }
        for name, given in made_with.items()
        if name in MODELS
    }
    return [type(model)(**{**model.parameters, **kept.get(model.name, {})}) for model in default_models()]


def check_parameters(name: str, given: Mapping[str, object]) -> None:
    """Raise InvalidInput where a model has no such parameter, or a value is outside its range."""
    space = space_of(name)
    for parameter, value in given.items():
        if parameter not in space:
            raise InvalidInput(f"{name} has no parameter {parameter!r}: {', '.join(space)}", model=name)
        allowed = space[parameter]
        if not allowed.holds(value):
            kind = "a whole number" if allowed.whole else "a number"
            raise InvalidInput(
                f"{parameter} of {name} is {kind} from {allowed.low} to {allowed.high}, not {value!r}", model=name
            )
