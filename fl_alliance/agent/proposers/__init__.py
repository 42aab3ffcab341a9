"""What turns words into a proposed tool call; whatever it says is a stranger's text until the guards have seen it."""
