"""Blurred samples are deconvolved before the network sees them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.deconvolution.pictures import blurred, line_kernel, rectangles

from opir.deconvolution.estimate import estimate_blur
from opir.deconvolution.kernel import Float32
from opir.errors import ConfigurationError, WeightsError
from opir.model.kernel_network import KernelNetwork
from opir.model.kernel_weights import save_kernel_network
from opir.runtime.deconvolved_pixels import DeconvolvedPixels
from opir.runtime.pixels import ArrayPixels
from opir.runtime.tiling import Window
from opir.training.recipes import recipe
from opir.training.undo_blur import UndoBlur, load_undo_blur


def picture() -> Float32:
    return np.repeat(blurred(rectangles(128, 136), line_kernel(7))[None], 3, axis=0)


def test_samples_are_deconvolved_as_pictures_are() -> None:
    torch.manual_seed(0)
    engine = UndoBlur(KernelNetwork())
    image = picture()
    pixels = ArrayPixels(image, 8)
    blur = estimate_blur(engine, [image])
    assert blur is not None
    whole = DeconvolvedPixels(pixels, blur).cut(Window(top=0, left=0, bottom=128, right=136))
    sample = engine(torch.from_numpy(image)[None])
    assert np.allclose(sample.numpy(), whole, atol=1e-5)
    assert not np.allclose(sample.numpy()[0], image, atol=1e-3)


def test_crops_too_small_to_tell_stay_as_they_are() -> None:
    crop = torch.rand(1, 3, 64, 64)
    assert UndoBlur(KernelNetwork())(crop) is crop


def test_the_network_is_loaded_from_a_file_or_a_model(tmp_path: Path) -> None:
    save_kernel_network(KernelNetwork(), tmp_path / "kernel.safetensors")
    load_undo_blur(str(tmp_path / "kernel.safetensors"))
    load_undo_blur(str(tmp_path))
    with pytest.raises(WeightsError):
        load_undo_blur(str(tmp_path / "nothing"))


def test_blurs_are_undone_on_the_processor_only() -> None:
    from dataclasses import replace

    with pytest.raises(ConfigurationError, match="kernels need sampling=stream"):
        replace(recipe("all_tasks"), kernels="base", sampling="resident")
