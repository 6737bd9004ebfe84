"""The busy day: callers, agents and restarts from a seed, played against a suite from outside.

Everything goes through the suite's own doors: signed webhooks in, commands to the carrier out, gRPC
to set up and to read. At the end every call is accounted for.
"""
