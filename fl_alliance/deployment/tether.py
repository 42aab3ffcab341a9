"""A Flower process that ends when the process that started it does, however that ended."""

import sys

from flwr.supercore.app_utils import start_parent_process_monitor


def main() -> None:
    """Run `superlink` or `supernode` with the rest of the arguments, tied to the process PID."""
    parent, name, *arguments = sys.argv[1:]
    start_parent_process_monitor(int(parent))
    sys.argv = [f"flower-{name}", *arguments]
    if name == "superlink":
        from flwr.superlink.cli import flower_superlink as run
    else:
        from flwr.supernode.cli import flower_supernode as run
    run()


if __name__ == "__main__":
    main()
