"""Night: the four steps that a scheduler or the command line calls, each its own process, handing on only ids."""
