/* What the helper programs in C and C++ share: the work, the clocks, and the answers to requests. Each of them says how it
   runs a job, and how it lets its threads sleep between requests. */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum shape { EVEN, ASCENDING, DESCENDING };

struct job {
    uint64_t chunks, steps;
    enum shape shape;
};

/* The sum of all chunks' outputs, computed in parallel and added up in chunk order. */
static uint64_t run(struct job job);

/* No thread spins once this has returned. */
static void rest(void);

/* The same chain as the harness has. The compiler must not know the start. */
static uint64_t spin(uint64_t start, uint64_t steps) {
    uint64_t x = start;
    __asm__ volatile("" : "+r"(x));
    for (uint64_t i = 0; i < steps; i++) x = (x ^ (x >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
    return x;
}

static uint64_t chunk(struct job job, uint64_t number) {
    uint64_t times = job.shape == EVEN ? 1 : job.shape == ASCENDING ? number : job.chunks - 1 - number;
    return spin(number, job.steps * times);
}

static double now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int compare(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

/* The seconds of one call, from as many as take two milliseconds. */
static double hot(struct job job, uint64_t *sum) {
    static uint64_t calls = 1;
    for (;;) {
        double start = now(CLOCK_MONOTONIC);
        for (uint64_t i = 0; i < calls; i++) *sum = run(job);
        double seconds = now(CLOCK_MONOTONIC) - start;
        if (seconds > 0.002 || calls > 1 << 20) return seconds / (double)calls;
        calls *= 2;
    }
}

/* The median of nine calls, each after a millisecond of idleness, and the share of a core that was busy meanwhile. */
static double idle(struct job job, uint64_t *sum, double *busy) {
    double seconds[9], used = 0, slept = 0;
    const struct timespec millisecond = {0, 1000000};
    nanosleep(&millisecond, NULL);
    *sum = run(job);
    for (int i = 0; i < 9; i++) {
        double before = now(CLOCK_PROCESS_CPUTIME_ID), start = now(CLOCK_MONOTONIC);
        nanosleep(&millisecond, NULL);
        double awake = now(CLOCK_MONOTONIC);
        slept += awake - start;
        used += now(CLOCK_PROCESS_CPUTIME_ID) - before;
        start = now(CLOCK_MONOTONIC);
        *sum = run(job);
        seconds[i] = now(CLOCK_MONOTONIC) - start;
    }
    qsort(seconds, 9, sizeof *seconds, compare);
    *busy = used / slept;
    return seconds[4];
}

static int serve(void) {
    char pace[16], shape[16];
    struct job job;
    while (scanf("%15s %" SCNu64 " %" SCNu64 " %15s", pace, &job.chunks, &job.steps, shape) == 4) {
        job.shape = strcmp(shape, "even") == 0 ? EVEN : strcmp(shape, "ascending") == 0 ? ASCENDING : DESCENDING;
        double seconds, busy = 0;
        /* Threads that rested are there again after one call. */
        uint64_t sum = run(job);
        if (strcmp(pace, "hot") == 0) {
            seconds = hot(job, &sum);
        } else if (strcmp(pace, "idle") == 0) {
            seconds = idle(job, &sum, &busy);
        } else {
            double start = now(CLOCK_MONOTONIC);
            sum = run(job);
            seconds = now(CLOCK_MONOTONIC) - start;
        }
        rest();
        printf("%.9e %.6f %" PRIu64 "\n", seconds, busy, sum);
        fflush(stdout);
    }
    return 0;
}
