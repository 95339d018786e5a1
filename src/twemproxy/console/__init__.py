"""The operator's commands: look before a change, look inside, change, watch."""
