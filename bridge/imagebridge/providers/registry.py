"""The vendors whose wire formats are supported, by their names in `Policy(api=...)`."""

from functools import cache, lru_cache
from importlib import import_module
from typing import cast

from imagebridge.translate.policy import Policy
from imagebridge.translate.receiver import Receiver

from .provider import Provider

PROVIDERS: dict[str, str] = {
    "responses": "imagebridge.providers.responses",
    "chat": "imagebridge.providers.chat",
}
"""The module of each API, which defines its `PROVIDER` and is loaded when first needed."""


@cache
def _loaded(module: str) -> Provider:
    return cast("Provider", import_module(module).PROVIDER)


def provider(name: str) -> Provider:
    """Return the provider with this name.

    Raises:
        ValueError: no provider has this name; the message lists the existing ones.
    """
    module = PROVIDERS.get(name)
    if module is None:
        raise ValueError(f"Policy(api={name!r}): it must be one of {', '.join(map(repr, PROVIDERS))}")
    return _loaded(module)


def providers() -> tuple[Provider, ...]:
    """Return all providers."""
    return _all(tuple(PROVIDERS.values()))


@cache
def _all(modules: tuple[str, ...]) -> tuple[Provider, ...]:
    return tuple(map(_loaded, modules))


def receiver(policy: Policy) -> Receiver:
    """Return the receiver for a policy's translations.

    Raises:
        ValueError: the policy names an unknown API.
    """
    return receiver_of(provider(policy.api), policy.model)


@lru_cache(maxsize=64)
def receiver_of(wire: Provider, model: str | None) -> Receiver:
    """Return what an API accepts for a model. The object is created once, because every result needs it."""
    return wire.receiver(model)
