"""`fl-alliance sites`: a consortium of hospitals, who belongs to it and what may run there, one file a command."""

from fl_alliance.cli.arguments import CommandParser, group_parser

COMMANDS = {
    "deploy": "put a consortium's contract on a chain",
    "status": "who belongs to the consortium, and what it says of a site or a bundle",
    "digest": "the digest of a Flower app: its folder, a FAB, or this installation",
    "approve": "approve that a bundle runs under its settings, or take that back",
    "approved": "write down the bundles that may run here, to be asked without a network",
    "propose": "propose or support a change: a member, the threshold, a key to revoke, points to mint",
    "bind": "bind a SuperNode's key to a hospital's account, or rotate it",
    "revoke": "end the binding of a hospital's own key",
    "relay": "send what somebody else has signed",
}

_EPILOG = """\
A consortium is a contract: M members, of whom N must agree. It knows which account each SuperNode's key belongs to, and
which code may run under which settings. `join` refuses a task whose pair of digests is not approved; the coordinator
listens to no SuperNode but the one that is bound. What a hospital says it sends itself, for which its account needs
gas, or it signs into a file (--sign-only FILE) that anybody sends with `relay`.

examples:
  fl-alliance sites deploy --chain URL --key-env DEPLOYER --member 0xA.. --member 0xB.. --member 0xC.. --threshold 2
  fl-alliance coordinate ... chain.sites=0x..                  a task under that consortium
  fl-alliance sites approve --chain URL --sites 0x.. --task 1 --manifest manifest.json --keystore keystore.json
  fl-alliance sites bind --chain URL --sites 0x.. --node-key node-key --keystore keystore.json --sign-only bind.json
  fl-alliance sites relay bind.json --chain URL --key-env RELAYER
  fl-alliance sites status --chain URL --sites 0x..
"""


def parser() -> CommandParser:
    """Return the parser of the part before the command."""
    return group_parser("sites", "A consortium of hospitals: identities, approved bundles, changes.", COMMANDS, _EPILOG)
