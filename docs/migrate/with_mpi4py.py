"""The number of primes below 200,000, counted on the ranks of an MPI job: mpirun -n 3 python3 -m mpi4py.futures FILE."""

from mpi4py.futures import MPIPoolExecutor


def count_primes(first):
    return sum(n > 1 and all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(first, first + 25_000))


if __name__ == "__main__":
    with MPIPoolExecutor() as pool:
        print(sum(pool.map(count_primes, range(0, 200_000, 25_000))))
