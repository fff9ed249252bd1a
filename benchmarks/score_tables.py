"""Write measured scores into the README and into the models' cards, between the marks that are there for them.

    python benchmarks/score_tables.py --base SCORES.json --tiny SCORES.json --classical CLASSICAL.json

The files come from ``development_scores.py --told --json`` and ``classical_baselines.py --json``; the cards are
those of the models that they name.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
BEGIN: Final = "<!-- scores -->\n"
END: Final = "<!-- end of scores -->"
READABLE: Final = {
    "PolyU_dev12": "real camera noise, PolyU",
    "rain": "rain (synthetic)",
    "SOTS_indoor_dev5": "haze, SOTS-indoor",
    "SICE": "low light, SICE",
}
"""Names of sets in the README."""

Scores = dict[str, Any]


def main() -> None:
    """Read, and replace three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--tiny", type=Path, required=True)
    parser.add_argument("--classical", type=Path, action="append", required=True, help="repeatable: later files win")
    options = parser.parse_args()
    base, tiny, *older_first = (
        json.loads(path.read_text(encoding="utf-8"))["rows"]
        for path in (options.base, options.tiny, *options.classical)
    )
    classical: list[Scores] = []
    for rows in older_first:
        again = {row["name"] for row in rows}
        classical = [row for row in classical if row["name"] not in again] + rows
    replace_table(ROOT / "README.md", readme_table(base, tiny, classical))
    for name, rows in (("base", base), ("tiny", tiny)):
        replace_table(ROOT / "src" / "opir" / "weights" / name / "card.md", card_table(rows))


def readme_table(base: list[Scores], tiny: list[Scores], classical: list[Scores]) -> str:
    """One row for each set: input, best classical method, both models blind, ``base`` told."""
    lines = [
        "| pictures | n | input | best classical method | `tiny`, blind | `base`, blind | `base`, task given |",
        "|---|---|---|---|---|---|---|",
    ]
    others = {row["name"]: row for row in tiny}
    for row in base:
        small = others[row["name"]]
        if row["psnr_input"] >= 100:
            spread = [
                f"{each['psnr_restored']:.1f} (median {each['psnr_restored_median']:.1f}, "
                f"lowest {each['psnr_restored_lowest']:.1f})"
                for each in (small, row)
            ]
            cells = ["identical", "-", *spread, "-"]
        else:
            told = "-" if row["psnr_told"] is None else f"{row['psnr_told']:.2f}"
            blind = [f"{each['psnr_restored']:.2f}" for each in (small, row)]
            cells = [f"{row['psnr_input']:.2f}", _best(row["name"], classical), *blind, told]
        lines.append(" | ".join((f"| {title(row, READABLE)}", str(row["n_pictures"]), *cells)) + " |")
    return "\n".join(lines) + "\n"


def card_table(rows: list[Scores]) -> str:
    """One row for each set, with the errors that the model expects."""
    lines = [
        "| set | pictures | input | blind | task given | improved | below 35 dB | mean error | expected error |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        errors = [f"{row['mean_absolute_error']:.1f}", f"{row['predicted_absolute_error']:.1f}"]
        if row["psnr_input"] >= 100:
            blind = f"{row['psnr_restored']:.2f} (lowest {row['psnr_restored_lowest']:.1f})"
            cells = ["identical", blind, "-", "-", str(row["n_below_35_db"]), *errors]
        else:
            told = "-" if row["psnr_told"] is None else f"{row['psnr_told']:.2f}"
            numbers = [f"{row['psnr_input']:.2f}", f"{row['psnr_restored']:.2f}", told]
            cells = [*numbers, f"{row['share_improved']:.0%}", "-", *errors]
        lines.append(" | ".join((f"| {title(row, {})}", str(row["n_pictures"]), *cells)) + " |")
    return "\n".join(lines) + "\n"


def title(row: Scores, names: dict[str, str]) -> str:
    """Name of a set, with a star where its degradation is the package's own."""
    return names.get(row["name"], row["name"]) + (" *" if row["origin"] == "procedural" else "")


def replace_table(path: Path, table: str) -> None:
    """Put a table between the marks of a file.

    Raises:
        ValueError: if the file does not have both marks once.
    """
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{path}: expected {BEGIN.strip()} and {END} once each")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(before + BEGIN + table + END + after, encoding="utf-8")


def _best(name: str, classical: list[Scores]) -> str:
    scores: dict[str, float] = {row["baseline"]: row["psnr"] for row in classical if row["name"] == name}
    if not scores:
        return "-"
    method = max(scores, key=lambda each: scores[each])
    return f"{scores[method]:.2f} ({method})"


if __name__ == "__main__":
    main()
