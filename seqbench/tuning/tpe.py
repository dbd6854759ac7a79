"""Picks settings by optuna's tree-structured Parzen estimator (Bergstra et al. 2011, section 4).

The records of the trials are the only memory: for each generation a study is built from those before it, in the
order of their numbers, so that workers, interruptions and a storage of optuna's cannot move what is picked.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seqbench.base.seeds import derive_seed
from seqbench.errors import ExperimentError
from seqbench.experiment.search_space import DIGITS, ListedValues, Values, random_setting
from seqbench.records.search import Place
from seqbench.records.trials import TrialRow, mean_scores
from seqbench.tuning.proposals import Picker


@dataclass(frozen=True)
class TpePicker(Picker):
    """Draws the first generation at random, the same as a random search, and later ones where trials were good."""

    seed: int

    def settings(
        self, place: Place, space: Mapping[str, Values], numbers: range, earlier: Sequence[TrialRow]
    ) -> list[dict[str, Any]]:
        """Return a setting for each number.

        Raises:
            ExperimentError: optuna is not installed.
        """
        if not earlier:
            return [random_setting(space, self.seed, number) for number in numbers]
        optuna = _optuna()
        spread = {name: _distribution(optuna, values) for name, values in space.items()}
        seed = derive_seed(self.seed, "tpe", *place, numbers.start) % 2**32
        study = _study(optuna, seed, is_higher_better=any(row.is_higher_better for row in earlier))
        for trial in _trials(optuna, earlier, spread):
            study.add_trial(trial)
        asked = [study.ask(spread).params for _ in numbers]
        return [{name: _rounded(each[name], space[name]) for name in space} for each in asked]


def check_installed() -> None:
    """Refuse a search by tpe where optuna is not installed.

    Raises:
        ExperimentError: it is not.
    """
    _optuna()


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise ExperimentError(
            "tune.method is tpe, which needs optuna: pip install 'seqbench[tune]', or tune at random"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _study(optuna: Any, seed: int, *, is_higher_better: bool) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Asked for several settings at once, it takes those that are not yet tried for bad ones.
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=0, constant_liar=True)
    return optuna.create_study(sampler=sampler, direction="maximize" if is_higher_better else "minimize")


def _trials(optuna: Any, rows: Sequence[TrialRow], spread: Mapping[str, Any]) -> list[Any]:
    """Return the earlier trials; one without a score is the worst, and one that was pruned has its last score."""
    scores, states = mean_scores(rows), optuna.trial.TrialState
    found = []
    for row in {row.number: row for row in reversed(rows)}.values():
        score = scores.get(row.number)
        kept = {row.pruned_at: row.score} if row.pruned_at is not None and row.score is not None else {}
        made = optuna.trial.create_trial(
            params=dict(row.setting),
            distributions=dict(spread),
            value=score,
            intermediate_values={} if score is not None else kept,
            state=states.COMPLETE if score is not None else states.PRUNED,
        )
        found.append((row.number, made))
    return [made for _, made in sorted(found, key=lambda each: each[0])]


def _distribution(optuna: Any, values: Values) -> Any:
    known = optuna.distributions
    if isinstance(values, ListedValues):
        return known.CategoricalDistribution(values.values)
    if values.is_whole:
        return known.IntDistribution(int(values.low), int(values.high), log=values.is_log)
    return known.FloatDistribution(values.low, values.high, log=values.is_log)


def _rounded(value: Any, values: Values) -> Any:
    if isinstance(values, ListedValues) or values.is_whole:
        return value
    return min(max(float(f"{value:.{DIGITS}g}"), values.low), values.high)
