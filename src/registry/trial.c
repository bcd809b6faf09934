#include <registry/trial.h>

#include <base/rand.h>
#include <base/text.h>
#include <registry/about.h>
#include <registry/policy.h>
#include <registry/subject.h>

#include <stdio.h>
#include <stdlib.h>

#define LOOK_IDS 20000 /* ids that one step goes over, of whatever product */

/* ---- the policies on trial ---------------------------------------------------------------------
 */

enum result trial_begin(struct store *store, int64_t product, const struct policy_part *part,
                        struct trial *ret, struct err *err)
{
    int64_t last = 0;
    struct trial trial = {.product = product, .part = *part};
    TRY(store_count_devices(store, product, bytes_of(NULL, 0), &trial.devices, err));
    TRY(store_max_id(store, TABLE_PRODUCT, &last, err));
    TRY(policy_read_part(store, 0, &trial.fleet, err));
    if (product == 0)
        trial.fleet = *part;
    trial.wanted = trial.devices < TRIAL_DEVICES ? trial.devices : TRIAL_DEVICES;
    trial.products_n = last + 1;
    trial.products = calloc((size_t)trial.products_n, sizeof trial.products[0]);
    if (trial.products == NULL)
        return err_set(err, E_MEMORY, "no memory to judge by a policy");
    *ret = trial;
    return OK;
}

void trial_free(struct trial *trial)
{
    free(trial->products);
    trial->products = NULL;
    trial->products_n = 0;
}

static enum result find_product(struct store *store, struct trial *trial, int64_t id,
                                struct trial_product **ret, struct err *err)
{
    struct trial_product *product = &trial->products[id];
    *ret = product;
    if (product->is_known)
        return OK;
    TRY(policy_read_part(store, id, &product->own, err));
    if (id == trial->product)
        product->own = trial->part;
    TRY(store_count_devices(store, id, bytes_of(NULL, 0), &product->devices, err));
    product->is_known = true;
    return OK;
}

/* What `troth product` sets is in no policy. */
static struct policy proposed(const struct trial *trial, const struct trial_product *product,
                              const struct policy *now)
{
    struct policy policy = policy_normal();
    policy_apply(&trial->fleet, &policy);
    policy_apply(&product->own, &policy);
    policy.least_proof = now->least_proof;
    policy.grace_s = now->grace_s;
    return policy;
}

/* ---- one device --------------------------------------------------------------------------------
 */

static bool quarantines(const struct standing *judged, const struct policy *policy)
{
    for (size_t i = 0; i < judged->n; i++)
        if (policy->effect[judged->findings[i].check->number] == EFFECT_QUARANTINE)
            return true;
    return false;
}

static bool count_checks(struct trial *trial, const struct standing *now,
                         const struct standing *then)
{
    bool is_touched = false;
    for (int number = 1; number <= CHECK_MAX; number++) {
        bool was = standing_has(now, number), is = standing_has(then, number);
        trial->opens[number] += is && !was;
        trial->closes[number] += was && !is;
        is_touched = is_touched || was != is;
    }
    return is_touched;
}

static void count(struct trial *trial, struct trial_product *product, const struct about *about,
                  int64_t now_s)
{
    const struct policy policy = proposed(trial, product, &about->policy);
    struct standing now = standing(&about->facts, &about->policy, now_s);
    struct standing then = standing(&about->facts, &policy, now_s);
    bool is_touched = count_checks(trial, &now, &then);
    bool is_refused = !device_is_tombstone(about->facts.state) &&
                      standing_refusing(&then, &policy) != 0 &&
                      standing_refusing(&now, &about->policy) == 0;
    bool can_be = device_edge(about->facts.state, VERB_QUARANTINE) != STATE_NONE;
    bool is_quarantined =
        can_be && quarantines(&then, &policy) && !quarantines(&now, &about->policy);
    trial->refused += is_refused;
    trial->quarantined += is_quarantined;
    product->quarantined += is_quarantined;
    trial->touched += is_touched || is_refused || is_quarantined;
}

static enum result judge(struct store *store, struct trial *trial, int64_t device, int64_t now_s,
                         struct err *err)
{
    struct about about;
    struct trial_product *product = NULL;
    const struct subject_key key = {SUBJECT_DEVICE, device};
    TRY(about_read(store, key, now_s, &about, err));
    if (about.product >= trial->products_n)
        return OK; /* added meanwhile */
    TRY(find_product(store, trial, about.product, &product, err));
    count(trial, product, &about, now_s);
    trial->judged++;
    return OK;
}

/* ---- all of them, or a sample ------------------------------------------------------------------
 */

/* Knuth's algorithm S: of those that are left each is as likely as another. */
static bool is_chosen(const struct trial *trial)
{
    int64_t left = trial->devices - trial->passed, wanted = trial->wanted - trial->judged;
    return wanted >= left || (int64_t)rand_below((uint64_t)left) < wanted;
}

enum result trial_step(struct store *store, struct trial *trial, size_t most, int64_t now_s,
                       bool *ret_done, struct err *err)
{
    size_t n = 0;
    int64_t ids[TRIAL_STEP], last = 0, before = trial->judged;
    const struct id_range range = {TABLE_DEVICE, trial->product, trial->after,
                                   trial->after + LOOK_IDS};
    TRY(store_max_id(store, TABLE_DEVICE, &last, err));
    TRY(store_ids(store, &range, ids, TRIAL_STEP, &n, err));
    int64_t until = n == TRIAL_STEP ? ids[n - 1] : range.until;
    for (size_t i = 0; i < n && trial->judged < trial->wanted; i++) {
        if ((size_t)(trial->judged - before) == most) {
            until = ids[i] - 1;
            break;
        }
        if (is_chosen(trial))
            TRY(judge(store, trial, ids[i], now_s, err));
        trial->passed++;
    }
    trial->after = until;
    *ret_done = trial->judged >= trial->wanted || trial->after >= last;
    return OK;
}

/* ---- the answer --------------------------------------------------------------------------------
 */

static int64_t held_of(const struct trial *trial, const struct trial_product *product)
{
    int64_t share = product->devices / QUARANTINES_ONE_IN;
    int64_t most = share > QUARANTINES_LEAST ? share : QUARANTINES_LEAST;
    int64_t all = trial->judged > 0 ? product->quarantined * trial->devices / trial->judged : 0;
    return all > most ? all - most : 0;
}

int64_t trial_held(const struct trial *trial)
{
    int64_t held = 0;
    for (int64_t i = 0; i < trial->products_n; i++)
        held += held_of(trial, &trial->products[i]);
    return held;
}

static void put_text(struct buf *to, const char *text)
{
    buf_put_bytes(to, text_bytes(text));
}

/* The number, and what it counts. */
static void put_count(struct buf *to, int64_t n, const char *what)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)n);
    put_text(to, text);
    put_text(to, what);
}

static void put_check(const struct trial *trial, int number, struct buf *to)
{
    char name[24];
    if (trial->opens[number] == 0 && trial->closes[number] == 0)
        return;
    snprintf(name, sizeof name, "; TD-%02d opens on ", number);
    put_text(to, name);
    put_count(to, trial->opens[number], ", closes on ");
    put_count(to, trial->closes[number], "");
}

void trial_put_words(const struct trial *trial, struct buf *to)
{
    bool is_sample = trial->wanted < trial->devices;
    put_count(to, trial->judged, " of ");
    put_count(to, trial->devices, " devices judged");
    put_text(to, is_sample ? ", chosen at random, " : ", ");
    put_count(to, trial->touched, " change");
    for (int number = 1; number <= CHECK_MAX; number++)
        put_check(trial, number, to);
    put_text(to, "; ");
    put_count(to, trial->refused, " refused, ");
    put_count(to, trial->quarantined, " quarantined at once, of which the brake holds ");
    put_count(to, trial_held(trial), "");
}
