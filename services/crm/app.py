"""The CRM service, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from switchhook.crm.v1 import crm_service_pb2, crm_service_pb2_grpc

from chassis import logs
from chassis.admin import admin_server
from chassis.grpc_server import Service, serving
from chassis.health import Health
from chassis.metrics import Metrics
from chassis.settings import SettingsError, describe
from services.crm.adapters import builtin
from services.crm.servicer import CrmServicer
from services.crm.settings import Settings

_log = logs.get_logger(__name__)


@dataclass(frozen=True)
class Addresses:
    """The ports that were bound."""

    grpc: int
    admin: int


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Addresses]:
    """Run the service for the block; raises SettingsError for a directory that cannot be used."""
    with logs.bound(service="crm"):
        _log.info("settings.loaded", **describe(settings))
        health, metrics = Health(), Metrics()
        service = Service(
            crm_service_pb2_grpc.add_CrmServiceServicer_to_server,
            CrmServicer(_directory(settings)),
            crm_service_pb2.DESCRIPTOR.services_by_name["CrmService"],
        )
        async with (
            admin_server(settings.admin_address, health, metrics.registry) as admin,
            serving(
                settings.grpc_address,
                [service],
                domain="crm.switchhook",
                health=health,
                reflection=settings.reflection,
                metrics=metrics,
            ) as port,
        ):
            yield Addresses(port, admin)


def _directory(settings: Settings) -> builtin.BuiltinDirectory:
    if not settings.directory:
        return builtin.BuiltinDirectory(builtin.DEVELOPMENT)
    try:
        return builtin.BuiltinDirectory(builtin.read(Path(settings.directory)))
    except ValueError as error:
        raise SettingsError([f"SWITCHHOOK_CRM_DIRECTORY {error}"]) from None
