"""Panel viewers: they read state and call intents."""
