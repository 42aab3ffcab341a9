"""The site's own policy, where there is one: whether it can be read, and lets this node take part in the task."""

from collections.abc import Iterator
from pathlib import Path

from fl_alliance.chain.errors import ChainError
from fl_alliance.chain.messages import Domain
from fl_alliance.chain.sites import SitesView
from fl_alliance.code_digest import code_digest
from fl_alliance.deployment.anchoring import require_anchored
from fl_alliance.deployment.doctor.finding import Finding, ok, unknown, wrong
from fl_alliance.deployment.doctor.site import Site
from fl_alliance.deployment.terms import Terms
from fl_alliance.dp.promised import promised
from fl_alliance.folders import FolderError
from fl_alliance.site.errors import LogDamaged, PolicyInvalid
from fl_alliance.site.log import DecisionLog
from fl_alliance.site.policy import Policy
from fl_alliance.site.reasons import Reason
from fl_alliance.site.rules import refusal_to_join
from fl_alliance.site.station import facts_of, patients_in
from fl_alliance.strategies.wire import Place


def check_policy(site: Site) -> Iterator[Finding]:
    """Read the policy, ask it about the task as `join` does, and say what privacy is promised and asked for."""
    path = _path(site)
    try:
        policy = Policy.load(path) if path is not None else None
    except PolicyInvalid as error:
        yield wrong("policy", str(error), "put the file right; fl-alliance policy check FILE says what it allows")
        return
    yield _about_privacy(site, policy)
    if policy is None:
        yield ok("policy", "none (--policy FILE; fl-alliance policy init writes one)")
        return
    if site.task is None or site.deployment is None:
        yield unknown("policy", f"{path} is well formed; no task to ask it about")
        return
    reason = _refusal(site, policy)
    if reason is not None:
        yield wrong("policy", f"{path} refuses: {reason}", "do not join, or let whoever answers for it change it")
    else:
        yield ok("policy", f"{path} lets this node take part")
    yield check_log(site, policy)


def check_log(site: Site, policy: Policy) -> Finding:
    """See whether the log of decisions is whole, and holds what was anchored of it on chain."""
    log = DecisionLog(policy.log)
    try:
        entries = len(log.read().heads)
        if site.rpc is None or site.key is None or site.deployment is None or not site.deployment.has_sites:
            return ok("decisions", f"{entries} in {log.path}, whole; no consortium's contract has its head")
        require_anchored(log, SitesView(site.rpc, site.deployment.sites), site.key.address)
    except LogDamaged as error:
        return wrong("decisions", str(error), "put the log back as it was; join refuses to go on without")
    except (ChainError, OSError) as error:
        return unknown("decisions", str(error))
    return ok("decisions", f"{entries} in {log.path}, whole, and as anchored")


def _refusal(site: Site, policy: Policy) -> Reason | None:
    assert site.task is not None  # noqa: S101  asked before
    assert site.deployment is not None  # noqa: S101  asked before
    place = Place(Domain(site.deployment.chain_id, site.deployment.alliance), site.wish.task, 0)
    facts = facts_of(site.settings) if site.settings is not None else None
    reason = refusal_to_join(policy, place, code_digest().hex(), site.task.params.config_digest.hex(), facts)
    if reason is not None or site.own is None:
        return reason
    if len(site.own.train) < policy.least_examples:
        return Reason.EXAMPLES
    return Reason.PATIENTS if patients_in(site.own.train) < policy.least_patients else None


def _about_privacy(site: Site, policy: Policy | None) -> Finding:
    asked = f"the policy asks: {'; '.join(policy.privacy.told())}" if policy is not None else "no policy asks for any"
    if site.settings is None:
        return unknown("privacy", f"no settings to read the task's promise from; {asked}")
    return ok("privacy", f"the task promises: {'; '.join(promised(site.settings))}. {asked[0].upper()}{asked[1:]}")


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
