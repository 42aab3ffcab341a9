"""The site's own policy, where there is one: whether it can be read, and lets this node take part in the task."""

from pathlib import Path

from fl_alliance.chain.messages import Domain
from fl_alliance.code_digest import code_digest
from fl_alliance.deployment.doctor.finding import Finding, ok, unknown, wrong
from fl_alliance.deployment.doctor.site import Site
from fl_alliance.deployment.terms import Terms
from fl_alliance.folders import FolderError
from fl_alliance.site.errors import PolicyInvalid
from fl_alliance.site.policy import Policy
from fl_alliance.site.rules import refusal_to_join
from fl_alliance.strategies.wire import Place


def check_policy(site: Site) -> Finding:
    """Read the policy and ask it about the task, as `join` does."""
    path = _path(site)
    if path is None:
        return ok("policy", "none (--policy FILE; fl-alliance policy init writes one)")
    try:
        policy = Policy.load(path)
    except PolicyInvalid as error:
        return wrong("policy", str(error), "put the file right; fl-alliance policy check FILE says what it allows")
    if site.task is None or site.deployment is None:
        return unknown("policy", f"{path} is well formed; no task to ask it about")
    place = Place(Domain(site.deployment.chain_id, site.deployment.alliance), site.wish.task, 0)
    reason = refusal_to_join(policy, place, code_digest().hex(), site.task.params.config_digest.hex())
    if reason is not None:
        return wrong("policy", f"{path} refuses: {reason}", "do not join, or let whoever answers for it change it")
    return ok("policy", f"{path} lets this node take part")


def _path(site: Site) -> Path | None:
    """Return where the policy is: given, or kept in the folder of a hospital that has joined before."""
    if site.wish.policy is not None:
        return site.wish.policy
    if not Terms.is_kept_in(site.wish.home):
        return None
    try:
        kept = Terms.load(site.wish.home).policy
    except FolderError:
        return None
    return Path(kept) if kept else None
