"""The command line in real processes that begin quickly.

Most of what a short command costs is loading PyTorch. So one process loads it and waits; for each
command it forks. The process that a test starts is a stub that hands its directory, environment
and open files over, passes signals on, and ends as the command does; if it is killed, so is the
command. Where it was given more than can be handed over (variables that change how Python begins,
limits, other open files, a group of its own), the stub becomes a new Python as always.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

# Of these a Python takes notice before it runs anything, or a library when it is loaded.
EARLY = ("PYTHON", "LC_", "LANG", "OMP_", "MKL_", "MPL", "NUMBA", "CUDA", "HOME")
LOADED = (
    "torch", "torch.nn", "numpy", "scipy.signal", "scipy.ndimage", "scipy.linalg",
    "soundfile", "soxr", "av", "matplotlib.figure", "matplotlib.backends.backend_agg",
    "safetensors.torch", "typer", "rich.console", "http.server", "importlib.metadata",
)  # fmt: skip
# As a Python that cannot write the last of its output ends, and as what was killed does.
UNWRITTEN, LOST = 120, 70
_started: list[str] = []


def tympan_command(*arguments: str | bytes) -> list[str | bytes]:
    """What runs `tympan` with these arguments, for `subprocess`."""
    if sys.platform != "linux":  # macOS does not let a process fork that has loaded its libraries
        return [sys.executable, "-m", "tympan", *arguments]
    if not _started:
        place = tempfile.mkdtemp(prefix="tympan-test-")
        home = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "src")
        path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
        server = subprocess.Popen(
            [sys.executable, __file__, "--serve", place], env={**os.environ, "PYTHONPATH": path}
        )
        atexit.register(shutil.rmtree, place, ignore_errors=True)  # the last of the three
        atexit.register(server.wait)
        atexit.register(server.kill)
        while not os.path.exists(os.path.join(place, "ready")):
            assert server.poll() is None, "the process that loads PyTorch did not begin"
            time.sleep(0.02)
        _started.append(place)
    return [sys.executable, "-IS", __file__, _started[0], *arguments]


def given() -> dict[str, object]:
    """What a process was given that is not handed over, in the values of JSON."""
    import resource

    early = {k: v for k, v in os.environ.items() if k.startswith(EARLY) and k != "PYTHONPATH"}
    limits = {one: getattr(resource, one) for one in dir(resource) if one.startswith("RLIMIT_")}
    mask = os.umask(0o77)
    os.umask(mask)
    return {
        "environment": early,
        "limits": {name: list(resource.getrlimit(one)) for name, one in limits.items()},
        "group": os.getpgrp(),
        "mask": mask,
    }


def other_files() -> bool:
    """Whether more than the input, the output and the errors is open."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.fstat(int(name))
            except OSError:  # it was that of the list
                continue
            return True
    return False


def serve(place: str) -> None:
    """Load what commands need, then fork for each that comes."""
    import importlib

    ready = {"given": given(), "path": sys.path[1:]}
    for name in LOADED:
        importlib.import_module(name)
    socket_ = socket.socket(socket.AF_UNIX)
    socket_.bind(os.path.join(place, "socket"))
    socket_.listen(64)
    gc.collect()
    gc.freeze()  # what is loaded is not looked through, and so not copied, in each command
    with open(os.path.join(place, "new"), "w", encoding="utf-8") as file:
        json.dump(ready, file)
    os.replace(file.name, os.path.join(place, "ready"))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that watch
    parent = os.getppid()
    socket_.settimeout(5)
    while os.getppid() == parent:
        try:
            client, _ = socket_.accept()
        except TimeoutError:
            continue
        if os.fork() == 0:
            socket_.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            watch(client)
        client.close()
    shutil.rmtree(place, ignore_errors=True)


def watch(client: socket.socket) -> None:
    """Fork once more, tell the stub how that ends, and end it where the stub does."""
    length = int.from_bytes(client.recv(8, socket.MSG_WAITALL), "big")
    data, files, _, _ = socket.recv_fds(client, 65536, 3)
    while len(data) < length:
        more = client.recv(length - len(data))
        if not more:
            os._exit(LOST)
        data += more
    child = os.fork()
    if child:
        for one in files:
            os.close(one)
        with contextlib.suppress(OSError):  # the stub may be gone
            client.sendall(child.to_bytes(8, "big"))
        ended = os.pidfd_open(child)
        if ended not in select.select([ended, client], [], [])[0]:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        with contextlib.suppress(OSError):
            client.sendall(status.to_bytes(8, "big"))
        os._exit(0)
    client.close()
    for number, one in enumerate(files):
        os.dup2(one, number)
        os.close(one)
    become(json.loads(data))


def become(wanted: dict[str, object]) -> None:
    """Be `python -m tympan` with these arguments."""
    import io
    import runpy
    import threading

    os.chdir(str(wanted["directory"]))
    os.environ.clear()
    os.environ.update(wanted["environment"])  # type: ignore[arg-type]
    time.tzset()
    tempfile.tempdir = None
    sys.argv = ["tympan", *(os.fsdecode(os.fsencode(one)) for one in wanted["arguments"])]  # type: ignore[attr-defined]
    sys.path[0] = str(wanted["directory"])
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        stream = io.TextIOWrapper(
            open(number, "wb" if number else "rb", closefd=False),  # type: ignore[arg-type]  # noqa: SIM115
            encoding=old.encoding, errors=old.errors, line_buffering=number == 2,
        )  # fmt: skip
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    code = 0
    try:
        runpy.run_module("tympan", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if code and code is not end.code:
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    # As Python ends, but without taking all that is loaded apart, for which it would be copied.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    os._exit(code if flushed() else UNWRITTEN)


def flushed() -> bool:
    """Whether the last of the output could be written."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            try:
                stream.flush()
            except (OSError, ValueError):
                return False
    return True


def stub(place: str, arguments: list[str]) -> None:
    """Hand everything to the process that forks, and end as the command does."""
    with open(os.path.join(place, "ready"), encoding="utf-8") as file:
        of_server = json.load(file)
    here = dict(os.environ)
    paths = [one for one in here.get("PYTHONPATH", "").split(os.pathsep) if one]
    reachable = set(paths) <= set(of_server["path"])
    if other_files() or given() != of_server["given"] or not reachable:
        os.execv(sys.executable, [sys.executable, "-m", "tympan", *arguments])
    client = socket.socket(socket.AF_UNIX)
    client.connect(os.path.join(place, "socket"))
    wanted = {"directory": os.getcwd(), "environment": here, "arguments": arguments}
    data = json.dumps(wanted).encode()
    client.sendall(len(data).to_bytes(8, "big"))
    sent = socket.send_fds(client, [data[:65536]], [0, 1, 2])
    client.sendall(data[sent:])
    child = told(client)
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda number, _: os.kill(child, number))
    for one in (0, 1):
        os.close(one)  # a pipe is at its end when the command leaves it
    status = told(client)
    if os.WIFSIGNALED(status):
        signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


def told(client: socket.socket) -> int:
    """A number from the process that watches the command; without it nothing is known of that."""
    data = client.recv(8, socket.MSG_WAITALL)
    if len(data) < 8:
        os.write(2, b"the process that watches the command is gone\n")
        os._exit(LOST)
    return int.from_bytes(data, "big")


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
    else:
        stub(sys.argv[1], sys.argv[2:])
