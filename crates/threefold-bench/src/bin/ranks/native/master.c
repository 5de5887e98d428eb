/* A master and its workers, by hand: rank 0 hands out blocks of chunks and adds up the outputs in chunk order, with two
   blocks in flight for each worker. `master WAIT BLOCK`: WAIT says how a rank waits for a message. `polls` is the back-off
   that Threefold has: the rank probes for 20 us, then sleeps between probes, at first for 50 us, each time twice as long,
   and at most for 1 ms. `blocks` is MPI_Mprobe, which keeps the core busy. BLOCK is the number of chunks in a block; 0
   divides them evenly. */

#define _GNU_SOURCE
#include "../../../../benches/overhead/native/helper.h"

#include <mpi.h>
#include <unistd.h>

enum tag { BLOCK, DONE, END };
enum { IN_FLIGHT = 2, MOST = 1 << 16 };

struct block {
    uint64_t first, count, steps;
    uint64_t shape, chunks;
};

static int ranks, polls;
static uint64_t block_size;

/* The next message from any rank. */
static MPI_Message await(MPI_Status *status) {
    MPI_Message message;
    if (!polls) {
        MPI_Mprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &message, status);
        return message;
    }
    double began = now(CLOCK_MONOTONIC);
    struct timespec pause = {0, 50000};
    for (;;) {
        /* An MPI library may need three calls to take in what has arrived. */
        for (int i = 0; i < 3; i++) {
            int found;
            MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &found, &message, status);
            if (found) return message;
        }
        if (now(CLOCK_MONOTONIC) - began < 20e-6) continue;
        nanosleep(&pause, NULL);
        pause.tv_nsec = pause.tv_nsec < 500000 ? pause.tv_nsec * 2 : 1000000;
    }
}

static uint64_t outputs[MOST];

static uint64_t run(struct job job) {
    uint64_t workers = (uint64_t)ranks - 1, next = 0, missing = job.chunks;
    struct block block = {0, 0, job.steps, job.shape, job.chunks};
    uint64_t size = block_size ? block_size : (job.chunks + workers - 1) / workers;
    for (uint64_t turn = 0; turn < IN_FLIGHT * workers && next < job.chunks; turn++) {
        block.first = next;
        block.count = size < job.chunks - next ? size : job.chunks - next;
        next += block.count;
        MPI_Send(&block, sizeof block, MPI_BYTE, 1 + (int)(turn % workers), BLOCK, MPI_COMM_WORLD);
    }
    while (missing > 0) {
        static uint64_t answer[1 + MOST];
        MPI_Status status;
        MPI_Message message = await(&status);
        int bytes;
        MPI_Get_count(&status, MPI_BYTE, &bytes);
        MPI_Mrecv(answer, bytes, MPI_BYTE, &message, &status);
        uint64_t count = (uint64_t)bytes / sizeof *answer - 1;
        if (next < job.chunks) {
            block.first = next;
            block.count = size < job.chunks - next ? size : job.chunks - next;
            next += block.count;
            MPI_Send(&block, sizeof block, MPI_BYTE, status.MPI_SOURCE, BLOCK, MPI_COMM_WORLD);
        }
        memcpy(outputs + answer[0], answer + 1, count * sizeof *answer);
        missing -= count;
    }
    uint64_t sum = 0;
    for (uint64_t i = 0; i < job.chunks; i++) sum += outputs[i];
    return sum;
}

/* The harness stops all ranks between requests. */
static void rest(void) {}

static void work(void) {
    static uint64_t answer[1 + MOST];
    for (;;) {
        struct block block;
        MPI_Status status;
        MPI_Message message = await(&status);
        MPI_Mrecv(&block, sizeof block, MPI_BYTE, &message, &status);
        if (status.MPI_TAG == END) return;
        struct job job = {block.chunks, block.steps, (enum shape)block.shape};
        answer[0] = block.first;
        for (uint64_t i = 0; i < block.count; i++) answer[1 + i] = chunk(job, block.first + i);
        MPI_Send(answer, (int)((1 + block.count) * sizeof *answer), MPI_BYTE, 0, DONE, MPI_COMM_WORLD);
    }
}

/* The process ids of all ranks, in a line. */
static void introduce(int rank) {
    long long mine = getpid(), all[ranks];
    MPI_Gather(&mine, 1, MPI_LONG_LONG, all, 1, MPI_LONG_LONG, 0, MPI_COMM_WORLD);
    if (rank > 0) return;
    for (int i = 0; i < ranks; i++) printf("%lld%c", all[i], i + 1 < ranks ? ' ' : '\n');
    fflush(stdout);
}

int main(int count, char **words) {
    int rank;
    MPI_Init(&count, &words);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    polls = strcmp(words[1], "polls") == 0;
    block_size = strtoull(words[2], NULL, 10);
    introduce(rank);
    if (rank > 0) {
        work();
    } else {
        serve();
        for (int other = 1; other < ranks; other++) MPI_Send(NULL, 0, MPI_BYTE, other, END, MPI_COMM_WORLD);
    }
    MPI_Finalize();
    return 0;
}
