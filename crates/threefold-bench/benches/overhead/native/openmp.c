/* OpenMP: OMP_NUM_THREADS, OMP_SCHEDULE, OMP_PROC_BIND and OMP_WAIT_POLICY are set by the harness. */

#define _GNU_SOURCE
#include "helper.h"

#include <omp.h>

static uint64_t *outputs;
static uint64_t room;

static uint64_t run(struct job job) {
    if (room < job.chunks) {
        outputs = realloc(outputs, job.chunks * sizeof *outputs);
        room = job.chunks;
    }
    uint64_t sum = 0;
#pragma omp parallel for schedule(runtime)
    for (uint64_t i = 0; i < job.chunks; i++) outputs[i] = chunk(job, i);
    for (uint64_t i = 0; i < job.chunks; i++) sum += outputs[i];
    return sum;
}

/* With an active wait policy the threads would spin while others are measured. */
static void rest(void) { omp_pause_resource_all(omp_pause_hard); }

int main(void) { return serve(); }
