"""Translations on a vendor's wire: the Responses API and Chat Completions."""
