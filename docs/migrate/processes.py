"""The number of primes below 200,000, counted in processes. If one of them is killed, this waits for ever."""

import multiprocessing


def count_primes(bounds):
    return sum(n > 1 and all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(*bounds))


if __name__ == "__main__":
    with multiprocessing.Pool() as pool:
        parts = [(first, first + 25_000) for first in range(0, 200_000, 25_000)]
        print(sum(pool.map(count_primes, parts)))
