#include <boundary/boundary.h>

#include <stdlib.h>

struct boundary {
    struct boundary_settings settings;
};

enum result boundary_open(const struct boundary_settings *settings, struct boundary **ret,
                          struct err *err)
{
    struct boundary *boundary = calloc(1, sizeof *boundary);
    if (boundary == NULL)
        return err_set(err, E_MEMORY, "a boundary");
    boundary->settings = *settings;
    *ret = boundary;
    return OK;
}

enum result boundary_start(struct boundary *boundary, struct err *err)
{
    (void)boundary;
    return err_set(err, E_UNREACHABLE, "there is no feed yet");
}

void boundary_close(struct boundary *boundary)
{
    free(boundary);
}

enum boundary_reason boundary_verify_der(struct boundary *boundary, struct bytes der, int64_t now_s,
                                         struct boundary_identity *ret)
{
    (void)boundary, (void)der, (void)now_s, (void)ret;
    return BOUNDARY_NO_FEED;
}

enum boundary_reason boundary_verify_escaped(struct boundary *boundary, struct bytes escaped,
                                             int64_t now_s, struct boundary_identity *ret)
{
    (void)boundary, (void)escaped, (void)now_s, (void)ret;
    return BOUNDARY_NO_FEED;
}

enum boundary_reason boundary_from_proxy(struct boundary *boundary,
                                         const struct boundary_proxy_words *words,
                                         struct boundary_identity *ret)
{
    (void)boundary, (void)words, (void)ret;
    return BOUNDARY_NO_FEED;
}

enum boundary_reason boundary_decide(struct boundary *boundary,
                                     const struct boundary_identity *identity, struct bytes service,
                                     enum boundary_action action, struct bytes resource)
{
    (void)boundary, (void)identity, (void)service, (void)action, (void)resource;
    return BOUNDARY_NO_FEED;
}

uint64_t boundary_generation(const struct boundary *boundary)
{
    (void)boundary;
    return 0;
}

bool boundary_is_watched(struct boundary *boundary, const struct boundary_identity *identity,
                         int64_t began_us)
{
    (void)boundary, (void)identity, (void)began_us;
    return false;
}

void boundary_report(struct boundary *boundary, const struct boundary_event *event)
{
    (void)boundary, (void)event;
}

void boundary_stand(struct boundary *boundary, struct boundary_standing *ret)
{
    (void)boundary;
    *ret = (struct boundary_standing){.age_ms = -1};
}

enum result boundary_enrol(const struct boundary_enrol *enrol, struct err *err)
{
    return err_set(err, E_UNREACHABLE, "%s: enrolment comes with the feed", enrol->name);
}
