"""The machinery every use case stands on: command, handler, work, dispatch, reaction, deadline, ports."""
