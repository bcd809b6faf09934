/* Open tokens and permits of a device: ways in that an act ends. */
#include <service/verb.h>

static enum result end_tokens(struct service *service, int64_t device,
                              struct msg_verb_answer *answer, struct err *err)
{
    struct token tokens[LIMIT_DOORS];
    size_t n = 0;
    TRY(store_open_tokens(service->store, device, tokens, LIMIT_DOORS, &n, err));
    for (size_t i = 0; i < n; i++)
        change_int(act_change(&service->act, TABLE_TOKEN, tokens[i].id), COL_TOKEN_STATE, 3);
    answer->tokens = (uint32_t)n;
    return OK;
}

enum result doors_end(struct service *service, int64_t device, struct msg_verb_answer *answer,
                      struct err *err)
{
    struct permit permits[LIMIT_DOORS];
    size_t n = 0;
    TRY(end_tokens(service, device, answer, err));
    TRY(store_open_permits(service->store, device, permits, LIMIT_DOORS, &n, err));
    for (size_t i = 0; i < n; i++)
        change_int(act_change(&service->act, TABLE_PERMIT, permits[i].id), COL_PERMIT_STATE, 3);
    answer->permits = (uint32_t)n;
    return OK;
}
