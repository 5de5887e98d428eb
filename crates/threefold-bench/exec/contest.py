#!/usr/bin/env python3
"""Starts programs with Threefold and with its rivals, and prints the tables of BENCHMARKS.md.

    cargo build --release -p threefold-cli
    crates/threefold-bench/exec/contest.py target/release/threefold

In each round every competitor runs once, in a random order. The ratios are taken within rounds: of the time that passed, and
of the processor time of all processes together, which other programs on the machine disturb less. A rival that is not
installed is left out, and the table says so.
"""

import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 9
LINES = 1_000_000
HERE = os.path.dirname(os.path.abspath(__file__))


def competitors_of_starts(threefold, spawn, cores, count):
    """Each starts `true` so often, on all cores."""
    true = shutil.which("true")
    ranged = ["1..=%d" % count, "--chunk-size", "1", "--exec", "true"]
    numbers = "seq %d | " % count
    return {
        "posix_spawn loop": [spawn, str(cores), str(count), true],
        "threefold threads": [threefold, "threads"] + ranged,
        "threefold async": [threefold, "async"] + ranged,
        "threefold processes": [threefold, "processes"] + ranged,
        "xargs -P": ["sh", "-c", numbers + "xargs -P %d -n 1 true" % cores],
        "GNU parallel": ["sh", "-c", numbers + "parallel -j %d true" % cores],
    }


def competitors_of_lines(threefold, cores, lines):
    """Each gives all lines to programs, some thousand to each."""
    return {
        "threefold threads": ["sh", "-c", "%s threads --lines %s --chunk-size 5000 --exec 'echo'" % (threefold, lines)],
        "threefold async": ["sh", "-c", "%s async --lines %s --chunk-size 5000 --exec 'echo'" % (threefold, lines)],
        "xargs -P": ["sh", "-c", "xargs -P %d -n 5000 echo < %s" % (cores, lines)],
        "parallel -X": ["sh", "-c", "parallel -j %d -n 5000 -X echo < %s" % (cores, lines)],
        "parallel --pipe": ["sh", "-c", "parallel -j %d --pipe -N 5000 cat < %s" % (cores, lines)],
    }


def is_installed(command):
    words = " ".join(command)
    return all(shutil.which(name) for name in ("xargs", "parallel") if name in words)


def run(command):
    """The time that passed, and the processor time of all processes together, in seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    passed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return passed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def contest(title, competitors, rounds):
    absent = [name for name, command in competitors.items() if not is_installed(command)]
    competitors = {name: command for name, command in competitors.items() if name not in absent}
    times = {name: [] for name in competitors}
    for _ in range(rounds):
        for name in random.sample(list(competitors), len(competitors)):
            times[name].append(run(competitors[name]))
    first = next(iter(competitors))
    print("\n### %s\n" % title)
    print("| | time | of %s | processor time | of %s |\n|---|---|---|---|---|" % (first, first))
    for name in times:
        cells = [name]
        for kind in (0, 1):
            own, theirs = ([sample[kind] for sample in times[who]] for who in (name, first))
            ratio = statistics.median(mine / other for mine, other in zip(own, theirs))
            cells += ["%.3f s" % statistics.median(own), "%.2f" % ratio]
        print("| %s |" % " | ".join(cells))
    for name in absent:
        print("| %s | not installed | | | |" % name)
    sys.stdout.flush()


def main():
    threefold = os.path.abspath(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        spawn, lines = os.path.join(folder, "spawn"), os.path.join(folder, "lines")
        subprocess.run(["cc", "-O2", "-o", spawn, os.path.join(HERE, "spawn.c")], check=True)
        with open(lines, "w") as file:
            file.writelines("line %d\n" % number for number in range(LINES))
        contest("1,000 x `true` on %d cores" % cores, competitors_of_starts(threefold, spawn, cores, 1000), rounds)
        contest("1,000,000 short lines, 5,000 to a program", competitors_of_lines(threefold, cores, lines), rounds)


if __name__ == "__main__":
    main()
