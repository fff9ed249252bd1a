"""A figure that others have published, reproduced through protocol, method and score together."""

from __future__ import annotations

import numpy as np
from skimage import data

from opir.baselines.catalogue import BASELINES
from opir.evaluation.benchmark import evaluate, summarise
from opir.evaluation.contestants import BaselineContestant
from opir.evaluation.plan import plan_cases
from opir.evaluation.protocols import PROTOCOLS
from opir.evaluation.synthetic import Synthetic


def test_the_example_of_non_local_means_of_scikit_image(write_set):
    """https://scikit-image.org/docs/stable/auto_examples/filters/plot_nonlocal_means.html, one draw of noise.

    Part of a portrait, sigma 0.08, clipped; "PSNR (noisy) = 22.21", "PSNR (fast, using sigma) = 29.26". Twenty draws
    here scatter by 0.02 and 0.04 dB.
    """
    portrait = np.asarray(data.astronaut())[30:180, 150:300]
    protocol = PROTOCOLS["ours"]
    plan = plan_cases(
        write_set({f"{n}.png": portrait for n in range(4)}),
        protocol,
        synthetic=[Synthetic(kind="noise", level=0.08 * 255)],
    )
    scores = evaluate(plan.cases(), [BaselineContestant(BASELINES["nlm"])], protocol)
    (row,) = summarise(scores, protocol)
    assert abs(row.input[0] - 22.21) < 0.1
    assert abs(row.results[0].values[0] - 29.26) < 0.2
