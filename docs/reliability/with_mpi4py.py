"""16 items on MPI ranks, and the rank of item 7 is killed: mpirun -n 3 python3 -m mpi4py.futures FILE. The job is aborted."""

import os
import signal

from mpi4py.futures import MPIPoolExecutor


def square(item):
    if item == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


if __name__ == "__main__":
    with MPIPoolExecutor() as pool:
        print(list(pool.map(square, range(16))))
