"""Dotted changes of a recipe: typed, all at once, and clear about what does not exist."""

from __future__ import annotations

import pytest

from opir.errors import ConfigurationError
from opir.training.overrides import override, setting_names
from opir.training.recipe import Phase, Recipe
from opir.training.recipes import recipe


@pytest.fixture
def base():
    return recipe("all_tasks")


@pytest.mark.parametrize(
    ("change", "read", "value"),
    [
        ("n_steps=500", lambda r: r.n_steps, 500),
        ("learning_rate=1e-4", lambda r: r.learning_rate, 1e-4),
        ("weight_decay=0", lambda r: r.weight_decay, 0.0),
        ("precision=float32", lambda r: r.precision, "float32"),
        ("name=mine", lambda r: r.name, "mine"),
        ("model.bias=false", lambda r: r.model.bias, False),
        ("model.bias=YES", lambda r: r.model.bias, True),
        ("model.dilations=1,2", lambda r: r.model.dilations, (1, 2)),
        ("model.dilations=3", lambda r: r.model.dilations, (3,)),
        ("model.estimator_widths=8, 16, 16", lambda r: r.model.estimator_widths, (8, 16, 16)),
        ("loss.fourier=0.05", lambda r: r.loss.fourier, 0.05),
        ("phases.0.crop_size=64", lambda r: r.phases[0].crop_size, 64),
        ("ingredients.haze.weight=0", lambda r: r.ingredients["haze"].weight, 0.0),
        ("ingredients.mixtures.n_drawn=1,2", lambda r: r.ingredients["mixtures"].n_drawn, (1, 2)),
        ("ingredients.mixtures.n_drawn=none", lambda r: r.ingredients["mixtures"].n_drawn, None),
        ("ingredients.haze.operators=haze,jpeg", lambda r: r.ingredients["haze"].operators, ("haze", "jpeg")),
        ("ingredients.haze.may_hide=", lambda r: r.ingredients["haze"].may_hide, ()),
        ("ingredients.haze.may_hide=noise,jpeg", lambda r: r.ingredients["haze"].may_hide, ("noise", "jpeg")),
    ],
)
def test_values_take_the_type_of_their_setting(base, change, read, value):
    changed = read(override(base, [change]))
    assert changed == value
    assert type(changed) is type(value)


def test_nothing_else_changes(base):
    weight = base.ingredients["haze"].weight
    changed = override(base, ["loss.fourier=0.05", "ingredients.haze.weight=0"])
    back = override(changed, [f"loss.fourier={base.loss.fourier}", f"ingredients.haze.weight={weight}"])
    assert back == base
    assert list(changed.ingredients) == list(base.ingredients)
    assert override(base, []) == base


def test_settings_that_must_fit_each_other_change_together(base):
    changed = override(base, ["model.widths=24,56", "model.encoder_blocks=1,2", "model.decoder_blocks=1",
                              "model.downscale=4", "accumulate=2", "batch_size=8"])  # fmt: skip
    assert changed.model.widths == (24, 56)
    assert (changed.accumulate, changed.phases[0].batch_size) == (2, 8)


def test_a_short_name_holds_in_all_phases_and_the_later_change_wins():
    two = Recipe(name="trial", phases=(Phase(share=0.5), Phase(share=0.5)))
    changed = override(two, ["crop_size=64", "told_share=0.5", "phases.1.crop_size=128"])
    assert [(phase.crop_size, phase.told_share) for phase in changed.phases] == [(64, 0.5), (128, 0.5)]
    changed = override(two, ["phases.1.crop_size=128", "crop_size=64", "n_steps=3", "n_steps=4"])
    assert [phase.crop_size for phase in changed.phases] == [64, 64]
    assert changed.n_steps == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("n_steps", "must be name=value.*got 'n_steps'"),
        ("=5", "must be name=value"),
        ("n_step=7", "did you mean 'n_steps'"),
        ("zzz=7", "one of name, model, .*got 'zzz'$"),
        ("model.width=48", "model.encoder_blocks.*did you mean 'model.widths'"),
        ("widths=48", "did you mean 'model.widths'"),
        ("ingredients.fog.weight=1", "ingredients.clean, ingredients.gaussian_noise.*got 'ingredients.fog'"),
        ("phases.9.crop_size=64", "one of phases.0, phases.1, phases.2, phases.3; got 'phases.9'"),
        ("model=base", "model is a group.*model.widths"),
        ("n_steps.x=1", "n_steps has no parts; got n_steps.x"),
        ("n_steps=many", "n_steps must be an integer; got 'many'"),
        ("n_steps=1.5", "n_steps must be an integer; got '1.5'"),
        ("learning_rate=nan", "learning_rate must be a finite number; got 'nan'"),
        ("model.bias=maybe", "model.bias must be true or false; got 'maybe'"),
        ("precision=bfloat", "one of float32, bfloat16; got 'bfloat'; did you mean bfloat16"),
        ("ingredients.haze.tasks=fog", "ingredients.haze.tasks must be one of noise.*got 'fog'"),
        ("model.dilations=1,b", "model.dilations must be an integer; got 'b'"),
        ("model.estimator_widths=8,8", "model.estimator_widths must be 3 values"),
        ("batch_size=0", "batch_size must be positive; got 0"),
        ("model.kernel_size=4", "kernel_size must be odd"),
    ],
)
def test_bad_changes_are_refused(base, change, message):
    with pytest.raises(ConfigurationError, match=message):
        override(base, [change])


def test_every_setting_that_is_listed_exists(base):
    names = setting_names(base)
    assert {"n_steps", "model.widths", "loss.fourier", "phases.0.crop_size", "ingredients.haze.weight"} <= set(names)
    for name in names:
        with pytest.raises(ConfigurationError, match="has no parts"):
            override(base, [f"{name}.deeper=1"])
