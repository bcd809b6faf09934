/* Waivers: whose message core gets hangs on what the check may come to. */
#include "api_routes.h"
#include "api_shapes.h"
#include "api_verb.h"
#include "api_words.h"

#include <base/clock.h>
#include <trust/check.h>

#include <assert.h>

static_assert(sizeof(struct msg_waiver_add) == sizeof(struct msg_waiver_grant),
              "one body serves both");

/* The body says for how long. */
static enum result finish_add(const struct request *request, struct asking *asking, struct err *err)
{
    struct msg_waiver_add *add = &asking->message.waiver_add;
    add->expires_s += clock_now_s();
    return api_read_word("check", request_view(request)->parameters[0], &words_check, &add->check,
                         err);
}

static const struct verb_plan add = {
    .type = IPC_WAIVER_ADD,
    .shape = &shape_waiver_add,
    .finish = finish_add,
};

static const struct verb_plan grant = {
    .type = IPC_WAIVER_GRANT,
    .shape = &shape_waiver_add,
    .finish = finish_add,
};

void api_waiver_add(struct request *request)
{
    uint8_t number = 0;
    struct err err = {0};
    if (api_read_word("check", request_view(request)->parameters[0], &words_check, &number, &err) !=
        OK) {
        request_refuse(request, &err);
        return;
    }
    bool takes_two = check_most_severe(check_find(number)) > SEVERITY_MEDIUM;
    api_verb_run(request, takes_two ? &grant : &add);
}

static enum result finish_end(const struct request *request, struct asking *asking, struct err *err)
{
    return api_read_number("waiver", request_view(request)->parameters[0], 1, INT64_MAX,
                           &asking->message.waiver_end.waiver, err);
}

static const struct verb_plan end = {
    .type = IPC_WAIVER_END,
    .shape = &shape_waiver_end,
    .finish = finish_end,
};

void api_waiver_end(struct request *request)
{
    api_verb_run(request, &end);
}
