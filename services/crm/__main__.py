"""Run the CRM service: python -m services.crm."""

from chassis import lifecycle, logs
from chassis.settings import load
from services.crm.app import running
from services.crm.settings import Settings

if __name__ == "__main__":
    logs.configure("crm")
    lifecycle.run(lambda: running(load(Settings)))
