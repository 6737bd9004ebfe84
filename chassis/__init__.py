"""What every service needs in order to run, and nothing about what any of them is for.

A module may live here only if it passes the whole entry test:

1. it would be the same in a company that sells shoes;
2. at least two services use it today;
3. it imports no domain contract (`switchhook.options.v1` is the one exception, for redaction),
   no service and no carrier.

Every long-lived thing here is an asynchronous context manager: `app.py` enters them in the order
of their dependencies, and shutdown is the same order reversed.
"""
