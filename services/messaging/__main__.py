"""Run the messaging service: python -m services.messaging."""

from chassis import lifecycle, logs
from chassis.settings import load
from services.messaging.app import running
from services.messaging.settings import Settings

if __name__ == "__main__":
    logs.configure("messaging")
    lifecycle.run(lambda: running(load(Settings)))
