"""The number of primes below 200,000, counted by asyncio tasks. They take turns on one thread."""

import asyncio


async def count_primes(first, end):
    return sum(n > 1 and all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(first, end))


async def main():
    parts = [count_primes(first, first + 25_000) for first in range(0, 200_000, 25_000)]
    print(sum(await asyncio.gather(*parts)))


asyncio.run(main())
