"""Evaluation: published protocols to the letter, models and folders of results side by side, calibration.

Start at :func:`opir.evaluation.plan.plan_cases`, which says what will be scored, and
:func:`opir.evaluation.benchmark.evaluate`, which scores it. Needs no torch.
"""
