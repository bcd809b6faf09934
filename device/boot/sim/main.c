/* The boot core, and a power cut at every flash operation of its lives.
 *
 * Each life runs once without a cut. At each of its operations the flash is copied, the operation
 * is torn, and the copy lives on from there: once undisturbed, and once with a second cut somewhere
 * in it. Then it runs on flash that is spoilt: a bit that sticks, or blocks that are worn; each
 * second time with a cut as well. What must hold at every start is in check() of run.c; what a life
 * must reach, in life.c.
 *
 * Of second cuts one in SECOND is made, with --long all; with --sparse, for a build with
 * sanitizers, one operation in SPARSE is cut. Images fill half of a slot, with --long nearly all of
 * it.
 *
 * usage: boot-sim [--life NAME] [--long | --sparse] | --replay NUMBER */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 8
#define SPARSE 16
#define SPOILT 400

struct options {
    const char *life; /* NULL: every one */
    bool is_long, is_sparse;
    unsigned n; /* runs so far */
};

static bool say(const struct run *run, unsigned n)
{
    printf("%sok %u - %s, %s: %llu operations, %llu cuts; %llu times spoilt: %llu refused, %llu "
           "had nothing to run%s%s\n",
           run->broken != NULL ? "not " : "", n, run->life->name, run->world.geometry->name,
           (unsigned long long)run->operations, (unsigned long long)run->cuts,
           (unsigned long long)run->spoilt, (unsigned long long)run->refused,
           (unsigned long long)run->stranded, run->broken != NULL ? ": " : "",
           run->broken != NULL ? run->broken : "");
    return run->broken == NULL;
}

static bool run_life(unsigned life, unsigned geometry, struct options *options)
{
    const struct effort effort = {
        .sparse = options->is_sparse ? SPARSE : 1,
        .second = options->is_long ? 1 : SECOND,
        .spoilt_n = options->is_sparse ? SPOILT / SPARSE : SPOILT,
    };
    struct run run;
    run_open(&run, life, geometry, &effort);
    run_all(&run);
    bool is_well = say(&run, ++options->n);
    run_close(&run);
    return is_well;
}

static bool run_lives(struct options *options)
{
    unsigned from = options->is_long ? GEOMETRIES_SHORT : 0;
    unsigned to = options->is_long ? GEOMETRIES_N : GEOMETRIES_SHORT;
    bool is_well = true;
    for (unsigned life = 0; life < lives_n; life++) {
        if (options->life != NULL && strcmp(options->life, lives[life].name) != 0)
            continue;
        for (unsigned geometry = from; geometry < to; geometry++)
            is_well &= run_life(life, geometry, options);
    }
    printf("1..%u\n", options->n);
    return is_well && options->n > 0;
}

static bool replay(const char *text)
{
    struct number number;
    struct run run;
    if (!number_from(strtoull(text, NULL, 10), &number))
        return false;
    run_open(&run, number.life, number.geometry, &(struct effort){1, 1, 0});
    run_one(&run, &number);
    bool is_well = say(&run, 1);
    run_close(&run);
    return is_well;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3 && strcmp(argv[1], "--replay") == 0)
        return replay(argv[2]) ? 0 : 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--long") == 0) {
            options.is_long = true;
        } else if (strcmp(argv[i], "--sparse") == 0) {
            options.is_sparse = true;
        } else if (strcmp(argv[i], "--life") == 0 && i + 1 < argc) {
            options.life = argv[++i];
        } else {
            fprintf(stderr,
                    "usage: boot-sim [--life NAME] [--long | --sparse] | --replay NUMBER\n");
            return 2;
        }
    }
    return run_lives(&options) ? 0 : 1;
}
