"""The number of primes below 200,000, counted by each executor of concurrent.futures."""

import concurrent.futures


def count_primes(first):
    return sum(n > 1 and all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(first, first + 25_000))


# Interpreters are there since Python 3.14.
names = ["ThreadPoolExecutor", "ProcessPoolExecutor", "InterpreterPoolExecutor"]

if __name__ == "__main__":
    for name in names:
        if executor := getattr(concurrent.futures, name, None):
            with executor() as pool:
                print(sum(pool.map(count_primes, range(0, 200_000, 25_000))))
