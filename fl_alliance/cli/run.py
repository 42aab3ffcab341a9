"""`fl-alliance run`: the main job, from a line of settings to a run folder."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fl_alliance.cli.arguments import command_parser
from fl_alliance.cli.expected import expected_errors
from fl_alliance.folders import default_root, discard, held, new_folder, open_stopped

if TYPE_CHECKING:
    from fl_alliance.records import RunFolder

_EPILOG = """\
settings (name=value, in any order; the value here is the default):
  nodes=10                 hospitals that hold data and a stake
  rounds=20                rounds of the task
  seed=1                   decides data split, initial model, training order and simulated keys
  baselines=true           also compute the figures to compare with
  init=workload            where round 0's model comes from: the workload, or arena:TASK, the winner of that Arena task,
                           which must be completed, of kind tabular or classify and of this workload and its options
  market.folder=market     with init=arena:TASK: the folder of its market, with market.json, chain.db and store/
  market.url, .store       its chain (http://HOST) and its store (path or URL) where they are not in that folder
  market.emission=false    true: that market's emission pays this task too, once the DAO has verified it. The task is
                           on the market's chain and in its FML; the run notes each day's work, closes days and draws
  workload=glucose         what is learned: glucose, digits, breast_cancer, linear
  workload.options.NAME    the workload's own options, such as workload.options.horizon_min=60
  workload.name            set by workload=...
  strategy=fedavg          how updates are combined: fedavg, fedavgm, fedadam, fedyogi, fedprox, fedmedian,
                           fedtrimmedavg, krum, multikrum, bulyan, nnm, dp-server-fixed; its own options are
                           +strategy.NAME=VALUE, a class of your own is strategy._target_=package.module.Class
  train.local_epochs       passes over a proposer's own data in a round (default: the workload's)
  train.batch_size         examples in a training step (default: the workload's)
  train.learning_rate      step size (default: the workload's)
  alliance.proposers=5     members that train in a round
  alliance.voters=5        members that judge in a round; 0: nobody judges (rule=majority)
  alliance.stake=100       what every node brings, in FML
  alliance.min_stake=50    below this a member is drawn no more, in FML
  alliance.pool=1000       what the task pays over all its rounds, in FML
  alliance.slash_bps=1000  what a member that is slashed loses, in 1/100 % of its balance ...
  alliance.slash=0         ... and this much on top, in FML
  alliance.absence_bps=100 what a leader loses who lets its turn pass
  alliance.bounty_bps=1000 share of a slash that goes to whoever triggers it
  alliance.tolerance_bps=500     rule=majority: how far a score may fall and still count as a yes
  alliance.bond=100        what the coordinator puts up and loses for a proven lie about a round, in FML; 0: no bond,
                           and no transcript is posted
  alliance.challenge_s=86400     how long after the end it can be accused
  rule=candidates          how a round is judged. candidates: voters score a menu of models, the old one among them,
                           that everybody forms from the same proposals; the round ends with the best of them.
                           majority, the published rule: they accept or reject the strategy's aggregate
  rule.name                set by rule=...
  rule.reward=contribution what proposers are paid by: contribution, which needs a workload with a gradient, or stake,
                           the only one of rule=majority. What follows is for candidates alone
  rule.menu                the class that makes the menu: rule.menu._target_=my_lab.rules.MyRule, +rule.menu.NAME=VALUE
  rule.override_bps=5000   stake that must prefer the winner to the default candidate, in 1/100 %
  rule.convict_bps=        stake that must find a model with the suspects worse, before marks count as evidence: 8000,
                           with masks 6666
  rule.suspect_at, .offset, .forgive, .slash_above    evidence, in sixteenths of a robust z: 32, 16, 16
                           (with masks 4), 112
  rule.escrow_bps=5000     with contribution: share of the pay that is held back, a quarter of it released a round
  rule.score_epsilon=0     differential privacy of a round's revealed scores for one example; 0: no noise.
                           Above 0 it needs rule.reward=stake
                           It is entered in the site's privacy ledger
  privacy.masks=false      true: secure aggregation. Proposers are put into groups, anew in every round; the coordinator
                           and the voters see means of groups, and no single update
  privacy.mask_group=4, .mask_absent=1    proposers in a group, and how many of them may be missing from its mean.
                           rule.reward=contribution needs two groups at least, such as alliance.proposers=8
  privacy.mask_range=2     largest change of a parameter in a round; the node clips a larger one
  dp=none                  differential privacy of what sites train: record (an example), patient (all of a patient's).
                           Needs pip install 'fl-alliance[dp]'; see fl-alliance privacy --help
  dp.unit                  set by dp=...
  dp.epsilon=8             the most that training in this task spends at a site, for each unit ...
  dp.delta=1e-5            ... at this delta, which must be far below 1 / units
  dp.clip                  L2 norm of a unit's gradient (record 1, patient 0.3)
  dp.noise=0               noise in units of dp.clip; 0: the least with which a site can train in dp.rounds rounds
  dp.rate                  probability with which each unit takes part in a step (record 0.1, patient 1)
  dp.steps                 steps in a round (record 20, patient 5)
  dp.rounds=0              rounds that a site is to train in; 0: all of the task's
  attack.share=0           share of the nodes that are malicious; attack.nodes=[0,3]: these ones
  attack/update, attack/vote, attack/protocol    what they do when they train, judge and answer: none, or an attack
  alliance.registration_s, .leader_s, .propose_s, .commit_s, .reveal_s, .evidence_s    deadlines, in seconds
  alliance.quorum=0.5      when this share of the proposers, or voters, has answered, the others are given ...
  alliance.grace_s=300     ... so many seconds more, and as many again on chain; 0: a deadline is waited for always
  chain.url=               where the contracts live; empty: a chain file in the run folder.
                           anvil://, http(s)://HOST or ipc://PATH for a chain of your own (`fl-alliance chain` is one)
  chain.chain_id=31337     refused when the chain at chain.url says otherwise
  chain.token=fml          what stakes and pay are: fml, or points, which do not move between holders
  chain.sites=             address of the consortium whose members run this (fl-alliance sites); empty: there is none
  chain.relayer_key_env=   environment variable with the relayer's key (or keystore path); empty: the development key
  chain.patience_s=600     how long a chain elsewhere that stopped to answer, or a transaction, is waited for
  runtime.name=local       local: all nodes in this process; ray: Flower's simulation
  runtime.timeout_s=3600   longest wait for replies, where no window of the chain says
  runtime.policy=FILE      a site policy that every simulated site keeps (fl-alliance policy init)
  records.proposals=all    keep every proposal, for the audit to form every menu again; none: only the digests

examples:
  fl-alliance run                                             real glucose data, 10 hospitals, 20 rounds
  fl-alliance run rounds=5 workload=digits strategy=fedadam alliance.voters=3
  fl-alliance run rule=majority workload=digits nodes=12                   the published rule
  fl-alliance run nodes=100 rounds=10 workload=digits alliance.proposers=20 alliance.voters=20
  fl-alliance run init=arena:3 market.folder=market workload=digits        go on from what task 3 of an Arena found
  fl-alliance run market.url=http://127.0.0.1:8545 market.emission=true    paid by the emission of the market in market/
  fl-alliance run --multirun seed=1,2,3 strategy=fedavg,fedmedian          every combination, then a table
  fl-alliance run --resume runs/20260102-030405-glucose       go on from the last settled round
  fl-alliance run --settings rounds=5                         print the whole configuration, run nothing

Ctrl-C stops cleanly: the chain file keeps every settled round, and --resume goes on from there.
"""


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    command = command_parser(
        "run",
        "Train a model together: every round a chain draws who proposes and who votes, and pays them.",
        _EPILOG,
        "[NAME=VALUE ...] [options]",
    )
    command.add_argument("overrides", nargs="*", metavar="NAME=VALUE", help="settings that differ from the default")
    command.add_argument("-m", "--multirun", action="store_true", help="run every combination of NAME=VALUE,VALUE")
    command.add_argument("--resume", metavar="RUN", help="go on with a stopped run, from its folder")
    command.add_argument("--run-dir", metavar="DIR", help="folder of the run (default: runs/<time>-<workload>)")
    command.add_argument("--settings", action="store_true", help="print the configuration and stop")
    command.add_argument("-q", "--quiet", action="store_true", help="print only the summary at the end")
    return command


def execute(arguments: argparse.Namespace) -> int:
    """Run the job, a sweep of jobs, or just print the configuration."""
    from fl_alliance.config import ConfigError, load_config, to_yaml

    if arguments.resume is not None:
        if arguments.overrides or arguments.multirun or arguments.run_dir:
            raise ConfigError("--resume: takes no settings, --run-dir or --multirun; a task's settings never change")
        return _resume(open_stopped(arguments.resume), arguments.quiet)
    if arguments.multirun:
        from fl_alliance.cli.multirun import sweep

        root = Path(arguments.run_dir or f"multirun/{datetime.now(UTC):%Y%m%d-%H%M%S}")
        return sweep(arguments.overrides, root, arguments.quiet)
    config = load_config(arguments.overrides)
    if arguments.settings:
        print(to_yaml(config), end="")
        return 0
    root = Path(arguments.run_dir) if arguments.run_dir else default_root(config.workload.name)
    return run_job(arguments.overrides, new_folder(root), arguments.quiet)


def run_job(overrides: list[str], folder: "RunFolder", quiet: bool, resume: bool = False) -> int:
    """Run one job with its live view and print where its results are."""
    with held(folder, is_new=not resume):
        return _run_held(overrides, folder, quiet, resume)


def _run_held(overrides: list[str], folder: "RunFolder", quiet: bool, resume: bool) -> int:
    try:
        return _run_job(overrides, folder, quiet, resume)
    except KeyboardInterrupt:
        print(_stopped(folder), file=sys.stderr)
        return 130
    except expected_errors():
        if not resume and folder.deployment.is_file():
            print(_stopped(folder), file=sys.stderr)
        elif not resume:
            discard(folder)  # what could not begin leaves nothing behind
        raise


def _run_job(overrides: list[str], folder: "RunFolder", quiet: bool, resume: bool) -> int:
    from fl_alliance.config import load_config
    from fl_alliance.flower_log import flower_log_in
    from fl_alliance.job import run
    from fl_alliance.summary import print_summary
    from fl_alliance.view import RunView

    config = load_config(overrides)
    with flower_log_in(folder.root / "flower.log"), RunView(config, str(folder.root), quiet=quiet) as view:
        run(config, folder, listener=view, overrides=overrides, resume=resume)
    print_summary(folder)
    return 0


def _resume(folder: "RunFolder", quiet: bool) -> int:
    from fl_alliance.config import split_overrides
    from fl_alliance.results import finished_after, finished_words

    if (last := finished_after(folder)) is not None:
        print(finished_words(folder, last))
        return 0
    return run_job(split_overrides(folder.overrides.read_text()), folder, quiet, resume=True)


def _stopped(folder: "RunFolder") -> str:
    if not folder.config.is_file():
        return "fl-alliance run: stopped before the task began; nothing to resume"
    settled = max((record.round for record in folder.rounds()), default=0)
    when = f"after round {settled}" if settled else "before the first round was settled"
    return f"fl-alliance run: stopped {when}; go on with: fl-alliance run --resume {folder.root}"
