"""Gate, register and promote models: the programs of this repository.

Run them from the repository's root, each as ``python -m mlops.<module>``. Everything that differs
between projects stands in ``pipelines/<pipeline>/pipeline.json`` and ``models/<model>/model.json``.

Exit codes: 0 done, 1 something else went wrong, 2 wrong usage, 3 rejected by a gate, 4 refused by policy.
"""
