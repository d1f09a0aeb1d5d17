"""Programs of Debian packages that cannot be installed beside others: unpacked, not installed."""

import fcntl
import os
import pathlib
import shutil
import subprocess


def cache_dir():
    return pathlib.Path(os.environ.get("OPTOUT_CACHE") or "/var/cache/optout-tests")


def unpack(name, packages):
    """The directory below which the packages' files lie; fetched by apt on the first call.

    Two runs at once wait for each other. A fetch that breaks off leaves nothing that a later one
    would take for whole.
    """
    cache = cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    whole = cache / name
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.is_dir():
            part = cache / f"{name}.part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(mode=0o755)
            _fetch(part, packages)
            part.rename(whole)
    return whole


def _fetch(directory, packages):
    command = ["apt-get", "-o", "APT::Sandbox::User=root", "download", *packages]
    got = subprocess.run(command, cwd=directory, capture_output=True, text=True)
    if got.returncode:
        raise RuntimeError(f"{' '.join(command)} (is apt-get update needed?)\n{got.stderr}")
    for package in sorted(directory.glob("*.deb")):
        subprocess.run(["dpkg", "-x", package, directory], check=True)
        package.unlink()
