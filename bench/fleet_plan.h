/* Before anything happens: time, chance, and what there is to be. */
#ifndef BENCH_FLEET_PLAN_H
#define BENCH_FLEET_PLAN_H

#include <base/err.h>

#include <stdbool.h>
#include <stdint.h>

#define DAY_S INT64_C(86400)
#define YEAR_S (365 * DAY_S)
#define FLEET_NAME_MAX 32

/* ---- fleet_clock.c: the one source of time and of random octets in this process ---- */

void fleet_set_clock(int64_t now_s);
void fleet_seed(uint64_t seed); /* of base/rand.h and of OpenSSL */

/* Draws of the history, which are no other numbers than those of keys and salts. */
struct draw {
    uint64_t state;
};
uint64_t draw_next(struct draw *draw);
uint64_t draw_below(struct draw *draw, uint64_t below);
int64_t draw_between(struct draw *draw, int64_t from, int64_t to); /* both included */
bool draw_chance(struct draw *draw, double chance);

/* ---- fleet_plan.c: what there is to be, before anything happens ---- */

struct fleet_options {
    uint64_t seed;
    int64_t until_s; /* the last instant of the history */
    const char *out;
    uint32_t devices, products, owners, years, findings;
};

struct plan_product {
    char name[FLEET_NAME_MAX], code[4];
    int64_t validity_s, grace_s;
    bool uses_tokens; /* its devices enrol by token, the others by a registered key */
};

struct plan_batch {
    int64_t at_s; /* imported */
    uint32_t first, count;
    uint32_t product, owner;
    char name[FLEET_NAME_MAX];
};

struct plan {
    struct draw draw;
    int64_t from_s, until_s;
    struct plan_product *products;
    struct plan_batch *batches;
    uint32_t products_n, owners_n, batches_n;
};

MUST_USE enum result plan_make(const struct fleet_options *options, struct plan *ret,
                               struct err *err);
void plan_free(struct plan *plan);
struct plan_owner {
    char name[FLEET_NAME_MAX];
} plan_owner_name(uint32_t owner); /* empty for 0 */

#endif
