"""What OpenAI's API takes at most, each limit once, with its unit, source and date."""
