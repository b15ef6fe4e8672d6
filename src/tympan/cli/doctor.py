"""`tympan doctor`: is everything here, and what would fix it?"""

from __future__ import annotations

from typing import Annotated, Any

import typer


def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check the installation, and say what would fix it."""
    from tympan.cli.health import examine

    found = examine()
    if json:
        from tympan.cli.outputs import json_line

        typer.echo(json_line(found))
    else:
        typer.echo(described(found))
    raise typer.Exit(0 if found["ok"] else 1)


def described(found: dict[str, Any]) -> str:
    """Return what `examine` found, for people."""
    lines = [f"tympan {found['tympan']}, Python {found['python']}, {found['system']}"]
    lines += ["", "Libraries"]
    for extra in dict.fromkeys(one["extra"] for one in found["libraries"]):
        of_extra = [one for one in found["libraries"] if one["extra"] == extra]
        here = [f"{one['name']} {one['version']}" for one in of_extra if one["version"]]
        absent = [one["name"] for one in of_extra if not one["version"]]
        if absent and extra:
            here.append(f"not installed, optional: {', '.join(absent)}")
        elif absent:
            here.append(f"MISSING: {', '.join(absent)}")
        lines.append(f"  {extra or 'base':<8} {', '.join(here)}")
    device = found["device"]
    lines += ["", "Device", f"  {device['description']}"]
    lines += ["", "Models"]
    for model in found["models"]:
        state = model["error"] or f"ok ({model['task']})"
        lines.append(f"  {model['name']:<12} {state}")
    if not found["models"]:
        lines.append("  none shipped")
    for engine in found["engines"]:
        state = f"ok ({engine['task']})" if engine["installed"] else "not installed, optional"
        lines.append(f"  {engine['name']:<12} {state}, an engine")
    lines += ["", "Questions", f"  {', '.join(found['questions'])}"]
    cache = found["cache"]
    lines += ["", "Cache", f"  {cache['folder']}, {cache['bytes'] / 1e6:.1f} MB"]
    if cache["bytes"]:
        lines.append(f"  decoded recordings, made again when needed; to clear it: {cache['clear']}")
    lines += ["", "Audio it reads", f"  {', '.join(found['formats'])}"]
    lines.append("")
    lines += [f"! {problem}" for problem in found["problems"]]
    lines += [f"- {one}" for one in found["optional"]]
    if found["fix"]:
        what = "what is missing" if found["problems"] else "the optional parts, if you want them"
        lines += [f"This one command installs {what}:", f"  {found['fix']}"]
    lines.append("All is well." if found["ok"] else "Not all is well: see the lines with !")
    return "\n".join(lines)
