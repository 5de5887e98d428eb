"""The number of primes below 200,000, counted on threads. Only one of them runs Python code at a time."""

import threading


def count_primes(first, end):
    return sum(n > 1 and all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(first, end))


parts = [0] * 8


def work(part):
    parts[part] = count_primes(part * 25_000, (part + 1) * 25_000)


threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(parts))  # a part whose thread raised an exception counts as 0
