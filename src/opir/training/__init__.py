"""Training: recipes, the loop, checkpoints, several processes, and the record of a run. Needs the ``train`` extra."""
