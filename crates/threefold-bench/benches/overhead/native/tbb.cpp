// oneTBB. The argument is the number of threads, the caller among them.

#include "helper.h"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <chrono>
#include <thread>
#include <vector>

static tbb::task_arena *arena;
static std::vector<uint64_t> outputs;

static uint64_t run(struct job job) {
    if (outputs.size() < job.chunks) outputs.resize(job.chunks);
    arena->execute([&] {
        tbb::parallel_for(
            tbb::blocked_range<uint64_t>(0, job.chunks, 1),
            [&](const tbb::blocked_range<uint64_t> &range) {
                for (uint64_t i = range.begin(); i != range.end(); i++) outputs[i] = chunk(job, i);
            },
            tbb::simple_partitioner());
    });
    uint64_t sum = 0;
    for (uint64_t i = 0; i < job.chunks; i++) sum += outputs[i];
    return sum;
}

// Its threads fall asleep by themselves after a few hundred microseconds.
static void rest() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

int main(int count, char **words) {
    int threads = count > 1 ? atoi(words[1]) : 1;
    tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
    tbb::task_arena own(threads);
    arena = &own;
    return serve();
}
