"""The array of ratings, and what it says about the model that gave them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
import numpy.typing as npt

from pytest_persona.errors import RatingsError
from pytest_persona.flags import ALPHA
from pytest_persona.ratings import levels
from pytest_persona.ratings.estimator import Estimator
from pytest_persona.stats import Estimate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
By = Literal["foundation"]
"""For a mapping from each foundation to what its items alone say."""

SCALE = np.arange(6.0)
NO_PERSONA = ("",)
"""The personas of a model that answers as itself."""
BINDING = ("In-group/Loyalty", "Authority/Respect", "Purity/Sanctity")
"""The binding foundations (Graham et al. 2009)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Ratings:
    """Ratings 0 to 5 of every item by every persona, from one model.

    Attributes:
        name: What reports call the model.
        fingerprint: What the ratings are of: a model's fingerprint, or a file's sha256.
        instrument: Name, kind, source, licence and sha256 of what was asked, as far as known.
        personas: Their ids; `NO_PERSONA` for a model that answers as itself.
        items: Ids of the items.
        foundations: Foundation of each item.
        estimator: How the ratings were got; it decides what `values` holds.
        values: By sampling, the ratings (personas, items, repetitions), NaN where there is none; by logits, natural
            log-probabilities (personas, items, 6) of the ratings, not renormalised.
        asked: Replies asked for, (personas, items); those without a rating are failures. 1 by logits.
        texts: What each item says, for reports; empty texts where nobody knows.
        mass: Probability of the six ratings together, (personas, items), where the model gave probabilities.
        retried: Replies without a rating that were asked again until there was one, and left out.
        seconds: What asking took; None where nobody knows.
    """

    name: str
    fingerprint: str
    instrument: Mapping[str, Any]
    personas: tuple[str, ...]
    items: tuple[str, ...]
    foundations: tuple[str, ...]
    texts: tuple[str, ...]
    estimator: Estimator
    values: FloatArray
    asked: IntArray
    mass: FloatArray | None = None
    retried: int = 0
    seconds: float | None = None

    def __post_init__(self) -> None:
        shape = (len(self.personas), len(self.items))
        last = self.values.shape[2] if self.values.ndim == 3 else 0
        if self.values.shape != (*shape, last) or self.asked.shape != shape or not last or 0 in shape:
            raise RatingsError(f"values {self.values.shape} and asked {self.asked.shape} do not fit {shape}")
        if (self.asked < 1).any():
            raise RatingsError("a cell was not asked; a persona that skipped an item is left out of the ratings")
        if not len(self.foundations) == len(self.texts) == len(self.items):
            raise RatingsError(f"{len(self.items)} items have {len(self.foundations)} foundations")
        for what, names in (("persona", self.personas), ("item", self.items)):
            if len(set(names)) != len(names):
                raise RatingsError(f"a {what} is there twice")
        if self.estimator.kind == "logits":
            if last != len(SCALE) or (self.values > 1e-3).any():
                raise RatingsError("logits are log-probabilities of the six ratings, 0 or less")
        elif ((self.values < 0) | (self.values > SCALE[-1])).any() or (self.rated > self.asked).any():
            raise RatingsError("a rating lies outside 0 to 5, or more ratings than replies are there")

    @property
    def role_play(self) -> bool:
        """Whether personas were played."""
        return self.personas != NO_PERSONA

    @cached_property
    def probabilities(self) -> FloatArray:
        """Probability of each rating at the estimator's temperature, (personas, items, 6).

        Raises:
            RatingsError: the ratings were sampled.
        """
        if self.estimator.kind != "logits" or self.estimator.temperature is None:
            raise RatingsError(f"{self.name} was rated by {self.estimator}; only logits hold probabilities")
        scaled = self.values / self.estimator.temperature
        with np.errstate(invalid="ignore"):
            scaled = np.exp(scaled - scaled.max(axis=2, keepdims=True))
        found: FloatArray = scaled / scaled.sum(axis=2, keepdims=True)
        return found

    @cached_property
    def means(self) -> FloatArray:
        """μ of every cell, (personas, items); NaN where no reply held a rating."""
        if self.estimator.kind == "logits":
            return self.probabilities @ SCALE
        return levels.cell_means(self.values)

    @cached_property
    def sds(self) -> FloatArray:
        """σ of every cell, (personas, items), ddof 1 by sampling; 0 for a single rating, NaN for none."""
        if self.estimator.kind == "logits":
            found: FloatArray = np.sqrt((self.probabilities * (SCALE - self.means[:, :, None]) ** 2).sum(axis=2))
            return found
        return levels.cell_sds(self.values)

    @cached_property
    def kept(self) -> npt.NDArray[np.bool_]:
        """Which personas have a rating in every cell; the others count in no estimate."""
        found: npt.NDArray[np.bool_] = np.isfinite(self.means).min(axis=1)
        return found

    @property
    def failures(self) -> int:
        """Replies, of those that were not asked again, in which no rating could be read."""
        if self.estimator.kind == "logits":
            return int((~np.isfinite(self.means)).sum())
        return int((self.asked - self.rated).sum())

    @property
    def unread_share(self) -> float:
        """Failures per reply."""
        return self.failures / int(self.asked.sum())

    @property
    def retried_share(self) -> float:
        """Share of all replies that held no rating and were asked again."""
        return self.retried / (int(self.asked.sum()) + self.retried)

    @overload
    def susceptibility(self, *, by: None = None, alpha: float = ..., as_samples: int | None = ...) -> Estimate: ...
    @overload
    def susceptibility(self, *, by: By, alpha: float = ..., as_samples: int | None = ...) -> dict[str, Estimate]: ...
    def susceptibility(
        self, *, by: By | None = None, alpha: float = ALPHA, as_samples: int | None = None
    ) -> Estimate | dict[str, Estimate]:
        """S, the mean over items of the standard deviation over personas (ddof 1) of their mean ratings.

        Args:
            by: `foundation` for each foundation's own.
            alpha: One-sided level of each bound.
            as_samples: By logits only: what so many samples a cell would show, the noise of their means included.

        Raises:
            RatingsError: no personas were played, or fewer than 30; as_samples of ratings that were sampled.
        """
        return self._by(by, lambda some: levels.susceptibility(some, alpha, as_samples))

    @overload
    def robustness(self, *, by: None = None, alpha: float = ..., as_samples: int | None = ...) -> Estimate: ...
    @overload
    def robustness(self, *, by: By, alpha: float = ..., as_samples: int | None = ...) -> dict[str, Estimate]: ...
    def robustness(
        self, *, by: By | None = None, alpha: float = ALPHA, as_samples: int | None = None
    ) -> Estimate | dict[str, Estimate]:
        """R, one over the mean standard deviation within a cell; infinite for ratings that never vary.

        Of a model that answers as itself, R_unc: the mean is over items. Arguments and errors as `susceptibility`.
        """
        return self._by(by, lambda some: levels.robustness(some, alpha, as_samples))

    @overload
    def spread(self, *, by: None = None, alpha: float = ..., as_samples: int | None = ...) -> Estimate: ...
    @overload
    def spread(self, *, by: By, alpha: float = ..., as_samples: int | None = ...) -> dict[str, Estimate]: ...
    def spread(
        self, *, by: By | None = None, alpha: float = ALPHA, as_samples: int | None = None
    ) -> Estimate | dict[str, Estimate]:
        """σ̄ = 1/R, the mean standard deviation within a cell, in points of the scale.

        Arguments and errors as `susceptibility`.
        """
        return self._by(by, lambda some: levels.spread(some, alpha, as_samples))

    @overload
    def profile(self, *, by: None = None, alpha: float = ...) -> Estimate: ...
    @overload
    def profile(self, *, by: By, alpha: float = ...) -> dict[str, Estimate]: ...
    def profile(self, *, by: By | None = None, alpha: float = ALPHA) -> Estimate | dict[str, Estimate]:
        """The mean rating. Its bounds are over personas, or over repetitions where none were played."""
        return self._by(by, lambda some: levels.mean_rating(some, alpha))

    @property
    def binding_mean(self) -> float:
        """Mean rating of the three binding foundations, a measure of saturation (PC-5).

        Raises:
            RatingsError: an instrument without all three.
        """
        if missing := [name for name in BINDING if name not in self.foundations]:
            raise RatingsError(
                f"{self.name} has no items of {', '.join(missing)}, so no mean of the binding foundations"
            )
        profile = self.profile(by="foundation")
        return float(np.mean([profile[name].value for name in BINDING]))

    @property
    def foundation_range(self) -> float:
        """Highest less lowest mean rating of a foundation; small for a flat profile (PC-5)."""
        means = [estimate.value for estimate in self.profile(by="foundation").values()]
        return max(means) - min(means)

    def at(self, temperature: float) -> Ratings:
        """The same logits at another temperature.

        Raises:
            RatingsError: the ratings were sampled.
        """
        if self.estimator.kind != "logits":
            raise RatingsError(f"{self.name} was rated by {self.estimator}; only logits know other temperatures")
        return replace(self, estimator=replace(self.estimator, temperature=temperature))

    def only(
        self,
        *,
        foundation: str | None = None,
        personas: tuple[str, ...] | None = None,
        items: tuple[str, ...] | None = None,
    ) -> Ratings:
        """The ratings of one foundation's items, or of the personas and items that are given, in their order."""
        rows = [self.personas.index(name) for name in personas or self.personas]
        columns = [self.items.index(name) for name in items or self.items]
        columns = [at for at in columns if foundation in (None, self.foundations[at])]
        return replace(
            self,
            personas=tuple(self.personas[row] for row in rows),
            items=tuple(self.items[column] for column in columns),
            foundations=tuple(self.foundations[column] for column in columns),
            texts=tuple(self.texts[column] for column in columns),
            mass=None if self.mass is None else self.mass[np.ix_(rows, columns)],
            values=self.values[np.ix_(rows, columns)],
            asked=self.asked[np.ix_(rows, columns)],
        )

    @cached_property
    def rated(self) -> IntArray:
        """Replies with a rating, (personas, items)."""
        if self.estimator.kind == "logits":
            return np.isfinite(self.means).astype(np.int64)
        found: IntArray = np.isfinite(self.values).sum(axis=2)
        return found

    def _by(self, by: By | None, of: Callable[[Ratings], Estimate]) -> Estimate | dict[str, Estimate]:
        if by is None:
            return of(self)
        if by != "foundation":
            raise RatingsError(f"no decomposition by {by!r}. Known: foundation")
        return {name: of(self.only(foundation=name)) for name in dict.fromkeys(self.foundations)}
