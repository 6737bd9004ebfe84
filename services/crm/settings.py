"""The settings of the CRM service."""

from dataclasses import dataclass

from chassis.settings import address, boolean, setting


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Read from the environment by chassis.settings.load."""

    grpc_address: str = setting(
        "SWITCHHOOK_CRM_GRPC_ADDRESS",
        default="127.0.0.1:50054",
        parse=address,
        help="where gRPC listens, host:port",
    )
    admin_address: str = setting(
        "SWITCHHOOK_CRM_ADMIN_ADDRESS",
        default="127.0.0.1:9154",
        parse=address,
        help="where health and metrics listen, host:port",
    )
    directory: str = setting(
        "SWITCHHOOK_CRM_DIRECTORY",
        default="",
        help="a JSON file of contacts; without it two contacts for development are known",
    )
    reflection: bool = setting(
        "SWITCHHOOK_REFLECTION", default=False, parse=boolean, help="on lists the API to anyone"
    )
