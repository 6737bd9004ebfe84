"""Run the gateway: python -m services.gateway."""

from chassis import lifecycle, logs
from chassis.settings import load
from services.gateway.app import running
from services.gateway.settings import Settings

if __name__ == "__main__":
    logs.configure("gateway")
    lifecycle.run(lambda: running(load(Settings)))
