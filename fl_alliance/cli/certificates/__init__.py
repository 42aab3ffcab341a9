"""`fl-alliance certificates`: TLS and SuperNodes' keys for a federation, one file a command."""

from fl_alliance.cli.arguments import CommandParser, group_parser

COMMANDS = {
    "authority": "an authority of the federation's own; on the coordinator's machine",
    "superlink": "the SuperLink's certificate, signed by that authority",
    "node": "a SuperNode's key; at each hospital",
}

_EPILOG = """\
The coordinator makes an authority and a certificate, and gives every hospital ca.pem. A hospital makes its SuperNode's
key and gives the coordinator the .pub file, over a way by which each knows the other: who is deceived there is
deceived throughout. Private keys have mode 0600 and never leave the machine they were made on; ca-key.pem signs the
next certificate and is best kept off line until then. Nothing is ever overwritten.

examples:
  fl-alliance certificates authority tls --name "CGM consortium"
  fl-alliance certificates superlink tls --host link.example.org --host 192.0.2.10
  fl-alliance certificates node node-key                     writes node-key and node-key.pub
  fl-alliance coordinate ... --host 0.0.0.0 --certificates tls --node-keys nodes
  fl-alliance join ... --root-certificates ca.pem --node-key node-key
"""


def parser() -> CommandParser:
    """Return the parser of the part before the command."""
    return group_parser("certificates", "Certificates and keys by which machines know each other.", COMMANDS, _EPILOG)
