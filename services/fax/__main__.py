"""Run the fax service: python -m services.fax."""

from chassis import lifecycle, logs
from chassis.settings import load
from services.fax.app import running
from services.fax.settings import Settings

if __name__ == "__main__":
    logs.configure("fax")
    lifecycle.run(lambda: running(load(Settings)))
