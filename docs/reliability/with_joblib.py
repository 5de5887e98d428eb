"""16 items with joblib, and the worker of item 7 is killed. The call is an error, without any result."""

import os
import signal

from joblib import Parallel, delayed


def square(item):
    if item == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


if __name__ == "__main__":
    try:
        print(Parallel(n_jobs=2)(delayed(square)(item) for item in range(16)))
    except Exception as error:
        print(f"no result, {type(error).__name__}")
