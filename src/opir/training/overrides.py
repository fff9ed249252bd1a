"""Changes of a recipe's settings by their dotted names, typed by the annotations of the dataclasses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from types import UnionType
from typing import Final, Literal, Union, get_args, get_origin, get_type_hints

from opir.errors import ConfigurationError
from opir.training.recipe import Recipe

FOR_ALL_PHASES: Final = ("crop_size", "surroundings_size", "batch_size", "told_share")
"""Settings of a phase that may be given without ``phases.K``: they then hold in all phases."""

TRUTHS: Final[Mapping[str, bool]] = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
"""How a yes or no may be written."""

Leaves = dict[tuple[str, ...], str]
"""What is to be changed: the parts of the name, and the text of the value."""


def override(base: Recipe, changes: Sequence[str]) -> Recipe:
    """Return the recipe with settings changed, each given as ``name=value``.

    Names are dotted: ``n_steps=500``, ``model.widths=48,96,192``, ``loss.fourier=0.05``, ``phases.0.crop_size=64``,
    ``ingredients.haze.weight=0``. ``crop_size``, ``surroundings_size``, ``batch_size`` and ``told_share`` alone hold in
    all phases. All changes are made at once, so that settings which must fit each other can be changed together; of two
    changes of one setting the later holds.

    Raises:
        ConfigurationError: if a change is malformed, names no setting, or has an impossible value.
    """
    leaves: Leaves = {}
    for change in changes:
        name, separator, text = change.partition("=")
        if not separator or not name.strip():
            raise ConfigurationError(f"a change must be name=value, for example n_steps=500; got {change!r}")
        for path in _spelt_out(base, tuple(part.strip() for part in name.split("."))):
            leaves.pop(path, None)
            leaves[path] = text.strip()
    changed = _rebuilt(base, leaves, ())
    if not isinstance(changed, Recipe):
        raise TypeError(f"expected a recipe, got {type(changed).__name__}")
    return changed


def setting_names(group: object, prefix: str = "") -> tuple[str, ...]:
    """Dotted names of all settings in a dataclass, a dictionary or a tuple of dataclasses."""
    names: list[str] = []
    for name, member in _members(group).items():
        names += setting_names(member, f"{prefix}{name}.") if _members(member) else [prefix + name]
    return tuple(names)


def _spelt_out(base: Recipe, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The names that a short name stands for."""
    if len(path) == 1 and path[0] in FOR_ALL_PHASES:
        return [("phases", str(k), path[0]) for k in range(len(base.phases))]
    return [path]


def _rebuilt(group: object, leaves: Leaves, above: tuple[str, ...]) -> object:
    """The same group with the leaves changed; ``above`` is where the group lies in the recipe."""
    members = _members(group)
    inner: dict[str, Leaves] = {}
    for (name, *rest), text in leaves.items():
        if name not in members:
            raise ConfigurationError(_no_such_setting(group, name, tuple(rest), above))
        inner.setdefault(name, {})[tuple(rest)] = text
    changed = {name: _changed(group, name, members[name], below, (*above, name)) for name, below in inner.items()}
    if is_dataclass(group) and not isinstance(group, type):
        return replace(group, **changed)
    if isinstance(group, dict):
        return group | changed
    return tuple((members | changed).values())


def _changed(group: object, name: str, member: object, leaves: Leaves, path: tuple[str, ...]) -> object:
    """The new value of one member of a group."""
    if _members(member):
        if () in leaves:
            parts = ", ".join(f"{'.'.join(path)}.{part}" for part in _members(member))
            raise ConfigurationError(f"{'.'.join(path)} is a group, one of its parts must be named: {parts}")
        return _rebuilt(member, leaves, path)
    below = [rest for rest in leaves if rest]
    if below:
        raise ConfigurationError(f"{'.'.join(path)} has no parts; got {'.'.join((*path, *below[0]))}")
    return _parsed(leaves[()], get_type_hints(type(group))[name], ".".join(path))


def _members(group: object) -> dict[str, object]:
    """What lies in a group by name, or by position in a tuple of dataclasses; nothing in a plain value."""
    if is_dataclass(group) and not isinstance(group, type):
        return {field.name: getattr(group, field.name) for field in fields(group)}
    if isinstance(group, dict):
        return dict(group)
    if isinstance(group, tuple) and group and is_dataclass(group[0]):
        return {str(k): member for k, member in enumerate(group)}
    return {}


def _parsed(text: str, kind: object, where: str) -> object:
    """The value that a text spells for an annotation."""
    origin, choices = get_origin(kind), get_args(kind)
    if origin is Literal:
        if text in choices:
            return text
        near = get_close_matches(text, choices, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ConfigurationError(f"{where} must be one of {', '.join(choices)}; got {text!r}{hint}")
    if origin in (Union, UnionType):
        if text.casefold() == "none":
            return None
        return _parsed(text, next(choice for choice in choices if choice is not type(None)), where)
    if origin is tuple:
        return _parsed_list(text, choices, where)
    if kind is bool:
        if text.casefold() not in TRUTHS:
            raise ConfigurationError(f"{where} must be true or false; got {text!r}")
        return TRUTHS[text.casefold()]
    return _parsed_number(text, kind, where) if kind in (int, float) else text


def _parsed_list(text: str, kinds: tuple[object, ...], where: str) -> tuple[object, ...]:
    """Values that commas separate; an empty text is an empty list."""
    pieces = [piece.strip() for piece in text.split(",")] if text else []
    if kinds[-1] is Ellipsis:
        return tuple(_parsed(piece, kinds[0], where) for piece in pieces)
    if len(pieces) != len(kinds):
        raise ConfigurationError(f"{where} must be {len(kinds)} values that commas separate; got {text!r}")
    return tuple(_parsed(piece, kind, where) for piece, kind in zip(pieces, kinds, strict=True))


def _parsed_number(text: str, kind: object, where: str) -> int | float:
    noun = "an integer" if kind is int else "a finite number"
    try:
        number = int(text) if kind is int else float(text)
    except ValueError as error:
        raise ConfigurationError(f"{where} must be {noun}; got {text!r}") from error
    if not math.isfinite(number):
        raise ConfigurationError(f"{where} must be {noun}; got {text!r}")
    return number


def _no_such_setting(group: object, name: str, rest: tuple[str, ...], above: tuple[str, ...]) -> str:
    """What was expected at this level, and the nearest of it; else a setting of that name further down."""
    prefix = "".join(f"{part}." for part in above)
    known = [*_members(group), *(FOR_ALL_PHASES if not above else ())]
    near = [prefix + match for match in get_close_matches(name, known, n=1)]
    if not near:
        wanted = rest[-1] if rest else name
        near = [path for path in setting_names(group, prefix) if path.rpartition(".")[2] == wanted][:1]
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"a setting must be one of {', '.join(prefix + entry for entry in known)}; got {prefix + name!r}{hint}"
