"""The most memory of a process and its children, in MiB."""

import os
import threading
import time
from pathlib import Path


class Memory(threading.Thread):
    """Adds up the memory of this process and all below it, several times a second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peak = {"Rss:": 0, "Pss:": 0}

    def run(self):
        while True:
            sums = dict.fromkeys(self.peak, 0)
            for process in family(os.getpid()):
                try:
                    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
                except OSError:
                    continue  # It has ended.
                for name, value, _ in map(str.split, lines[1:]):
                    if name in sums:
                        sums[name] += int(value) / 1024
            self.peak = {name: max(most, sums[name]) for name, most in self.peak.items()}
            time.sleep(0.25)


def family(parent):
    """A process and all that descend from it."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [parent]
    for process in found:
        found += children.get(process, [])
    return found
