"""Restoring pictures with a trained model: model folders, inference engines, tiles, the algorithm.

Works on numpy arrays and files; only :mod:`opir.runtime.torch_engine` needs torch, and it is imported
when that engine is asked for. Start at :class:`opir.runtime.restore.Restorer`.
"""
