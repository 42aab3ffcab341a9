"""What a site's own rules refuse, and what keeps them from being applied.

SiteError
├── PolicyInvalid   the policy file says something that cannot be
└── LogDamaged      the log of decisions is not what this site wrote
"""


class SiteError(RuntimeError):
    """Base of what a site's administrator can put right."""


class PolicyInvalid(SiteError):
    """A policy file says something that cannot be; names file, line, what was given and what is needed."""


class LogDamaged(SiteError):
    """The log of decisions was changed, or lost a part; a site that does not know what it did does nothing."""
