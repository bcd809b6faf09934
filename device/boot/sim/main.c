/* The boot core, and a power cut at every flash operation of its lives.
 *
 * Each life runs once without a cut. At each of its operations the flash is copied, the operation
 * is torn, and the copy lives on from there: once undisturbed, and once with a second cut somewhere
 * in it. What must hold at every start is in check(); what a life must reach, in life.c.
 *
 * Of second cuts one in SECOND is made, with --long all; with --sparse, for a build with
 * sanitizers, one operation in SPARSE is cut. Images fill half of a slot, with --long nearly all of
 * it.
 *
 * usage: boot-sim [--life NAME] [--long | --sparse] | --replay NUMBER */
#include "life.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Power cuts cost starts: each may undo one update that was under way. */
#define STARTS_MORE 6
#define SECOND 8
#define SPARSE 16

static const struct geometry geometries[] = {
    {"512/4, 64 KiB", 512, 4, 65536},
    {"4096/8, 64 KiB", 4096, 8, 65536},
    {"4096/256, 64 KiB", 4096, 256, 65536},
    {"4096/4, 256 KiB", 4096, 4, 262144}, /* --long, as the next */
    {"131072/32, 256 KiB", 131072, 32, 262144},
};
#define GEOMETRIES_N 5
#define GEOMETRIES_SHORT 3

/* One number says which case: life, geometry, whether there was a second cut, and the operation. */
struct number {
    unsigned life, geometry;
    bool is_twice;
    uint64_t operation;
};

static uint64_t number_of(const struct number *n)
{
    return ((n->operation * 2 + n->is_twice) * GEOMETRIES_N + n->geometry) * 16 + n->life;
}

static struct number number_from(uint64_t v)
{
    return (struct number){(unsigned)(v % 16), (unsigned)(v / 16 % GEOMETRIES_N),
                           v / 16 / GEOMETRIES_N % 2, v / 16 / GEOMETRIES_N / 2};
}

struct run {
    const struct world *world;
    const struct life *life;
    struct number number;
    struct model after; /* the copy that lives on */
    uint64_t cut_at;    /* a second cut, in `after`: an operation; 0: none */
    jmp_buf power;
    uint64_t cases;
    uint64_t only; /* an operation; UINT64_MAX: every one */
    bool is_long, is_sparse;
    const char *broken;
};

/* ---- what holds at every start */

static const uint32_t counters[WORLD_IMAGES] = {1, 1, 2, 0, 5}, key_numbers[] = {1, 2, 2, 2, 3};

static const char *check(const struct on *on, const struct model *model)
{
    struct boot_state state;
    if (on->report->slot == BOOT_NONE)
        return "something verified runs";
    if (!world_is_true(on->world, model, on->report))
        return "what runs is what was verified";
    (void)state_read(on->device->flash, &on->device->layout.state, &state);
    if (counters[on->image] < state.counter)
        return "nothing runs below the security counter";
    if (key_numbers[on->image] < state.key_floor)
        return "nothing runs by a key below the floor";
    if (on->image == IMAGE_LOW || on->image == IMAGE_FOREIGN)
        return "nothing runs that could not be installed";
    return model->violation;
}

/* The device is switched on until its life is over; what broke, or NULL. */
static const char *live(const struct run *run, struct model *model, unsigned starts)
{
    struct boot_device device = run->world->device;
    device.flash = &model->flash;
    for (unsigned i = 0; i < starts; i++) {
        struct boot_report report;
        struct on on = {.world = run->world, .device = &device, .report = &report};
        boot_start(&device, &report);
        on.image = world_image_of(run->world, &report);
        on.broken = check(&on, model);
        bool is_over = on.broken == NULL && run->life->next(&on);
        if (on.broken == NULL)
            on.broken = model->violation;
        if (on.broken != NULL || is_over)
            return on.broken;
    }
    return "its life comes to an end";
}

/* ---- cuts */

static void cut_again(struct model *model)
{
    struct run *run = model->watcher;
    if (model->done + 1 < run->cut_at)
        return;
    model->watch = NULL;
    model_tear(model, model);
    longjmp(run->power, 1);
}

/* From a torn copy on; with a second cut where `cut_at` is set. */
static const char *live_on(struct run *run)
{
    struct model *after = &run->after;
    if (run->cut_at != 0) {
        after->watch = cut_again;
        after->watcher = run;
        if (setjmp(run->power) == 0) {
            const char *broken = live(run, after, run->life->starts + STARTS_MORE);
            after->watch = NULL;
            return broken;
        }
    }
    return live(run, after, run->life->starts + STARTS_MORE);
}

static void try_cut(struct run *run, const struct model *model, bool is_twice)
{
    model_copy(&run->after, model);
    run->after.random = (run->number.operation + 1) * UINT64_C(0x9e3779b97f4a7c15) + is_twice;
    model_tear(&run->after, model);
    run->cut_at = is_twice ? 1 + model_random(&run->after) % (run->number.operation + 64) : 0;
    run->number.is_twice = is_twice;
    const char *broken = live_on(run);
    run->cases++;
    if (broken == NULL)
        return;
    printf("boot-sim: broken: %s\n#   %s on %s, a cut in operation %llu%s\n#   boot-sim --replay "
           "%llu\n",
           broken, run->life->name, run->world->geometry->name,
           (unsigned long long)run->number.operation + 1, is_twice ? ", and a second" : "",
           (unsigned long long)number_of(&run->number));
    run->broken = broken;
}

static void cut_here(struct model *model)
{
    struct run *run = model->watcher;
    run->number.operation = model->done;
    if (run->broken != NULL || (run->only != UINT64_MAX && run->only != model->done) ||
        (run->is_sparse && model->done % SPARSE != 0))
        return;
    try_cut(run, model, false);
    bool is_twice = run->is_long || run->only != UINT64_MAX || model->done % SECOND == 0;
    if (run->broken == NULL && is_twice)
        try_cut(run, model, true);
}

struct options {
    const char *life; /* NULL: every one */
    bool is_long, is_sparse;
    uint64_t only;
    unsigned n; /* cases so far */
};

static bool run_life(unsigned life, unsigned geometry, struct options *options)
{
    struct world world;
    struct model model;
    struct run run = {.world = &world,
                      .life = &lives[life],
                      .only = options->only,
                      .is_long = options->is_long,
                      .is_sparse = options->is_sparse,
                      .number = {.life = life, .geometry = geometry}};
    uint32_t slot_n = geometries[geometry].slot_n;
    world_open(&world, &geometries[geometry], lives[life].is_single,
               geometry < GEOMETRIES_SHORT ? slot_n / 2 : slot_n / 8 * 7);
    model_open(&model, &geometries[geometry], world.factory.n, 1);
    model_open(&run.after, &geometries[geometry], world.factory.n, 1);
    model_copy(&model, &world.factory);
    model.watch = cut_here;
    model.watcher = &run;
    const char *broken = live(&run, &model, lives[life].starts);
    if (broken == NULL)
        broken = run.broken;
    printf("%sok %u - %s, %s: %llu operations, %llu cuts%s%s\n", broken != NULL ? "not " : "",
           ++options->n, lives[life].name, geometries[geometry].name,
           (unsigned long long)model.done, (unsigned long long)run.cases,
           broken != NULL ? ": " : "", broken != NULL ? broken : "");
    model_close(&run.after);
    model_close(&model);
    world_close(&world);
    return broken == NULL;
}

static bool run_all(struct options *options)
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

int main(int argc, char **argv)
{
    struct options options = {.only = UINT64_MAX};
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3 && strcmp(argv[1], "--replay") == 0) {
        struct number number = number_from(strtoull(argv[2], NULL, 10));
        options.only = number.operation;
        return number.life < lives_n && run_life(number.life, number.geometry, &options) ? 0 : 1;
    }
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
    return run_all(&options) ? 0 : 1;
}
