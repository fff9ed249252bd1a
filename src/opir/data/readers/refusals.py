"""Published sets that are recognised but not read as they come, with what to do instead."""

from __future__ import annotations

from dataclasses import dataclass

from opir.data.readers.listing import Listing
from opir.data.readers.scanning import find_places, is_named, names_around


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A layout that needs a step before it can be read."""

    title: str
    """What it is."""
    advice: str
    """What to do."""
    files: tuple[str, ...] = ()
    """File names in lower case, any of which tells the layout."""
    aliases: tuple[str, ...] = ()
    """Words in the folder's name that tell the data set."""
    folders: tuple[str, ...] = ()
    """Folders of which one must hold pictures, where the name tells the data set."""

    def applies(self, listing: Listing) -> bool:
        """Whether the folder is of this kind."""
        if self.files:
            return any(name.casefold() in self.files for name in listing.files())
        if not is_named(names_around(listing), self.aliases):
            return False
        return any(listing.pictures(folder) for folder in find_places(listing, self.folders, (), ()))


_HALVES = (
    "its pictures hold the rainy and the clean view side by side: cut each into its two halves, "
    "saved losslessly under the same name in the folders input and target"
)

REFUSALS = (
    Refusal(
        title="SIDD validation or benchmark blocks",
        advice="MATLAB files are not read: save the 256x256 blocks as PNG in the folders input and target, "
        "for example with scipy.io.loadmat",
        files=(
            "validationnoisyblockssrgb.mat",
            "validationgtblockssrgb.mat",
            "benchmarknoisyblockssrgb.mat",
            "siddplus_valid_noisy_srgb.mat",
        ),
    ),
    Refusal(
        title="Rain800 as published",
        advice=_HALVES,
        aliases=("rain800", "idcgan"),
        folders=("training", "test_syn", "train", "test", ""),
    ),
    Refusal(
        title="Rain1200 (DID-MDN) as published",
        advice=_HALVES,
        aliases=("didmdn", "rain1200", "didmdntest", "didmdntraining"),
        folders=("Rain_Heavy/train2018new", "Rain_Medium/train2018new", "Rain_Light/train2018new", ""),
    ),
)


def find_refusal(listing: Listing) -> Refusal | None:
    """The first refusal that applies, or None."""
    return next((refusal for refusal in REFUSALS if refusal.applies(listing)), None)
