"""What can go wrong with a workload.

WorkloadError               unknown workload or option, data missing, malformed or too little
└── ModelMismatch           arrays that are not this workload's model: what a hostile or outdated sender gets
"""


class WorkloadError(Exception):
    """A workload cannot do what was asked; the message names the value given and the value needed."""


class ModelMismatch(WorkloadError):
    """Arrays whose names or shapes are not the model's."""
