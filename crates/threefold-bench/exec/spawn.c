/* spawn WORKERS COUNT PROGRAM: starts PROGRAM so often, at most WORKERS at a time, and nothing else: no output is read.
   It is the least that anybody can do who starts programs. */

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int main(int count_of_arguments, char **arguments) {
    if (count_of_arguments != 4) return 2;
    int workers = atoi(arguments[1]), count = atoi(arguments[2]), running = 0;
    char *command[] = {arguments[3], NULL};
    while (count > 0 || running > 0) {
        if (count > 0 && running < workers) {
            pid_t child;
            if (posix_spawn(&child, command[0], NULL, NULL, command, environ) != 0) return 1;
            count--;
            running++;
            continue;
        }
        int status;
        if (wait(&status) < 0 || status != 0) return 1;
        running--;
    }
    return 0;
}
