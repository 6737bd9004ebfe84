"""What the service does, each operation inside the caller's transaction.

`consents` weighs and records who may be written to, `sending` brings messages out, `receiving`
takes in what the carrier tells.
"""
