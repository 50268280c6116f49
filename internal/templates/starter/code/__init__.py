"""The team's code: each module is one step of a pipeline, run as ``python -m <package>.<module>``."""
