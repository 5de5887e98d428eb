/* A master and its workers, by hand, whose chunks or outputs are large: `large WAIT DIRECTION BYTES`. WAIT is as in
   master.c. DIRECTION is `in` for chunks of so many bytes and outputs of a number, and `out` for the opposite. A chunk is
   made when it is sent, an output when its chunk runs, and both are freed after their use. Two chunks are in flight for
   each worker. Sends are MPI_Send. */

#define _GNU_SOURCE
#include "../../../../benches/overhead/native/helper.h"

#include <mpi.h>
#include <unistd.h>

enum tag { CHUNK, OUTPUT, END };
enum { IN_FLIGHT = 2 };

static int ranks, polls, is_in;
static size_t bytes;

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

/* Sends a number, in so many bytes. */
static void send(uint64_t number, size_t length, int to, int tag) {
    unsigned char *message = malloc(length);
    memset(message, 1, length);
    memcpy(message, &number, sizeof number);
    MPI_Send(message, (int)length, MPI_BYTE, to, tag, MPI_COMM_WORLD);
    free(message);
}

/* Receives a number, and says from whom and with which tag. */
static uint64_t receive(MPI_Status *status) {
    MPI_Message found = await(status);
    int length;
    uint64_t number = 0;
    MPI_Get_count(status, MPI_BYTE, &length);
    unsigned char *message = malloc((size_t)length + 1);
    MPI_Mrecv(message, length, MPI_BYTE, &found, status);
    if ((size_t)length >= sizeof number) memcpy(&number, message, sizeof number);
    free(message);
    return number;
}

static uint64_t run(struct job job) {
    uint64_t workers = (uint64_t)ranks - 1, next = 0, sum = 0;
    size_t length = is_in ? bytes : sizeof(uint64_t);
    for (uint64_t turn = 0; turn < IN_FLIGHT * workers && next < job.chunks; turn++)
        send(next++, length, 1 + (int)(turn % workers), CHUNK);
    for (uint64_t missing = job.chunks; missing > 0; missing--) {
        MPI_Status status;
        sum += receive(&status);
        if (next < job.chunks) send(next++, length, status.MPI_SOURCE, CHUNK);
    }
    return sum;
}

/* The harness stops all ranks between requests. */
static void rest(void) {}

static void work(void) {
    for (;;) {
        MPI_Status status;
        uint64_t number = receive(&status);
        if (status.MPI_TAG == END) return;
        send(number, is_in ? sizeof number : bytes, 0, OUTPUT);
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
    is_in = strcmp(words[2], "in") == 0;
    bytes = strtoull(words[3], NULL, 10);
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
