"""A Flower process that ends when the process that started it does, however that ended."""

import sys

from flwr.supercore.app_utils import start_parent_process_monitor


def main() -> None:
    """Run `superlink` or `supernode` with the rest of the arguments, tied to the process PID."""
    parent, name, *arguments = sys.argv[1:]
    start_parent_process_monitor(int(parent))
    sys.argv = [f"flower-{name}", *arguments]
    if name == "superlink":
        _fence_in()
        from flwr.superlink.cli import flower_superlink as run
    else:
        from flwr.supernode.cli import flower_supernode as run
    run()


def _fence_in() -> None:
    """Put the fence around all that the SuperLink serves, by the hook that Flower has for middleware."""
    from flwr.superlink import extensions
    from starlette.middleware import Middleware

    from fl_alliance.deployment.fence import Fence

    extensions.get_middleware = lambda: (Middleware(Fence),)


if __name__ == "__main__":
    main()
