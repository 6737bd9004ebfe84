"""Run voice: python -m services.voice."""

from chassis import lifecycle, logs
from chassis.settings import load
from services.voice.app import running
from services.voice.settings import Settings

if __name__ == "__main__":
    logs.configure("voice")
    lifecycle.run(lambda: running(load(Settings)))
