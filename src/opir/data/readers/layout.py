"""How a split lies on disk, as data: name templates of degraded and clean pictures, and where to look."""

from __future__ import annotations

from dataclasses import dataclass

from opir.data.pairs import CleanImage, Pair
from opir.data.problems import Problem
from opir.data.readers.template import n_literal_folders, placeholder_names
from opir.errors import ConfigurationError
from opir.tasks import Task


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Which degraded pictures belong to which clean ones; see :mod:`opir.data.readers.template`."""

    degraded: str
    """Template of the degraded pictures."""
    clean: str
    """Template of the clean pictures; every placeholder of it also stands in ``degraded``."""
    tasks: tuple[Task, ...]
    """What is wrong with the degraded pictures; empty if unknown."""
    clean_border: int = 0
    """See :attr:`opir.data.pairs.Pair.clean_border`."""

    def __post_init__(self) -> None:
        unknown = set(placeholder_names(self.clean)) - set(placeholder_names(self.degraded))
        if unknown:
            raise ConfigurationError(
                f"placeholders of the clean template must stand in the degraded one; got {sorted(unknown)} "
                f"in {self.clean!r} but not in {self.degraded!r}"
            )


@dataclass(frozen=True, kw_only=True)
class Layout:
    """One split of a data set."""

    split: str
    """Name of the split."""
    rules: tuple[Rule, ...]
    """Tried in order; the first rule under which a picture finds its partner decides."""
    folders: tuple[str, ...] = ()
    """Where the templates start, relative to the data set; such a folder may also be the root itself."""
    named_folders: tuple[str, ...] = ()
    """The same for places too common to tell the data set (``test``, the root): its name must also occur."""
    shared_clean: bool = False
    """Clean pictures without a degraded one are normal: other splits use them."""
    expected: int | None = None
    """How many pairs the published split holds."""

    @property
    def n_common_folders(self) -> int:
        """How many leading folders all degraded templates share; they do not enter the pairs' names."""
        starts = {tuple(rule.degraded.split("/")[: n_literal_folders(rule.degraded)]) for rule in self.rules}
        return len(starts.pop()) if len(starts) == 1 else 0

    @property
    def patterns(self) -> tuple[str, ...]:
        """One readable line per rule."""
        places = [folder for folder in (*self.folders, *self.named_folders) if folder]
        start = f"{places[0]}/" if places else ""
        return tuple(f"{start}{rule.degraded} with {start}{rule.clean}" for rule in self.rules)


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What a reader found of one split."""

    split: str
    """Name of the split."""
    pairs: tuple[Pair, ...] = ()
    """In natural order of their names."""
    clean_images: tuple[CleanImage, ...] = ()
    """In natural order of their names."""
    problems: tuple[Problem, ...] = ()
    """Files that do not fit."""
    expected: int | None = None
    """How many pairs or pictures the published split holds."""
