"""The sum of all integers from START to END, both included: python3 calculate_sum.py START END"""

import sys


def calculate_sum(start, end):
    total = 0
    for i in range(start, end + 1):
        total += i
    return total


if __name__ == "__main__":
    print(calculate_sum(int(sys.argv[1]), int(sys.argv[2])))
