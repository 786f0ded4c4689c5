"""Settings: what a server may do, decided by whoever starts it and never by a model."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ALLOW = "IMAGEBRIDGE_ALLOW"
"""The environment variable of allowed folders, separated as in PATH."""


class SettingsError(ValueError):
    """A setting that cannot be right; the message is for the person who wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server may do.

    `allow` are the folders whose pictures and tables are read, `create` offers pictures made by the OpenAI API.
    `host` is a name of `imagebridge.hosts.NAMES`; None to go by what each client calls itself.
    """

    allow: tuple[Path, ...] = ()
    create: bool = False
    host: str | None = None

    @classmethod
    def from_environment(
        cls,
        environment: Mapping[str, str],
        allow: Iterable[str | Path] = (),
        host: str | None = None,
    ) -> Self:
        """Read settings from environment variables; `allow` adds folders.

        Raises:
            SettingsError: an allowed folder does not exist or is no folder.
        """
        named = [*allow, *filter(None, environment.get(ALLOW, "").split(os.pathsep))]
        return cls(
            allow=tuple(dict.fromkeys(_folder(name) for name in named)),
            create=any(environment.get(name) for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL")),
            host=host,
        )


def _folder(name: str | Path) -> Path:
    folder = Path(name).expanduser().absolute()
    if not folder.is_dir():
        problem = "is not a folder" if folder.exists() else "does not exist"
        raise SettingsError(f"the allowed folder {str(name)!r} {problem}")
    return folder
