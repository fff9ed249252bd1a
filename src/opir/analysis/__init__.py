"""What is wrong with a picture, how strong it is, and whether the model has seen the like.

Three things are kept apart: what the model believes (:class:`opir.runtime.result.Findings`), what can be measured on
the pixels with a published estimator (one small file per degradation), and what the model would change.
Start at :func:`opir.analysis.analyze.analyze`. Nothing here needs torch.
"""
