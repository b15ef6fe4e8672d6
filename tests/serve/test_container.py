"""The compose file of the docs: what it starts is started here, without a container."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests_serve import running
from tympan.serve.running import GRACE_S

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    told = yaml.safe_load((EXAMPLES / "compose.yaml").read_text("utf-8"))
    (found,) = told["services"].values()
    assert set(found["secrets"]) == set(told["secrets"])
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    for secret in told["secrets"].values():  # none is committed by mistake
        assert f"/docs/examples/{secret['file']}" in ignored
    return dict(found)


def test_the_image_is_built_from_what_is_there(service: dict[str, Any]) -> None:
    build = service["build"]
    context = (EXAMPLES / build["context"]).resolve()
    assert context == ROOT
    dockerfile = (context / build["dockerfile"]).read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (usual,) = re.findall(r"^ARG EXTRAS=(\S+)$", dockerfile, re.MULTILINE)
    for extra in (*usual.split(","), build["args"]["EXTRAS"]):
        assert extra in project["optional-dependencies"]
    ignored = (EXAMPLES / "tympan.Dockerfile.dockerignore").read_text("utf-8").splitlines()
    kept = {one[1:] for one in ignored if one.startswith("!")}
    assert all((ROOT / one).exists() for one in kept)
    assert {"pyproject.toml", "src", project["readme"], *project["license-files"]} <= kept


def test_the_command_is_a_server_that_is_healthy(service: dict[str, Any], tmp_path: Path) -> None:
    verb, *arguments = service["command"]
    assert verb == "serve"
    token = tmp_path / "token"
    token.write_text("a" * 64 + "\n")
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert given["--token-file"] == f"/run/secrets/{service['secrets'][0]}"
    inside = given["--port"]
    assert [one.rpartition(":")[2] for one in service["ports"]] == [inside]
    shared = ["--host", given["--host"], "--token-file", str(token), "--models", "sounds"]
    kind, *check = service["healthcheck"]["test"]
    assert (kind, check[0]) == ("CMD", "python")
    with running(*shared) as server:
        port = server.url.rpartition(":")[2]
        asked = [one.replace(f":{inside}/", f":{port}/") for one in check[1:]]
        assert asked != check[1:]
        subprocess.run([sys.executable, *asked], check=True, timeout=60)


def test_it_has_time_to_finish(service: dict[str, Any]) -> None:
    seconds = int(service["stop_grace_period"].removesuffix("s"))
    assert seconds > GRACE_S
