#include "run.h"

#include <stdio.h>
#include <string.h>

/* Trouble costs starts: each cut may undo one update that was under way. */
#define STARTS_MORE 6
#define SEED 20
#define RECORD_N 56 /* octets of a record of the journal */

const struct geometry geometries[GEOMETRIES_N] = {
    {"512/4, 64 KiB", 512, 4, 65536},           {"4096/8, 64 KiB", 4096, 8, 65536},
    {"4096/256, 64 KiB", 4096, 256, 65536},     {"4096/4, 256 KiB", 4096, 4, 262144},
    {"131072/32, 256 KiB", 131072, 32, 262144},
};

/* ---- numbers */

uint64_t number_of(const struct number *n)
{
    return ((n->which * TROUBLES_N + n->trouble) * GEOMETRIES_N + n->geometry) * 16 + n->life;
}

bool number_from(uint64_t v, struct number *ret)
{
    *ret = (struct number){
        .life = (unsigned)(v % 16),
        .geometry = (unsigned)(v / 16 % GEOMETRIES_N),
        .trouble = (enum trouble)(v / 16 / GEOMETRIES_N % TROUBLES_N),
        .which = v / 16 / GEOMETRIES_N / TROUBLES_N,
    };
    return ret->life < lives_n;
}

/* ---- what holds at every start */

static const uint32_t counters[WORLD_IMAGES] = {1, 1, 2, 0, 5}, key_numbers[] = {1, 2, 2, 2, 3};

/* Is there a slot that has to start, by looking at its octets alone? */
static bool can_run(const struct run *run, const struct model *model,
                    const struct boot_state *state)
{
    for (unsigned slot = 0; slot < BOOT_SLOTS; slot++)
        for (unsigned image = IMAGE_OLD; image <= IMAGE_NEWER; image++)
            if (counters[image] >= state->counter && key_numbers[image] >= state->key_floor &&
                world_has(&run->world, model, slot, image))
                return true;
    return false;
}

/* `before` operations, the device was switched on. A bit that dies in a start, when all was looked
 * at, nobody sees before the next one. */
static const char *check(const struct run *run, const struct on *on, const struct model *model,
                         uint64_t before)
{
    struct boot_state state;
    (void)state_read(on->device->flash, &on->device->layout.state, &state);
    if (on->report->slot == BOOT_NONE && (!on->is_spoilt || can_run(run, model, &state)))
        return "what is whole and signed runs";
    if (on->report->slot == BOOT_NONE)
        return on->report->verdict == TROTH_VALID ? "it says that nothing may run" : NULL;
    bool dies_now = model->stuck.since > before && model->stuck.since <= model->done;
    if (!dies_now && !world_is_true(on->world, model, on->report))
        return "what runs is what was verified";
    if (counters[on->image] < state.counter)
        return "nothing runs below the security counter";
    if (key_numbers[on->image] < state.key_floor)
        return "nothing runs by a key below the floor";
    if (on->image == IMAGE_LOW || on->image == IMAGE_FOREIGN)
        return "nothing runs that could not be installed";
    return model->violation;
}

/* ---- a life */

/* A bit that sticks in the journal, or where nothing lies, holds up nothing; one that always stuck
 * in a copy of the key set leaves the other copy. */
static bool has_to_end(const struct run *run, const struct model *model)
{
    if (model->endurance != 0)
        return false;
    const struct boot_layout *layout = &run->world.device.layout;
    const struct boot_area *keys = layout->keys;
    uint32_t at = model->stuck.at, reach = layout->envelope_n + (uint32_t)run->world.images[0].n;
    for (unsigned i = 0; i < BOOT_SLOTS; i++)
        if (at - layout->slots[i].at < reach)
            return false;
    return model->stuck.since == 0 ||
           (at - keys[0].at >= keys[0].n && at - keys[1].at >= keys[1].n);
}

/* The device is switched on until its life is over; what broke, or NULL. */
static const char *live(struct run *run, struct model *model, unsigned starts)
{
    struct boot_device device = run->world.device;
    bool is_spoilt = model->endurance != 0 || (model->stuck.zeroes | model->stuck.ones) != 0;
    bool is_refused = false, is_over = false, is_stranded = false, was_trial = false;
    device.flash = &model->flash;
    for (unsigned i = 0; i < starts && !is_over && !is_stranded; i++) {
        struct boot_report report;
        struct on on = {
            .world = &run->world, .device = &device, .report = &report, .is_spoilt = is_spoilt};
        uint64_t before = model->done;
        boot_start(&device, &report);
        on.image = world_image_of(&run->world, &report);
        on.broken = check(run, &on, model, before);
        if (was_trial && report.is_trial && model->stuck.since == 0) /* else it may be forgotten */
            on.broken = "what nobody confirmed runs once";
        was_trial = report.is_trial;
        is_stranded = on.broken == NULL && report.slot == BOOT_NONE;
        if (on.broken == NULL && !is_stranded)
            is_over = run->life->next(&on);
        if (on.broken == NULL)
            on.broken = model->violation;
        if (on.broken != NULL)
            return on.broken;
        is_refused |= on.is_refused || (report.trial != 0 && report.trial != TROTH_VALID);
    }
    run->refused += is_refused;
    run->stranded += is_stranded;
    if (is_over || (is_spoilt && (is_refused || is_stranded) && !has_to_end(run, model)))
        return NULL;
    return "its life comes to an end";
}

static void cut_again(struct model *model)
{
    struct run *run = model->watcher;
    if (model->done + 1 < run->cut_at)
        return;
    model->watch = NULL;
    model_tear(model, model);
    longjmp(run->power, 1);
}

/* From `after` on as it is; with a cut where `cut_at` is set. */
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

static void judge_case(struct run *run)
{
    static const char *const words[TROUBLES_N] = {"a cut in operation", "two cuts, from operation",
                                                  "a bit that sticks, case", "worn blocks, case"};
    const struct number *number = &run->number;
    const char *broken = live_on(run);
    if (broken == NULL)
        return;
    printf("boot-sim: broken: %s\n#   %s on %s, %s %llu\n#   boot-sim --replay %llu\n", broken,
           run->life->name, run->world.geometry->name, words[number->trouble],
           (unsigned long long)number->which, (unsigned long long)number_of(number));
    run->broken = broken;
}

/* ---- cuts */

static void seed(struct model *model, const struct number *number)
{
    model->random = (number_of(number) + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static void try_cut(struct run *run, const struct model *model, enum trouble trouble)
{
    run->number.trouble = trouble;
    run->number.which = model->done;
    model_copy(&run->after, model);
    seed(&run->after, &run->number);
    model_tear(&run->after, model);
    run->cut_at = trouble == CUT ? 0 : 1 + model_random(&run->after) % (model->done + 64);
    run->cuts++;
    judge_case(run);
}

static void cut_here(struct model *model)
{
    struct run *run = model->watcher;
    if (run->is_alone && run->number.trouble <= CUT_TWICE && run->number.which == model->done)
        try_cut(run, model, run->number.trouble);
    if (run->is_alone || run->broken != NULL || model->done % run->effort.sparse != 0)
        return;
    try_cut(run, model, CUT);
    if (run->broken == NULL && model->done % run->effort.second == 0)
        try_cut(run, model, CUT_TWICE);
}

/* ---- what sticks and what is worn */

static uint32_t below(struct model *model, uint64_t n)
{
    return (uint32_t)(model_random(model) % n);
}

/* In slots, journal or key sets, each as likely as the other: journal and key sets are small. */
static void make_stuck(struct run *run, struct model *model)
{
    const struct boot_layout *layout = &run->world.device.layout;
    const struct boot_area *slot = &layout->slots[below(model, BOOT_SLOTS)];
    const struct boot_area areas[] = {
        {slot->at, layout->envelope_n}, *slot, layout->state, layout->keys[below(model, 2)]};
    const struct boot_area *area = &areas[below(model, 4)];
    uint32_t n = model_random(model) % 2 == 0 ? area->n : area->n / 4 + 1; /* things lie in front */
    uint8_t bit = (uint8_t)(1 << below(model, 8));
    bool is_one = below(model, 2) == 1, is_late = below(model, 2) == 1;
    model->stuck.at = area->at + below(model, n);
    model->stuck.zeroes = is_one ? 0 : bit;
    model->stuck.ones = is_one ? bit : 0;
    model->stuck.since = is_late ? below(model, run->operations + 1) : 0;
    model_stick(model);
}

/* So many records that a life fills half of the journal, and goes on to the other half. */
static void fill_journal(const struct run *run, struct model *model)
{
    struct boot_device device = run->world.device;
    uint32_t unit = model->flash.write_n, record_n = unit > RECORD_N ? unit : RECORD_N;
    uint32_t records = device.layout.state.n / 2 / record_n;
    device.flash = &model->flash;
    for (uint32_t n = records - below(model, 4); n > 0; n--)
        (void)boot_time_set(&device, records - n + 1);
    model->done = 0;
}

/* Any block; journal and key sets, which are behind the slots, as often as all of them. */
static void make_worn(const struct run *run, struct model *model)
{
    uint32_t block_n = model->flash.erase_n, first = run->world.device.layout.state.at;
    fill_journal(run, model);
    model->endurance = 1000;
    for (uint32_t n = 1 + below(model, 8 + model->n / block_n / 8); n > 0; n--) {
        uint32_t from = below(model, 2) == 0 ? 0 : first;
        uint32_t at = from + below(model, model->n - from);
        model->wear[at / block_n] = model->endurance - below(model, 3);
    }
}

static void try_spoilt(struct run *run)
{
    struct model *after = &run->after;
    model_copy(after, &run->world.factory);
    seed(after, &run->number);
    memset(&after->stuck, 0, sizeof after->stuck);
    after->endurance = 0;
    if (run->number.trouble == STUCK)
        make_stuck(run, after);
    else
        make_worn(run, after);
    run->cut_at = run->number.which % 2 == 0 ? 0 : 1 + model_random(after) % run->operations;
    run->spoilt++;
    judge_case(run);
}

static void try_all_spoilt(struct run *run)
{
    run->refused = run->stranded = 0;
    for (enum trouble trouble = STUCK; trouble < TROUBLES_N; trouble++)
        for (uint64_t i = 0; i < run->effort.spoilt_n && run->broken == NULL; i++) {
            run->number.trouble = trouble;
            run->number.which = i;
            try_spoilt(run);
        }
    if (run->broken == NULL && run->refused == 0 && run->effort.spoilt_n > 0)
        run->broken = "flash that is spoilt refuses something";
}

/* ---- all of it */

void run_open(struct run *run, unsigned life, unsigned geometry, const struct effort *effort)
{
    uint32_t slot_n = geometries[geometry].slot_n;
    *run = (struct run){
        .life = &lives[life],
        .effort = *effort,
        .number = {.life = life, .geometry = geometry},
    };
    world_open(&run->world, &geometries[geometry], lives[life].is_single,
               geometry < GEOMETRIES_SHORT ? slot_n / 2 : slot_n / 8 * 7, SEED);
    model_open(&run->whole, &geometries[geometry], run->world.factory.n, 1);
    model_open(&run->after, &geometries[geometry], run->world.factory.n, 1);
}

void run_close(struct run *run)
{
    model_close(&run->after);
    model_close(&run->whole);
    world_close(&run->world);
}

static void live_whole(struct run *run)
{
    model_copy(&run->whole, &run->world.factory);
    run->whole.watch = cut_here;
    run->whole.watcher = run;
    const char *broken = live(run, &run->whole, run->life->starts);
    run->operations = run->whole.done;
    if (run->broken == NULL)
        run->broken = broken;
}

void run_all(struct run *run)
{
    live_whole(run);
    if (run->broken == NULL)
        try_all_spoilt(run);
}

void run_one(struct run *run, const struct number *number)
{
    run->is_alone = true;
    run->number = *number;
    live_whole(run);
    if (run->broken == NULL && number->trouble > CUT_TWICE)
        try_spoilt(run);
}
