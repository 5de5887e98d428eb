"""16 items with Dask, and the worker of item 7 is killed, again and again. After four deaths item 7 is an error."""

import logging
import os
import signal

from dask.distributed import Client, LocalCluster


def square(item):
    if item == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL) as cluster:
        with Client(cluster) as client:
            futures = [client.submit(square, item) for item in range(16)]
            for item, future in enumerate(futures):
                if error := future.exception():
                    print(f"item {item}: {type(error).__name__}")
            print(f"{sum(not future.exception() for future in futures)} of 16 results")
