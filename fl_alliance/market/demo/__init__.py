"""A whole market on one machine: `fl-alliance arena demo`; `show.py` is the main job, read it first."""
