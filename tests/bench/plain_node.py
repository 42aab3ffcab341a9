"""Our SuperNode with a plain Flower ClientApp in the place of ours: what tests/bench/deployment.py compares with.

`python plain_node.py PID supernode ...` is the SuperNode, `python -m plain_node HOST:PORT PID` answers its messages.
"""

import sys

from plain_app import client_app

from fl_alliance.deployment import executor, tether

if __name__ == "__main__":
    if len(sys.argv) > 3:
        tether.EXECUTOR = "plain_node"
        tether.main()
    else:
        executor.app = client_app
        executor.import_what_messages_need()
        executor.serve(sys.argv[1], int(sys.argv[2]))
