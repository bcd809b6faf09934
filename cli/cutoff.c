/* What ends a trust: what it will touch, then what it did, then how long each boundary took. */
#include <base/clock.h>
#include <cli/actions.h>
#include <cli/approval.h>
#include <cli/print.h>
#include <client/backoff.h>

#include <string.h>

#define LOOK_MS 50
#define WAIT_MS 5000 /* who has not enforced it by then is named */

/* Is there a boundary that may still say that it enforces it? */
static bool is_open(const json_t *cutoff)
{
    static const char *const open[] = {"pending", "behind", "silent"};
    const char *state = json_string_value(json_object_get(cutoff, "state"));
    for (size_t i = 0; state != NULL && i < LENGTH_OF(open); i++)
        if (strcmp(state, open[i]) == 0)
            return json_array_size(json_object_get(cutoff, "boundaries")) > 0;
    return false;
}

static enum result wait_for(struct session *session, long long entry, json_t **ret, struct err *err)
{
    char path[64];
    int64_t end_us = clock_monotonic_us() + WAIT_MS * INT64_C(1000);
    snprintf(path, sizeof path, "/api/v1/cutoffs/%lld", entry);
    for (;;) {
        json_auto_t *cutoff = NULL;
        TRY(plan_get(session, path, &cutoff, err));
        if (!is_open(cutoff) || clock_monotonic_us() > end_us) {
            *ret = STEAL(cutoff);
            return OK;
        }
        backoff_sleep_ms(LOOK_MS);
    }
}

static void print_boundary(struct session *session, const json_t *boundary)
{
    const char *state = json_string_value(json_object_get(boundary, "state"));
    const char *name = json_string_value(json_object_get(boundary, "name"));
    long long ms = (long long)json_integer_value(json_object_get(boundary, "ms"));
    if (state == NULL || name == NULL)
        return;
    fputs("  ", session->out);
    print_clean(name, session->out);
    if (strcmp(state, "enforced") == 0)
        fprintf(session->out, ": enforced after %lld ms\n", ms);
    else if (strcmp(state, "unknown") == 0)
        fputs(": not measured\n", session->out);
    else
        fprintf(session->out, ": %s, not enforced after %lld ms\n", state, ms);
}

static void print_boundaries(struct session *session, const json_t *cutoff)
{
    size_t index = 0;
    const json_t *boundary = NULL;
    json_array_foreach(json_object_get(cutoff, "boundaries"), index, boundary)
        print_boundary(session, boundary);
}

/* The verb is done, whatever becomes of the question after it. */
static json_t *ask(struct session *session, const json_t *outcome)
{
    struct err err = {0};
    json_t *cutoff = NULL;
    long long entry = (long long)json_integer_value(json_object_get(outcome, "entry"));
    if (entry <= 0 || wait_for(session, entry, &cutoff, &err) == OK)
        return cutoff;
    fprintf(stderr, "troth: what boundaries do is not known: %s\n", err.text);
    return NULL;
}

enum result action_cut(struct session *session, const struct plan *plan, struct err *err)
{
    json_auto_t *reach = NULL, *outcome = NULL, *cutoff = NULL;
    bool is_dry = session_text(session, "--dry-run") != NULL;
    if (!is_dry && !session->is_json) {
        TRY(plan_rehearse(session, plan, &reach, err));
        plan_tell_reach(session, reach);
    }
    TRY(plan_post(session, plan, &outcome, err));
    if (!is_dry && session->is_json && !approval_is_asked(outcome)) {
        cutoff = ask(session, outcome);
        if (cutoff != NULL)
            json_object_set(outcome, "cutoff", cutoff);
    }
    TRY(plan_tell(session, plan, outcome, err));
    if (is_dry || session->is_json || approval_is_asked(outcome))
        return OK;
    cutoff = ask(session, outcome);
    print_boundaries(session, cutoff);
    return OK;
}
