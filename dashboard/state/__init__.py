"""What one session looks at: param objects changed only by intents."""
