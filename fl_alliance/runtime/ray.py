"""Run a Flower ServerApp and its ClientApps on Flower's own simulation, which spreads nodes over Ray actors."""

from collections.abc import Mapping
from dataclasses import replace

from flwr.app import Context, Message, UserConfigValue
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp


class _Configured(ClientApp):
    """A ClientApp that is given a run configuration, which Flower's Python entry point has no argument for."""

    def __init__(self, app: ClientApp, run_config: Mapping[str, UserConfigValue]) -> None:
        super().__init__()
        self._app = app
        self._run_config = dict(run_config)

    def __call__(self, message: Message, context: Context) -> Message:
        # Flower refuses a context whose run configuration has changed, so the app sees a copy with the same state.
        return self._app(message, replace(context, run_config={**self._run_config, **context.run_config}))


def run_ray(
    server_app: ServerApp, client_app: ClientApp, num_nodes: int, run_config: Mapping[str, UserConfigValue]
) -> None:
    """Run `server_app` against `num_nodes` simulated nodes, one CPU each, until it returns."""
    from flwr.simulation import run_simulation

    run_simulation(
        server_app=server_app,
        client_app=_Configured(client_app, run_config),
        num_supernodes=num_nodes,
        backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0}},
    )
