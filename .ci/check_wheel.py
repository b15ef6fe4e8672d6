"""Is everything in a wheel that belongs there, and nothing else? `check_wheel.py dist/*.whl`"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What PyPI takes without asking.
MOST_MB = 100
ENDINGS = frozenset(
    (
        *(".py", ".pyi", ".typed", ".json", ".safetensors", ".md", ".txt", ".toml", ".html"),
        *(".css", ".js", ".words", ".npz", ".npy", ".svg", ".csv", ".j2", ".gz", ".xz", ".bin"),
        *(".tsv", ".woff2", ".png", ".ico"),
    )
)


def problems(wheel: Path) -> list[str]:
    """What is wrong with a wheel, a sentence each."""
    source = ROOT / "src"
    wanted = {
        path.relative_to(source).as_posix()
        for path in (source / "tympan").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        names = {one for one in archive.namelist() if not one.endswith("/")}
    inside = {one for one in names if one.startswith("tympan/")}
    about = {one for one in names if ".dist-info/" in one}
    found = [f"lacks {one}" for one in sorted(wanted - inside)]
    found += [f"holds {one}, which is not in src" for one in sorted(inside - wanted)]
    found += [f"holds {one}" for one in sorted(names - inside - about)]
    found += [f"holds {one}: no kind of file that ships" for one in sorted(inside) if odd(one)]
    for needed in ("METADATA", "entry_points.txt", "licenses/LICENSE", "licenses/NOTICE"):
        if not any(one.endswith(needed) for one in about):
            found.append(f"lacks {needed}")
    size_mb = wheel.stat().st_size / 1e6
    if size_mb > MOST_MB:
        found.append(f"has {size_mb:.0f} MB; more than {MOST_MB} want a package of weights")
    return found


def odd(name: str) -> bool:
    """Whether a file has an ending that nothing of tympan reads."""
    path = Path(name)
    return path.suffix.lower() not in ENDINGS and path.suffix != ""


def main() -> int:
    """Check all wheels that are named."""
    code = 0
    for name in sys.argv[1:]:
        wheel = Path(name)
        found = problems(wheel)
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, {len(found)} problems")
        print("".join(f"  {one}\n" for one in found), end="")
        code |= bool(found)
    return code


if __name__ == "__main__":
    sys.exit(main())
