"""File names with placeholders: one notation that finds the files, pairs them and is shown to the user.

``hazy|haze/{scene:d}_{haze}`` means: in a folder called hazy or haze (case is ignored), every picture,
whatever its suffix, whose name is a number, an underscore and something more. A placeholder takes the
shortest text that fits; ``:d`` restricts it to digits, ``:real`` to a number such as 0.8, ``:fine`` to one
with three decimals or more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

from opir.data.readers.listing import Listing, join

_KINDS = {"": r".+?", "d": r"[0-9]+", "real": r"[0-9]+(?:\.[0-9]+)?", "fine": r"[0-9]+\.[0-9]{3,}"}
_PLACEHOLDER = re.compile(r"\{([a-z_]+)(?::([a-z]+))?\}")


@dataclass(frozen=True)
class Found:
    """A picture that fits a template."""

    path: str
    """Relative to the listing's root."""
    fields: tuple[tuple[str, str], ...]
    """(placeholder, text) in the order of the template."""

    def key(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The texts of some placeholders."""
        texts = dict(self.fields)
        return tuple(texts[name] for name in names)


def placeholder_names(template: str) -> tuple[str, ...]:
    """Names of the placeholders, in order."""
    return tuple(match[1] for match in _PLACEHOLDER.finditer(template))


def n_literal_folders(template: str) -> int:
    """How many leading folders of the template hold no placeholder."""
    folders = template.split("/")[:-1]
    count = 0
    while count < len(folders) and "{" not in folders[count]:
        count += 1
    return count


def find_pictures(listing: Listing, template: str, folder: str = "") -> list[Found]:
    """All pictures below ``folder`` that fit ``template``."""
    *segments, last = template.split("/")
    places = [Found(folder, ())]
    for segment in segments:
        pattern = _compiled(segment)
        places = [
            Found(join(place.path, name), place.fields + tuple(match.groupdict().items()))
            for place in places
            for name in listing.folders(place.path)
            if (match := pattern.fullmatch(name))
        ]
    pattern = _compiled(last)
    return [
        Found(join(place.path, name), place.fields + tuple(match.groupdict().items()))
        for place in places
        for name in listing.pictures(place.path)
        if (match := pattern.fullmatch(PurePosixPath(name).stem))
    ]


@lru_cache(maxsize=1024)
def _compiled(segment: str) -> re.Pattern[str]:
    if "{" not in segment:
        return re.compile("|".join(re.escape(name) for name in segment.split("|")), re.IGNORECASE)
    pattern, position = "", 0
    for match in _PLACEHOLDER.finditer(segment):
        pattern += re.escape(segment[position : match.start()])
        pattern += f"(?P<{match[1]}>{_KINDS[match[2] or '']})"
        position = match.end()
    return re.compile(pattern + re.escape(segment[position:]), re.IGNORECASE)
