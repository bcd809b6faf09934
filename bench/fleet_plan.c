/* What there is to be: products, owners and batches, and when each batch is made. */
#include "fleet_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_LEAST 200
#define BATCH_MOST 1400
#define RARE_VALIDITY_S (825 * DAY_S)
#define BATCHES_MIN 40 /* a small fleet has smaller ones */

struct kind {
    const char *name, *code;
    int validity_d, grace_d;
    bool uses_tokens;
};

/* Most renew within a year, which is what policies ask for; one does not. */
static const struct kind kinds[] = {
    {"meter", "MTR", 500, 0, false},      {"gateway", "GTW", 365, 30, false},
    {"thermostat", "THM", 500, 30, true}, {"camera", "CAM", 365, 0, false},
    {"valve", "VLV", 550, 90, false},     {"lock", "LCK", 500, 0, false},
    {"charger", "CHG", 365, 30, true},    {"tracker", "TRK", 500, 30, false},
    {"pump", "PMP", 550, 0, false},       {"sensor", "SNS", 500, 90, true},
    {"router", "RTR", 365, 0, false},     {"inverter", "INV", 1095, 30, false},
};

struct plan_owner plan_owner_name(uint32_t owner)
{
    struct plan_owner out = {0};
    if (owner != 0)
        snprintf(out.name, sizeof out.name, "owner-%03u", owner);
    return out;
}

/* The n-th is a 1/n as frequent as the first (Zipf). 0 .. n-1. */
static uint32_t draw_skewed(struct draw *draw, uint32_t n)
{
    double sum = 0, at = 0;
    for (uint32_t i = 1; i <= n; i++)
        sum += 1.0 / i;
    double wanted = sum * (double)(draw_next(draw) >> 11) / 9007199254740992.0;
    for (uint32_t i = 1; i < n; i++) {
        at += 1.0 / i;
        if (wanted < at)
            return i - 1;
    }
    return n - 1;
}

static void name_product(struct plan_product *product, uint32_t number)
{
    const struct kind *kind = &kinds[number % LENGTH_OF(kinds)];
    uint32_t generation = number / LENGTH_OF(kinds);
    *product = (struct plan_product){
        .validity_s = kind->validity_d * DAY_S,
        .grace_s = kind->grace_d * DAY_S,
        .uses_tokens = kind->uses_tokens,
    };
    memcpy(product->code, kind->code, sizeof product->code);
    if (generation == 0)
        snprintf(product->name, sizeof product->name, "%s", kind->name);
    else
        snprintf(product->name, sizeof product->name, "%s-%u", kind->name, generation + 1);
}

/* At the end three times as many are made a day as at the beginning. */
static int64_t batch_time(const struct plan *plan, uint32_t number)
{
    int64_t span_s = plan->until_s - plan->from_s - 20 * DAY_S;
    double done = (double)number / plan->batches_n;
    return plan->from_s + 2 * DAY_S + (int64_t)((double)span_s * done * (1.5 - done / 2));
}

static uint32_t batch_size(struct plan *plan, uint32_t devices, uint32_t left)
{
    uint32_t average = (BATCH_LEAST + BATCH_MOST) / 2;
    uint32_t most = BATCH_MOST, least = BATCH_LEAST;
    if (devices / average < BATCHES_MIN) {
        least = devices / BATCHES_MIN / 2 + 1;
        most = devices / BATCHES_MIN * 3 / 2 + 1;
    }
    uint32_t size = (uint32_t)draw_between(&plan->draw, least, most);
    return size < left ? size : left;
}

/* Of one whose certificates live too long little is made. */
static uint32_t draw_product(struct plan *plan)
{
    uint32_t product = draw_skewed(&plan->draw, plan->products_n);
    bool is_rare = plan->products[product].validity_s > RARE_VALIDITY_S;
    return is_rare && draw_chance(&plan->draw, 0.7) ? 0 : product;
}

static void make_batch(struct plan *plan, uint32_t number)
{
    struct plan_batch *batch = &plan->batches[number];
    batch->product = draw_product(plan);
    batch->owner = 1 + draw_skewed(&plan->draw, plan->owners_n);
    batch->at_s = batch_time(plan, number);
    snprintf(batch->name, sizeof batch->name, "%s%05u", plan->products[batch->product].code,
             number);
}

static enum result make_batches(struct plan *plan, uint32_t devices, struct err *err)
{
    uint32_t room = devices + 1, first = 0;
    plan->batches = calloc(room, sizeof *plan->batches);
    if (plan->batches == NULL)
        return err_set(err, E_MEMORY, "no memory for %u batches", room);
    while (first < devices) {
        struct plan_batch *batch = &plan->batches[plan->batches_n++];
        batch->first = first;
        batch->count = batch_size(plan, devices, devices - first);
        first += batch->count;
    }
    for (uint32_t i = 0; i < plan->batches_n; i++)
        make_batch(plan, i);
    return OK;
}

enum result plan_make(const struct fleet_options *options, struct plan *ret, struct err *err)
{
    *ret = (struct plan){
        .draw = {options->seed},
        .from_s = options->until_s - options->years * YEAR_S,
        .until_s = options->until_s,
        .products_n = options->products,
        .owners_n = options->owners,
    };
    ret->products = calloc(options->products, sizeof *ret->products);
    if (ret->products == NULL)
        return err_set(err, E_MEMORY, "no memory for %u products", options->products);
    for (uint32_t i = 0; i < options->products; i++)
        name_product(&ret->products[i], i);
    return make_batches(ret, options->devices, err);
}

void plan_free(struct plan *plan)
{
    free(plan->products);
    free(plan->batches);
}
