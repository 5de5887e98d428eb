"""16 items in a multiprocessing.Pool, and the worker of item 7 is killed. Nobody is told: only the time limit ends the wait."""

import multiprocessing
import os
import signal


def square(item):
    if item == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        squares = pool.map_async(square, range(16))
        try:
            print(sum(squares.get(timeout=10)))  # without the limit it waits for ever
        except multiprocessing.TimeoutError:
            print("no answer and no error after 10 s")
