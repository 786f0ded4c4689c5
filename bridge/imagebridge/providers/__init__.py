"""Translations in a vendor's wire format: the Responses API and Chat Completions."""
