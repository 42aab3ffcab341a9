"""An honest proposer whose update is differentially private: entered in the ledger, then computed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fl_alliance.behaviour import Metrics
from fl_alliance.chain.accounts import SigningKey
from fl_alliance.chain.rules.words import keccak
from fl_alliance.code_digest import code_digest
from fl_alliance.config import ConfigError, JobConfig
from fl_alliance.dp.account import Account
from fl_alliance.dp.accounting import noise_for
from fl_alliance.dp.entries import Trained
from fl_alliance.dp.errors import PrivacyError
from fl_alliance.dp.noise import SecretStream
from fl_alliance.dp.plan import Plan
from fl_alliance.dp.units import Unit, members
from fl_alliance.strategies.digests import model_digest
from fl_alliance.workloads.base import Arrays, Site, TrainConfig, Workload


@dataclass(frozen=True, slots=True)
class PrivateTrainer:
    """Trains by DP-SGD on the site's own training data.

    The noise follows from the node's secret key and from all of the request, so a request that is repeated, after a
    restart too, gets the same update and spends nothing. A simulated node's key is no secret, and so its noise hides
    nothing.
    """

    workload: Workload
    site: Site
    plan: Plan
    key: SigningKey
    account: Account

    def train(self, arrays: Arrays, config: TrainConfig, committee: Sequence[int] = ()) -> tuple[Arrays, Metrics]:
        """Return what `arrays` become, and `num-examples`: how many units there are, and nothing of their losses.

        Raises
        ------
        PrivacyError
            The budget does not suffice, or the data is too little for the promise's delta; nothing was computed.
        """
        from fl_alliance.dp.descent import descend
        from fl_alliance.workloads.torch_workload import TorchWorkload

        assert isinstance(self.workload, TorchWorkload)  # noqa: S101  `check_privacy` refuses others
        units = len(members(self.site.train, self.plan.unit))
        if (delta := self.account.promise.delta) * units >= 1:
            raise PrivacyError(f"dp.delta={delta}: needs less than 1 / units, and there are {units}: far less")
        request = self._request(arrays, config)
        plan = self.plan
        self.account.charge(Trained(config.task, config.round, request.hex(), plan.noise, plan.rate, plan.steps))
        secret = self.key.sign_digest(keccak(b"FL Alliance private training" + request))
        trained = descend(self.workload, arrays, self.site.train, config, plan, SecretStream(secret, b"training"))
        return trained, {"num-examples": units}

    def _request(self, arrays: Arrays, config: TrainConfig) -> bytes:
        """Return a digest of everything but the data that the update depends on."""
        words = repr((config, self.plan, np.__version__)).encode()
        return hashlib.sha256(b"fl-alliance/dp/request/1" + code_digest() + model_digest(arrays) + words).digest()


def make_plan(config: JobConfig) -> Plan:
    """Return a configuration's plan of a round, with the noise that its epsilon needs where none is given."""
    dp = config.dp
    noise = dp.noise or noise_for(dp.epsilon, dp.delta, dp.rate, dp.steps * (dp.rounds or config.rounds))
    return Plan(Unit(dp.unit), dp.clip, noise, dp.rate, dp.steps)


def check_private_training(config: JobConfig, workload: Workload, site: Site) -> None:
    """Refuse private training of what cannot be trained so; raises `ConfigError`."""
    from fl_alliance.workloads.torch_workload import TorchWorkload

    try:
        import opacus  # noqa: F401
    except ImportError:
        raise ConfigError(f"dp.unit={config.dp.unit}: needs pip install 'fl-alliance[dp]'") from None
    if not isinstance(workload, TorchWorkload):
        raise ConfigError(f"dp.unit={config.dp.unit}: workload {workload.name} is not a TorchWorkload; needed one")
    try:
        members(site.train, Unit(config.dp.unit))
        make_plan(config)
    except PrivacyError as error:
        raise ConfigError(str(error)) from error
