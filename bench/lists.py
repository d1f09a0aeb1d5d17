"""Files of many addresses, sites and maps to put them in, and programs that are measured on the way."""

import os
import pathlib
import subprocess
import time

import cpu
import load

SCOPE = "acme/newsletter"
CONFIGURATION = """\
data_dir  = "{root}/data"
key_dir   = "{root}/keys"
listen    = "unix:{root}/milter.sock"
list_size = "{size}G"

stream newsletter {{
    scope       = "{scope}"
    match_login = {{"mautic"}}
}}
"""
STEP = 6700417  # a prime: numbers in no sequence, each once, for counts that it does not divide


def address(number):
    """27 characters, as the yardstick was measured with."""
    return f"{number:011d}@mail{number % 997:03d}.example"


def _numbers(first, count):
    return (first + number * STEP % count for number in range(count))


def write_lists(folder, count, first, names):
    """The same addresses as a plain list, as CSV with dates as mail has them (Mailgun's) and with Unix
    times (SendGrid's), and as the source of a map; `names` says which: plain, csv, times, map."""
    paths = {name: folder / f"{name}-{first}-{count}" for name in names}
    files = {name: path.open("w", buffering=1 << 20) for name, path in paths.items()}
    for name, header in (("csv", "address,tags,created_at\n"), ("times", "email,created\n")):
        if name in files:
            files[name].write(header)
    lines = {
        "plain": lambda who, number: f"{who}\n",
        "map": lambda who, number: f"{who} OK\n",
        "times": lambda who, number: f"{who},{1500000000 + number}\n",
        "csv": lambda who, number: (
            f'{who},*,"Tue, {number % 27 + 1:02d} Jan 20{number % 20 + 5:02d} '
            f'{number % 24:02d}:25:45 GMT"\n'
        ),
    }
    for number in _numbers(first, count):
        who = address(number)
        for name, file in files.items():
            file.write(lines[name](who, number))
    for file in files.values():
        file.close()
    return paths


def write_sample(path, first, count, wanted):
    """Some of these addresses, and as many that are not among them."""
    step = max(1, count // wanted)
    with path.open("w") as lines:
        for number in range(wanted):
            lines.write(address(first + number * step * 7919 % count) + "\n")
            lines.write(address(first + 10**10 + number) + "\n")
    return path


def measured(command, **more):
    """Runs it: wall time, processor time, the most memory of its own (RssAnon), and the share of the
    machine that went elsewhere."""
    meter = cpu.Meter([])
    began, before = time.monotonic(), os.times()
    process = subprocess.Popen([str(word) for word in command], **more)

    def anonymous():
        try:
            return cpu.anonymous_kib(process.pid)
        except (OSError, RuntimeError):
            return 0

    with load.Sampler(anonymous, 0.02) as memory:
        code = process.wait()
    seconds, after = time.monotonic() - began, os.times()
    if code != 0:
        raise RuntimeError(f"{command[0]} left with {code}")
    return {
        "seconds": seconds,
        "cpu": after.children_user + after.children_system
        - before.children_user - before.children_system,
        "anonymous_mib": memory.highest / 1024,
        "elsewhere": meter.read()[2],
    }  # fmt: skip


class Map:
    """A map of Postfix's, made from a whole file: `postmap -i`, which adds to one that is there, waits
    for the disk with each entry."""

    def __init__(self, folder):
        self.path = folder / "listed"
        folder.mkdir()
        # Large enough at once: growing it would begin anew each time.
        (folder / "main.cf").write_text("compatibility_level = 3.6\nlmdb_map_size = 17179869184\n")

    def fill(self, source):
        """From a file of its own name, which is how postmap is used."""
        os.link(source, self.path)
        return measured(["/usr/sbin/postmap", "-c", self.path.parent, f"lmdb:{self.path}"])

    def size(self):
        return self.path.with_suffix(".lmdb").stat().st_size


class List:
    """A site of ours."""

    def __init__(self, folder, build, gigabytes=16):
        self.root, self._build = folder, pathlib.Path(build)
        folder.mkdir()
        self._conf = folder / "optout.conf"
        self._conf.write_text(CONFIGURATION.format(root=folder, scope=SCOPE, size=gigabytes))
        subprocess.run(self._tool("init"), check=True, capture_output=True)

    def _tool(self, *words):
        return [str(self._build / "optout"), "-c", str(self._conf), *map(str, words)]

    def fill(self, source):
        return measured(self._tool("import", source, "--scope", SCOPE, "--all-opted-out",
                                   "--max-new", "none", "-q"))  # fmt: skip

    def fill_beside(self, source):
        """Fills it while others opt out, and tells how long those took."""
        beside = subprocess.Popen([self._build / "bench/beside", self._conf, SCOPE],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True)  # fmt: skip
        row = self.fill(source)
        words = beside.communicate()[0].split()
        if beside.returncode != 0:
            raise RuntimeError("opt-outs beside an import failed")
        return {**row, **dict(zip(words[::2], map(float, words[1::2])))}

    def size(self):
        return (self.root / "data/list/data.mdb").stat().st_size

    def look_up(self, sample, count):
        """What bench/lookup prints, name -> number; a domain is on the list, so that each
        recipient's is looked up too."""
        subprocess.run(self._tool("add", "@somewhere.example", "--scope", SCOPE), check=True,
                       capture_output=True)  # fmt: skip
        with sample.open() as lines:
            ran = subprocess.run([self._build / "bench/lookup", self._conf, SCOPE, str(count)],
                                 stdin=lines, stdout=subprocess.PIPE, text=True,
                                 check=True)  # fmt: skip
        words = ran.stdout.split()
        return dict(zip(words[::2], map(float, words[1::2])))
