"""16 items with mpire, and the worker of item 7 is killed. The call is an error, without any result."""

import os
import signal

from mpire import WorkerPool


def square(item):
    if item == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


if __name__ == "__main__":
    try:
        with WorkerPool(2) as pool:
            print(pool.map(square, range(16)))
    except Exception as error:
        print(f"no result, {type(error).__name__}: {error}")
