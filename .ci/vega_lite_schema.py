"""Write the bundled schema of Vega-Lite: the official one without its descriptions, compressed.

    python .ci/vega_lite_schema.py VEGA_LITE ENGINE

VEGA_LITE is a git clone of https://github.com/vega/vega-lite at the tag to bundle; ENGINE is the tag that the installed
vl-convert uses (`grep -ao 'vega-lite@[0-9.]*'` in its library). Properties that only the newer version contains are
listed under `newer` in their definition; an entirely new definition is compared with the most similar one. The licence
is copied next to the schema.
"""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HOME = Path(__file__).parents[1] / "tools/imagebridge_tools/vega_lite"
SCHEMA = "build/vega-lite-schema.json"
NAMES = ("properties", "definitions")
"""Keys of objects whose own keys are names in Vega-Lite, not keywords of JSON Schema."""


def main() -> None:
    """Write the schema and the licence."""
    clone, engine = sys.argv[1:]

    def git(*command: str) -> str:
        return subprocess.run(
            ["git", "-C", clone, *command], check=True, capture_output=True, text=True
        ).stdout

    newest, drawn = (json.loads(git("show", f"{tag}:{SCHEMA}")) for tag in ("HEAD", engine))
    schema = bare(newest)
    for name, definition in schema["definitions"].items():
        names = set(definition.get("properties", ()))
        before = (
            drawn["definitions"].values()
            if name not in drawn["definitions"]
            else [drawn["definitions"][name]]
        )
        nearest = max(
            (set(one.get("properties", ())) for one in before), key=lambda known: len(known & names)
        )
        if newer := sorted(names - nearest):
            definition["newer"] = newer
    version = json.loads(git("show", "HEAD:package.json"))["version"]
    date = git("log", "-1", "--format=%cs").strip()
    made = {"version": version, "date": date, "engine": engine.removeprefix("v"), **schema}
    text = json.dumps(made, separators=(",", ":")).encode()
    HOME.mkdir(exist_ok=True)
    (HOME / "schema.json.gz").write_bytes(gzip.compress(text, 9, mtime=0))
    (HOME / "LICENSE").write_text(git("show", "HEAD:LICENSE"))


def bare(part: Any, *, names: bool = False) -> Any:
    """Return a part of a schema without descriptions; `names`: whether its keys are names."""
    if isinstance(part, list):
        return [bare(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: bare(value, names=key in NAMES and not names)
        for key, value in part.items()
        if names or key not in ("description", "$schema")
    }


main()
