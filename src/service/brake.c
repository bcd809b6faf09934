#include <service/brake.h>

#include <stdlib.h>
#include <string.h>

struct budget {
    const char *name;
    int64_t product;
    int64_t hour;
    int64_t used;
    int64_t limit;
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
    TRY(store_count_devices(service->store, budget->product, &devices, err));
    struct counter counter = {budget->name, budget->product, hour};
    TRY(store_count(service->store, &counter, 0, &used, err));
    budget->hour = hour;
    budget->used = used;
    budget->limit = devices / BRAKE_ONE_IN > BRAKE_LEAST ? devices / BRAKE_ONE_IN : BRAKE_LEAST;
    return OK;
}

enum result brake_count(struct service *service, const char *name, int64_t product, int64_t now_s,
                        bool *ret_is_free, struct err *err)
{
    struct budget *budget = NULL;
    TRY(find_budget(service, name, product, &budget, err));
    if (budget->hour != now_s / 3600)
        TRY(begin_hour(service, budget, now_s / 3600, err));

    int64_t sum = 0;
    struct counter counter = {name, product, budget->hour};
    TRY(store_count(service->store, &counter, 1, &sum, err));
    budget->used++;
    *ret_is_free = budget->used <= budget->limit;
    return OK;
}
