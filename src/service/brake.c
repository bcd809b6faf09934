#include <service/brake.h>

#include <registry/subject.h>

#include <stdlib.h>
#include <string.h>

#define PORTIONS 64 /* of a limit: so much of it may be lost to a restart */

const struct brake brake_quarantine = {"quarantine", QUARANTINES_LEAST, QUARANTINES_ONE_IN};
const struct brake brake_by_person = {"by-person", 10, 1000};
const struct brake brake_early = {"early-renewal", 10, 1000};

struct brake brake_claims(const struct product *product)
{
    static const char name[] = "claimed-enrolment";
    if (product->claims_an_hour > 0)
        return (struct brake){name, product->claims_an_hour, INT64_MAX};
    return (struct brake){name, CLAIMS_LEAST, CLAIMS_ONE_IN};
}

struct budget {
    const char *name;
    int64_t product;
    int64_t hour;
    int64_t devices; /* of the product, when the hour began */
    int64_t used;
    int64_t stored; /* what the store believes to be used: never less */
    struct budget *next;
};

void budgets_free(struct budget **budgets)
{
    while (*budgets != NULL) {
        struct budget *gone = *budgets;
        *budgets = gone->next;
        free(gone);
    }
}

static enum result find_budget(struct service *service, const char *name, int64_t product,
                               struct budget **ret, struct err *err)
{
    for (struct budget *budget = service->budgets; budget != NULL; budget = budget->next)
        if (budget->product == product && strcmp(budget->name, name) == 0) {
            *ret = budget;
            return OK;
        }

    struct budget *budget = calloc(1, sizeof *budget);
    if (budget == NULL)
        return err_set(err, E_MEMORY, "no memory for a budget");
    *budget =
        (struct budget){.name = name, .product = product, .hour = -1, .next = service->budgets};
    service->budgets = *ret = budget;
    return OK;
}

/* A new hour: what the store remembers of it, and how many devices there are now. */
static enum result begin_hour(struct service *service, struct budget *budget, int64_t hour,
                              struct err *err)
{
    int64_t devices = 0, used = 0;
    TRY(store_count_devices(service->store, budget->product, bytes_of(NULL, 0), &devices, err));
    struct counter counter = {budget->name, budget->product, hour};
    TRY(store_count(service->store, &counter, 0, &used, err));
    budget->hour = hour;
    budget->devices = devices;
    budget->used = budget->stored = used;
    return OK;
}

enum result brake_count(struct service *service, const struct brake *brake, int64_t product,
                        int64_t now_s, bool *ret_is_free, struct err *err)
{
    struct budget *budget = NULL;
    TRY(find_budget(service, brake->name, product, &budget, err));
    if (budget->hour != now_s / 3600)
        TRY(begin_hour(service, budget, now_s / 3600, err));

    int64_t share = budget->devices / brake->one_in;
    int64_t most = share > brake->least ? share : brake->least;
    *ret_is_free = budget->used < most;
    if (!*ret_is_free)
        return OK;
    struct counter counter = {brake->name, product, budget->hour};
    if (budget->used >= budget->stored)
        TRY(store_count(service->store, &counter, most / PORTIONS + 1, &budget->stored, err));
    budget->used++;
    return OK;
}
