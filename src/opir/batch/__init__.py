"""Many pictures around one restorer: what goes where, in which order, what is done already, and what was done.

:func:`opir.batch.plan.plan_jobs` decides every output before any work, :func:`opir.batch.run.run_batch` does the
work, reading ahead and writing behind, and :class:`opir.batch.manifest.Manifest` remembers it in the output folder.
"""
