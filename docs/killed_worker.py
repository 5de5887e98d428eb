"""What the tutorial's design does when a worker dies: processes that append their part to a manager's list.

The third worker is killed, as the kernel would when memory runs out. Compare `cargo run -p threefold --example crash`.
"""

import multiprocessing
import os
import signal


def add_up(first, last, parts):
    if first <= 600_000 <= last:
        os.kill(os.getpid(), signal.SIGKILL)
    parts.append(sum(range(first, last + 1)))


if __name__ == "__main__":
    with multiprocessing.Manager() as manager:
        parts = manager.list()
        bounds = [(i * 250_000 + 1, (i + 1) * 250_000) for i in range(4)]
        workers = [multiprocessing.Process(target=add_up, args=(*b, parts)) for b in bounds]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        print(sum(parts))
