"""Many visitors for a long time, polite and otherwise: the page stays up, and what it holds stays as large as it was.

`PAGE_CLIENTS=50 PAGE_SECONDS=600 python -m pytest -s tests/page/test_page_load.py`; by default 10 for a minute.
"""

import os
import statistics
import time
from collections import Counter

import numpy as np
import psutil
import pytest

from experiments.reliability.visitors import Client, watch

pytestmark = pytest.mark.slow
CLIENTS, SECONDS = int(os.environ.get("PAGE_CLIENTS", "10")), float(os.environ.get("PAGE_SECONDS", "60"))


def test_many_visitors(start, tmp_path):
    flags = ["--max_megabytes=0.25", "--max_pixels=10000", f"--connections={8 * CLIENTS + 64}"]
    with start(tmp_path, *flags) as address:
        process = next(
            child
            for child in psutil.Process().children()
            if "arithmetic_page.py" in " ".join(child.cmdline())
        )
        before, until, names = process.num_fds(), time.monotonic() + SECONDS, []
        clients = [Client(i, int(address.rpartition(":")[2]), names, until) for i in range(CLIENTS)]
        for client in clients:
            client.start()
        seen = np.array(list(watch(process, until, tmp_path)))
        for client in clients:
            client.join(90)
        time.sleep(12)  # lines that visitors left are noticed, and closed
        after = process.num_fds()
    counts = sum((client.counts for client in clients), Counter())
    wrong = [one for client in clients for one in client.wrong]
    waited = sorted(second for client in clients for second in client.waited)
    second, last = (
        np.median(part, axis=0) for part in (seen[len(seen) // 4 : len(seen) // 2], seen[-len(seen) // 4 :])
    )
    print(f"\n{CLIENTS} clients, {SECONDS:g} s: {dict(counts)}; {len(names)} pictures")
    print(f"answered in {statistics.median(waited):.2f} s, 95 % in {waited[int(0.95 * len(waited))]:.2f} s")
    print(f"second quarter {second}, last quarter {last}: MiB, open files, threads, stored files")
    print(f"open files: {before} before, {after} after")
    assert wrong == []
    assert names
    assert last[0] < second[0] * 1.05 + 30, "memory grows"
    assert after <= before + 5, "open files are left"
    assert last[2] <= second[2] + 2, "threads are left"
    assert seen[:, 3].max() == 0, "a file was stored"
