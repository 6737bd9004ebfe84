"""The commands of `switchhook`, each a module with `add_parser`."""
