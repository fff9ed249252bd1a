"""Several degradations in one data set: CDD-11 and AllWeather."""

from __future__ import annotations

from opir.data.readers.layout import Layout, Rule
from opir.data.readers.reader import PairedReader
from opir.tasks import Task

_CDD_FOLDERS: tuple[tuple[str, tuple[Task, ...]], ...] = (
    ("low", ("low_light",)),
    ("haze", ("haze",)),
    ("rain", ("rain",)),
    ("snow", ("snow",)),
    ("low_haze", ("low_light", "haze")),
    ("low_rain", ("low_light", "rain")),
    ("low_snow", ("low_light", "snow")),
    ("haze_rain", ("haze", "rain")),
    ("haze_snow", ("haze", "snow")),
    ("low_haze_rain", ("low_light", "haze", "rain")),
    ("low_haze_snow", ("low_light", "haze", "snow")),
)
_CDD_RULES = tuple(
    Rule(degraded=folder + "/{name}", clean="clear/{name}", tasks=tasks) for folder, tasks in _CDD_FOLDERS
)
_CDD11 = PairedReader(
    name="cdd11",
    title="CDD-11",
    source="Y. Guo et al., OneRestore: A Universal Restoration Framework, ECCV 2024",
    aliases=("cdd11",),
    layouts=(
        Layout(
            split="train",
            rules=_CDD_RULES,
            folders=("CDD-11_train", "train/CDD-11_train"),
            named_folders=("train",),
            expected=13013,
        ),
        Layout(
            split="test",
            rules=_CDD_RULES,
            folders=("CDD-11_test", "test/CDD-11_test"),
            named_folders=("test",),
            expected=2200,
        ),
        Layout(split="all", rules=_CDD_RULES, named_folders=("",)),
    ),
)

# Outdoor-Rain, RainDrop and Snow100K in one folder; the file names tell which.
_WEATHER_RULES = (
    Rule(
        degraded="input/im_{scene:d}_s{spread:d}_a{light:d}",
        clean="gt/im_{scene:d}_s{spread:d}_a{light:d}",
        tasks=("rain", "haze"),
    ),
    Rule(degraded="input/im_{scene:d}_s{spread:d}_a{light:d}", clean="gt/im_{scene:d}", tasks=("rain", "haze")),
    Rule(degraded="input/{n:d}_rain", clean="gt/{n:d}_rain", tasks=("rain",)),
    Rule(degraded="input/{n:d}_rain", clean="gt/{n:d}_clean", tasks=("rain",)),
    Rule(degraded="input/{name}", clean="gt/{name}", tasks=("snow",)),
)
_ALL_WEATHER = PairedReader(
    name="all_weather",
    title="AllWeather",
    source="J. M. J. Valanarasu, R. Yasarla, V. M. Patel, TransWeather, CVPR 2022",
    aliases=("allweather",),
    layouts=(
        Layout(
            split="train",
            rules=_WEATHER_RULES,
            folders=("allweather",),
            named_folders=("train", ""),
            expected=18069,
        ),
        Layout(split="test", rules=_WEATHER_RULES, named_folders=("test",)),
    ),
)

READERS = (_CDD11, _ALL_WEATHER)
