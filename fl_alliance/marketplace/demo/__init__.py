"""`fl-alliance market demo`: a model's whole life on one machine; `walk.py` is the main job, read it first."""
