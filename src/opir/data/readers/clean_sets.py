"""The usual sets of clean pictures: BSD, WED, DIV2K and Flickr2K for training, the others for tests."""

from __future__ import annotations

from opir.data.readers.clean_reader import CleanReader, CleanSplit

_BSD = "P. Arbelaez et al., Contour Detection and Hierarchical Image Segmentation (BSDS500), TPAMI 2011"
_SET14 = "R. Zeyde, M. Elad, M. Protter, On Single Image Scale-Up Using Sparse-Representations, 2010"


def _flat(name: str, title: str, source: str, aliases: tuple[str, ...], expected: int) -> CleanReader:
    return CleanReader(
        name=name,
        title=title,
        source=source,
        aliases=aliases,
        clean_splits=(CleanSplit(split="all", expected=expected),),
    )


_BSDS500 = CleanReader(
    name="bsds500",
    title="BSDS500",
    source=_BSD,
    aliases=("bsds500", "bsd500"),
    clean_splits=(
        *(
            CleanSplit(
                split=split,
                folders=(f"images/{split}", f"BSDS500/data/images/{split}", f"data/images/{split}"),
                named_folders=(split,),
                expected=expected,
            )
            for split, expected in (("train", 200), ("val", 100), ("test", 200))
        ),
        CleanSplit(split="all", expected=500),
    ),
)

_DIV2K = CleanReader(
    name="div2k",
    title="DIV2K",
    source="E. Agustsson, R. Timofte, NTIRE 2017 Challenge on Single Image Super-Resolution, CVPRW 2017",
    aliases=("div2k",),
    clean_splits=(
        CleanSplit(split="train", folders=("DIV2K_train_HR",), named_folders=("train",), expected=800),
        CleanSplit(split="valid", folders=("DIV2K_valid_HR",), named_folders=("valid", "val"), expected=100),
    ),
)

_FLICKR2K = CleanReader(
    name="flickr2k",
    title="Flickr2K",
    source="B. Lim et al., Enhanced Deep Residual Networks for Super-Resolution, CVPRW 2017",
    aliases=("flickr2k",),
    clean_splits=(CleanSplit(split="all", folders=("Flickr2K_HR", "Flickr2K/Flickr2K_HR"), expected=2650),),
)

_WED = CleanReader(
    name="wed",
    title="WED (Waterloo Exploration Database)",
    source="K. Ma et al., Waterloo Exploration Database: New Challenges for Quality Assessment, TIP 2017",
    aliases=("wed", "waterlooed", "waterlooexploration", "wed4744"),
    clean_splits=(
        CleanSplit(
            split="all",
            folders=("pristine_images", "exploration_database_and_code/pristine_images"),
            expected=4744,
        ),
    ),
)

_KODAK24 = CleanReader(
    name="kodak24",
    title="Kodak24",
    source="R. Franzen, Kodak Lossless True Color Image Suite, 1999",
    aliases=("kodak24", "kodak"),
    clean_splits=(
        CleanSplit(split="all", folders=("",), template="kodim{n:d}", expected=24),
        CleanSplit(split="all", expected=24),
    ),
)

_URBAN100 = CleanReader(
    name="urban100",
    title="Urban100",
    source="J.-B. Huang, A. Singh, N. Ahuja, Single Image Super-Resolution from Self-Exemplars, CVPR 2015",
    aliases=("urban100",),
    clean_splits=(
        CleanSplit(split="all", named_folders=("image_SRF_2", ""), template="img_{n:d}_SRF_2_HR", expected=100),
        CleanSplit(split="all", named_folders=("HR", ""), expected=100),
    ),
)

READERS = (
    _flat("bsd400", "BSD400", _BSD, ("bsd400", "cbsd400"), 400),
    _flat("bsd432", "BSD432", _BSD, ("bsd432", "cbsd432"), 432),
    _flat("cbsd68", "CBSD68", _BSD, ("cbsd68", "bsd68", "cbsd68png"), 68),
    _BSDS500,
    _WED,
    _DIV2K,
    _FLICKR2K,
    _KODAK24,
    _flat(
        "mcmaster",
        "McMaster",
        "L. Zhang et al., Color Demosaicking by Local Directional Interpolation, JEI 2011",
        ("mcmaster", "mcm", "mcmasterdataset"),
        18,
    ),
    _URBAN100,
    _flat("set5", "Set5", "M. Bevilacqua et al., Low-Complexity Single-Image SR, BMVC 2012", ("set5",), 5),
    _flat("set12", "Set12", "K. Zhang et al., Beyond a Gaussian Denoiser (DnCNN), TIP 2017", ("set12",), 12),
    _flat("set14", "Set14", _SET14, ("set14",), 14),
    _flat(
        "live1",
        "LIVE1",
        "H. R. Sheikh, M. F. Sabir, A. C. Bovik, A Statistical Evaluation of Quality Assessment, TIP 2006",
        ("live1",),
        29,
    ),
    _flat(
        "classic5",
        "Classic5",
        "A. Foi, V. Katkovnik, K. Egiazarian, Pointwise Shape-Adaptive DCT, TIP 2007",
        ("classic5",),
        5,
    ),
)
