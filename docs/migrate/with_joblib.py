"""The number of primes below 200,000, counted with joblib."""

from joblib import Parallel, delayed


def count_primes(first, end):
    return sum(n > 1 and all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(first, end))


if __name__ == "__main__":
    parts = (delayed(count_primes)(first, first + 25_000) for first in range(0, 200_000, 25_000))
    print(sum(Parallel(n_jobs=-1)(parts)))
