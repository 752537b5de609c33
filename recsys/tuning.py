"""Tuning one model on a validation part, by Parzen estimators, with the same budget for every model.

Source: Bergstra, Bardenet, Bengio, Kegl, "Algorithms for Hyper-Parameter Optimization", NIPS 2011 (as `optuna`
has it). That baselines get the budget of what is put up against them is the demand of Dacrema, Cremonesi, Jannach,
"Are We Really Making Much Progress?", RecSys 2019.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from core.errors import InvalidInput
from recsys.data import TrainingData
from recsys.evaluation.intervals import Doubles, interval
from recsys.evaluation.metrics import measure
from recsys.evaluation.splits import Split, global_time_split, last_part, leave_last_out
from recsys.models import MODELS
from recsys.spaces import Space, Value, space_of

METRIC = "ndcg@10"
TRIALS = 30
CASES = 5000  # shoppers of the validation part that are asked for at most

Ended = Literal["all trials", "out of time", "interrupted"]


@dataclass(frozen=True, slots=True)
class Trial:
    """Parameters that were tried, and the mean METRIC they reached over the shoppers with a history."""

    parameters: Mapping[str, Value]
    value: float
    seconds: float
    of_cases: Doubles = field(repr=False, compare=False)  # METRIC of each of them


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search found; `trials` in the order they were made, the defaults not among them."""

    model: str
    defaults: Trial
    trials: Sequence[Trial]
    ended: Ended

    @property
    def best(self) -> Trial:
        """The first of the best; the defaults where nothing was better."""
        return max((self.defaults, *self.trials), key=lambda trial: trial.value)

    def as_json(self) -> dict[str, Any]:
        """The result as plain values; `ahead` is by how much the best is before the defaults, case by case.

        The best of many is better than it will be on other shoppers: its true lead is at the low end, if anywhere.
        """
        best = self.best
        low, high = interval(best.of_cases - self.defaults.of_cases)
        return {
            "model": self.model,
            "metric": METRIC,
            "cases": len(self.defaults.of_cases),
            "trials": len(self.trials),
            "ended": self.ended,
            "defaults": {"value": round(self.defaults.value, 5), "parameters": dict(self.defaults.parameters)},
            "best": {"value": round(best.value, 5), "parameters": dict(best.parameters)},
            "ahead": round(best.value - self.defaults.value, 5),
            "ahead_interval": [round(low, 5), round(high, 5)],
            "seconds": round(self.defaults.seconds + sum(trial.seconds for trial in self.trials), 1),
        }


def validation_split(data: TrainingData, *, how: Literal["last", "time"], seed: int = 0) -> Split:
    """What tuning may see: the test part of the data is taken off first, then the part before it held back.

    By time that is the last part of what lies before the test part, by last items the item before the last. At
    most CASES cases. Raises InvalidInput where nothing is left to ask for.
    """
    if how == "last":
        split = leave_last_out(leave_last_out(data).train)
    else:
        before = global_time_split(data, at=last_part(data)).train
        split = global_time_split(before, at=last_part(before))
    split = split.sample(CASES, seed=seed)
    if split.cold.all():
        raise InvalidInput("the validation part has no shopper with a history who bought something new")
    return split


def tune(
    name: str,
    split: Split,
    *,
    trials: int = TRIALS,
    minutes: float | None = None,
    seed: int = 0,
    threads: int = 0,
    progress: Callable[[int, int], None] | None = None,
    better: Callable[[Trial], None] | None = None,
) -> Tuned:
    """Look for the parameters with which a model reaches the highest METRIC on the cases of `split`.

    The defaults are measured first, outside the budget of `trials`. After `minutes` no further trial begins; the
    same split, trials and seed try the same parameters. `better` is told of every trial that beats all before it.
    Interrupted (Ctrl-C) what was found so far is the result, except before the defaults are known. Raises
    InvalidInput for a name that no model has.
    """
    import optuna  # here, because commands that tune nothing need not wait for it

    space = space_of(name)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    distributions = {parameter: _distribution(optuna.distributions, space, parameter) for parameter in space}
    report = progress or (lambda _done, _total: None)
    until = None if minutes is None else time.monotonic() + 60 * minutes
    report(0, trials)
    own = MODELS[name]().parameters
    defaults = _try(name, {key: own[key] for key in space}, split, seed=seed, threads=threads)
    made: list[Trial] = []
    best = defaults.value
    ended: Ended = "all trials"
    try:
        while len(made) < trials:
            if until is not None and time.monotonic() >= until:
                ended = "out of time"
                break
            asked = study.ask(distributions)
            made.append(_try(name, asked.params, split, seed=seed, threads=threads))
            study.tell(asked, made[-1].value)
            if made[-1].value > best:
                best = made[-1].value
                if better:
                    better(made[-1])
            report(len(made), trials)
    except KeyboardInterrupt:
        ended = "interrupted"
    return Tuned(name, defaults, made, ended)


def _try(name: str, parameters: Mapping[str, Any], split: Split, *, seed: int, threads: int) -> Trial:
    started = time.perf_counter()
    model = MODELS[name](**{**MODELS[name]().parameters, **parameters})
    model.fit(split.train, seed=seed, threads=threads)
    reached = measure(model, split).values[METRIC][~split.cold]
    return Trial(dict(parameters), float(reached.mean()), time.perf_counter() - started, reached)


def _distribution(distributions: Any, space: Space, parameter: str) -> Any:
    allowed = space[parameter]
    kind = distributions.IntDistribution if allowed.whole else distributions.FloatDistribution
    return kind(allowed.low, allowed.high, log=allowed.log)
