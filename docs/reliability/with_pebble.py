"""16 items with pebble, and the worker of item 7 is killed. The others have results, and item 7 is an error."""

import os
import signal

from pebble import ProcessPool


def square(item):
    if item == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


if __name__ == "__main__":
    with ProcessPool(2) as pool:
        futures = [pool.schedule(square, [item]) for item in range(16)]
        for item, future in enumerate(futures):
            if error := future.exception():
                print(f"item {item}: {type(error).__name__}")
        print(f"{sum(not future.exception() for future in futures)} of 16 results")
