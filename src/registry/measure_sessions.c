#include <registry/measure.h>

#include <store/sessions.h>

/* Of the open ones, the first whose ground is gone. */
struct left {
    struct store *store;
    const struct subject *subject;
    struct since since;
};

static bool is_sooner(struct since a, int64_t at_s)
{
    return a.known != YES || at_s < a.at_s;
}

static enum result look(void *ctx, const struct session_row *session, struct err *err)
{
    struct left *left = ctx;
    struct certificate certificate = {0};
    int64_t at_s = session->heard_ms / 1000;
    enum device_state state = (enum device_state)left->subject->device.state;
    TRY(store_certificate(left->store, session->certificate, &certificate, err));
    bool is_live = certificate_is_live((enum cert_state)certificate.state);
    if (is_live && !device_is_kept_down(state))
        return OK;
    if (is_live) {
        int64_t down_s = 0;
        TRY(store_kept_down_at(left->store, session->device, &down_s, err));
        at_s = down_s != 0 ? down_s : at_s;
    } else {
        at_s = certificate.state_at_s;
    }
    if (is_sooner(left->since, at_s))
        left->since = (struct since){YES, at_s};
    return OK;
}

/* What a boundary said once stays so until that session is over, or its ground is there again. */
enum result measure_sessions(struct store *store, const struct subject *subject,
                             struct facts *facts, struct err *err)
{
    struct left left = {store, subject, {.known = NO}};
    const struct finding *open = subject_finding(subject, CHECK_REVOKED_IN_USE);
    bool has_boundary = false;
    TRY(store_has_boundary(store, &has_boundary, err));
    if (!has_boundary)
        return OK;
    TRY(store_open_sessions(store, subject->device.id, look, &left, err));
    facts->session_left = left.since;
    facts->revoked_in_use = open != NULL && left.since.known == YES
                                ? (struct since){YES, open->began_at_s}
                                : (struct since){.known = NO};
    return OK;
}
