"""Hydra configuration groups of the main job; `config.yaml` is the root."""
