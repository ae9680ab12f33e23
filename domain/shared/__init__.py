"""The few words every context speaks: event, aggregate, refusal."""
