"""16 items in a ProcessPoolExecutor, and the worker of item 7 is killed. The pool is broken: what is not ready is lost."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor


def square(item):
    if item == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        futures = [pool.submit(square, item) for item in range(16)]
        errors = [type(future.exception()).__name__ for future in futures if future.exception()]
        print(f"{16 - len(errors)} of 16 results, {', '.join(set(errors))}")
