"""Tables of medians and ratios."""

import os
import platform
import statistics
import subprocess


def _processor():
    with open("/proc/cpuinfo") as lines:
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package):
    ran = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True
    )
    return ran.stdout or "unknown"


def machine(sessions, size, wanted):
    """The head of a report: what ran, and where."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ("postfix", "libmilter1.0.1", "liblmdb0", "opendkim")
    versions = ", ".join(f"{name} {_version(name)}" for name in packages)
    connections = "a connection for each message" if wanted.reconnect else "connections kept open"
    return (
        f"{os.cpu_count()} x {_processor()}, {memory:.0f} GiB, Linux {platform.release()}\n"
        f"{versions}\n"
        f"{sessions} sessions of smtp-source, {connections}, messages of {size} bytes; "
        f"{wanted.rounds} rounds in turns, medians\n"
        f"load of the machine before: {os.getloadavg()[0]:.2f}; measured again where others used more"
        f" than {wanted.calm:.0%} of it"
    )


def _middle(rows, key):
    return statistics.median(row[key] for row in rows)


def _ratios(rows, base, key):
    """By how much each round's row lies over the same round's in base."""
    others = {row["round"]: row[key] for row in base}
    return [row[key] / others[row["round"]] for row in rows if row["round"] in others]


def _rate_ratio(rows, base):
    """Median, lowest and highest of the rounds' ratios."""
    ratios = _ratios(rows, base, "rate")
    if not ratios:
        return "       -         "
    return f"{statistics.median(ratios):5.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def _cpu_ratio(rows, base):
    """What the rate would be, compared to base, if nothing but processor time counted."""
    ratios = _ratios(base, rows, "cpu_us")
    return f"{statistics.median(ratios):4.2f}" if ratios else "  - "


def _grouped(rows, **wanted):
    groups = {}
    for row in rows:
        if all(row[key] == value for key, value in wanted.items()):
            groups.setdefault(row["variant"], []).append(row)
    return groups


def _title(variants, name):
    """A name that is no variant's is one with a remark behind it."""
    base, blank, remark = name.partition(" ")
    return variants[base].title + blank + remark


def through_postfix(variants, rows, recipients, yardstick):
    groups = _grouped(rows, recipients=recipients)
    lines = [
        f"\nthrough Postfix, {recipients} recipient(s)\n"
        f"{'':36}  msgs/s   to no milter       to the no-op     by CPU  milter  Postfix  elsewhere\n"
        f"{'':36}                                               time  us/msg   us/msg"
    ]
    for name, mine in groups.items():
        noop = groups.get(yardstick, [])
        lines.append(
            f"{_title(variants, name):36}  {_middle(mine, 'rate'):6.0f}"
            f"  {_rate_ratio(mine, groups.get('none', []))}"
            f"  {_rate_ratio(mine, noop)}    {_cpu_ratio(mine, noop)}"
            f"  {_middle(mine, 'milter_us'):6.0f}   {_middle(mine, 'postfix_us'):6.0f}"
            f"       {_middle(mine, 'elsewhere'):4.0%}"
        )
    return "\n".join(lines)


def direct(variants, rows, connections, recipients, yardstick):
    groups = _grouped(rows, connections=connections, recipients=recipients)
    lines = [
        f"\n{connections} connection(s), {recipients} recipient(s)\n"
        f"{'':36}  msgs/s   to the no-op     by CPU  p50 us  p99 us  milter  elsewhere\n"
        f"{'':36}                             time                  us/msg"
    ]
    for name, mine in groups.items():
        noop = groups.get(yardstick, [])
        lines.append(
            f"{_title(variants, name):36}  {_middle(mine, 'rate'):6.0f}"
            f"  {_rate_ratio(mine, noop)}    {_cpu_ratio(mine, noop)}"
            f"  {_middle(mine, 'p50_us'):6.0f}  {_middle(mine, 'p99_us'):6.0f}"
            f"  {_middle(mine, 'milter_us'):6.0f}       {_middle(mine, 'elsewhere'):4.0%}"
        )
    return "\n".join(lines)


def memory(variants, rows, connections, recipients, _yardstick):
    groups = _grouped(rows, connections=connections, recipients=recipients)
    return "\n".join(
        f"{_title(variants, name):36}  {recipients:2} recipient(s): highest"
        f" {max(row['anonymous_kib'] for row in mine) / 1024:.1f} MiB"
        for name, mine in groups.items()
    )
