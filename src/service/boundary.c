/* Boundaries: who admits devices, at which services. */
#include <service/verb.h>

#include <base/text.h>
#include <service/boundary.h>
#include <service/finding.h>
#include <service/token.h>
#include <trust/boundary_words.h>
#include <wire/x509_crl.h>

static enum result find(struct service *service, struct bytes name, struct boundary *ret,
                        struct err *err)
{
    enum result result = store_boundary_named(service->store, name, ret, err);
    if (result == R_NOT_FOUND)
        return err_set(err, E_NOT_FOUND, "there is no boundary \"%s\" in use",
                       err_value(name).text);
    return result;
}

static enum result check_age(int64_t age_s, struct err *err)
{
    if (age_s >= 1 && age_s <= SERVICE_AGE_MAX_S)
        return OK;
    return err_set(err, E_BOUNDARY_SAYS, "age limit: seen %lld s, wanted 1 s to %d days",
                   (long long)age_s, SERVICE_AGE_MAX_S / 86400);
}

static void put_token(struct change *c, const struct token_made *token, int64_t now_s)
{
    change_blob(c, COL_BOUNDARY_TOKEN_HASH, bytes_of(token->hash, SHA256_N));
    change_int(c, COL_BOUNDARY_TOKEN_EXPIRES_AT, now_s + token->ttl_s);
    change_null(c, COL_BOUNDARY_TOKEN_SPKI);
}

/* ---- add --------------------------------------------------------------------------------------
 */

struct names {
    struct bytes list[LIMIT_SERVICES];
    size_t n;
};

static bool has(const struct names *names, struct bytes name)
{
    for (size_t i = 0; i < names->n; i++)
        if (bytes_equal(names->list[i], name))
            return true;
    return false;
}

/* Names with commas between. */
static enum result read_services(struct bytes text, struct names *ret, struct err *err)
{
    struct names names = {.n = 0};
    for (size_t at = 0; at <= text.n;) {
        size_t end = at;
        while (end < text.n && text.p[end] != ',')
            end++;
        struct bytes name = bytes_slice(text, at, end - at);
        at = end + 1;
        TRY(verb_name("service", name, err));
        if (names.n == LIMIT_SERVICES)
            return err_set(err, E_BOUNDARY_SAYS, "services: seen more than %d", LIMIT_SERVICES);
        if (has(&names, name))
            return err_set(err, E_BOUNDARY_SAYS, "services: seen \"%s\" twice",
                           err_value(name).text);
        names.list[names.n++] = name;
    }
    *ret = names;
    return OK;
}

static enum result count_one(void *context, const struct boundary *row, struct err *err)
{
    (void)row;
    (void)err;
    ++*(size_t *)context;
    return OK;
}

static enum result check_room(struct service *service, struct err *err)
{
    size_t n = 0;
    const struct filter all = {.open_only = true};
    TRY(store_boundaries(service->store, &all, count_one, &n, err));
    if (n < LIMIT_BOUNDARIES)
        return OK;
    return err_set(err, E_CONFLICT,
                   "boundaries: seen %zu that have not ended, wanted fewer than %d", n,
                   LIMIT_BOUNDARIES);
}

static enum result check_new(struct service *service, const struct msg_boundary_add *ask,
                             struct names *ret_services, struct err *err)
{
    struct boundary other;
    TRY(verb_name("boundary", ask->name, err));
    TRY(read_services(ask->services, ret_services, err));
    TRY(check_age(ask->age_s, err));
    enum result result = store_boundary_named(service->store, ask->name, &other, err);
    if (result == OK)
        return err_set(err, E_CONFLICT,
                       "there is a boundary \"%s\": `troth boundary set %s --new-token` lets it "
                       "enrol again",
                       other.name, other.name);
    if (result != R_NOT_FOUND)
        return result;
    return check_room(service, err);
}

static void add_service(struct service *service, int64_t boundary, struct bytes name, int64_t age_s)
{
    int64_t id = service_next_id(service, TABLE_SERVICE);
    struct change *c = act_change(&service->act, TABLE_SERVICE, id);
    change_int(c, COL_SERVICE_BOUNDARY, boundary);
    change_text(c, COL_SERVICE_NAME, name);
    change_int(c, COL_SERVICE_AGE_S, age_s);
    change_int(c, COL_SERVICE_FAIL_OPEN, 0);
    change_int(c, COL_SERVICE_STATE, SERVICE_IN_USE);
}

enum result verb_boundary_add(struct service *service, const struct operator_is *who,
                              const struct msg_boundary_add *ask, int64_t now_s,
                              struct msg_verb_answer *answer, struct err *err)
{
    struct token_made token;
    struct names services = {.n = 0};
    TRY(verb_allow(who, OPERATE_BOUNDARY, NULL, err));
    TRY(check_new(service, ask, &services, err));
    TRY(token_make(ask->ttl_s, &token, err));

    service_act(service, EVENT_BOUNDARY_ADDED, now_s, who->actor, 0);
    answer->object = service_next_id(service, TABLE_BOUNDARY);
    struct change *c = act_change(&service->act, TABLE_BOUNDARY, answer->object);
    change_text(c, COL_BOUNDARY_NAME, ask->name);
    put_token(c, &token, now_s);
    change_int(c, COL_BOUNDARY_STATE, BOUNDARY_OPEN);
    change_int(c, COL_BOUNDARY_CREATED_AT, now_s);
    for (size_t i = 0; i < services.n; i++)
        add_service(service, answer->object, services.list[i], ask->age_s);
    answer->created = 1;
    answer->secret = token.secret;
    TRY(service_record(service, &answer->entry, err));
    return boundary_check_room(service, bytes_of(NULL, 0), now_s, err);
}

enum result boundary_judge(struct service *service, int64_t boundary, int64_t now_s,
                           struct err *err)
{
    const struct subject_key key = {SUBJECT_BOUNDARY, boundary};
    return finding_settle_about(service, key, now_s, err);
}

/* ---- set --------------------------------------------------------------------------------------
 */

/* Changes what differs. How many of the services were meant. */
static size_t set_services(struct service *service, const struct msg_boundary_set *ask,
                           const struct boundary_service *services, size_t n)
{
    size_t meant = 0;
    for (size_t i = 0; i < n; i++) {
        const struct boundary_service *old = &services[i];
        if (ask->service.n > 0 && !bytes_equal(ask->service, text_bytes(old->name)))
            continue;
        bool has_age = ask->age_s >= 0 && ask->age_s != old->age_s;
        bool closes = ask->fail_closed != 0 && old->is_fail_open;
        meant++;
        if (!has_age && !closes)
            continue;
        struct change *c = act_change(&service->act, TABLE_SERVICE, old->id);
        if (has_age)
            change_int(c, COL_SERVICE_AGE_S, ask->age_s);
        if (closes)
            change_int(c, COL_SERVICE_FAIL_OPEN, 0);
    }
    return meant;
}

static enum result no_service(const struct boundary *row, struct bytes name, struct err *err)
{
    return err_set(err, E_NOT_FOUND, "boundary \"%s\" has no service \"%s\"", row->name,
                   err_value(name).text);
}

static enum result add_one(struct service *service, const struct boundary *row,
                           const struct msg_boundary_set *ask, size_t n, struct err *err)
{
    TRY(verb_name("service", ask->add, err));
    if (n == LIMIT_SERVICES)
        return err_set(err, E_BOUNDARY_SAYS, "services: seen %zu and one more, wanted at most %d",
                       n, LIMIT_SERVICES);
    add_service(service, row->id, ask->add, ask->age_s == -1 ? SERVICE_AGE_S : ask->age_s);
    return OK;
}

static size_t find_service(const struct boundary_service *services, size_t n, struct bytes name)
{
    size_t at = 0;
    while (at < n && !bytes_equal(name, text_bytes(services[at].name)))
        at++;
    return at;
}

/* One that it guards already stays as it is. */
static enum result change_services(struct service *service, const struct boundary *row,
                                   const struct msg_boundary_set *ask,
                                   const struct boundary_service *services, size_t n,
                                   struct err *err)
{
    bool adds = ask->add.n > 0 && find_service(services, n, ask->add) == n;
    size_t ends = find_service(services, n, ask->remove);
    bool is_more =
        ask->service.n > 0 || ask->fail_closed != 0 || (ask->age_s != -1 && ask->add.n == 0);
    if (is_more)
        return err_set(err, E_BOUNDARY_SAYS,
                       "service, age_s or fail_closed: seen beside add or remove, wanted one after "
                       "the other; age_s with add alone");
    if (adds)
        TRY(add_one(service, row, ask, n, err));
    if (ask->remove.n == 0)
        return OK;
    if (ends == n)
        return no_service(row, ask->remove, err);
    if (n == 1 && !adds)
        return err_set(err, E_BOUNDARY_SAYS,
                       "remove: seen the last service of \"%s\", wanted another beside it; `troth "
                       "boundary remove %s` ends it",
                       row->name, row->name);
    change_int(act_change(&service->act, TABLE_SERVICE, services[ends].id), COL_SERVICE_STATE,
               SERVICE_ENDED);
    return OK;
}

enum result verb_boundary_set(struct service *service, const struct operator_is *who,
                              const struct msg_boundary_set *ask, int64_t now_s,
                              struct msg_verb_answer *answer, struct err *err)
{
    struct boundary row;
    struct boundary_service services[LIMIT_SERVICES];
    struct token_made token;
    size_t n = 0;
    TRY(verb_allow(who, OPERATE_BOUNDARY, NULL, err));
    TRY(find(service, ask->name, &row, err));
    if (ask->age_s != -1)
        TRY(check_age(ask->age_s, err));
    TRY(store_services(service->store, row.id, services, &n, err));

    struct act *act = service_act(service, EVENT_BOUNDARY_CHANGED, now_s, who->actor, 0);
    if (ask->add.n > 0 || ask->remove.n > 0)
        TRY(change_services(service, &row, ask, services, n, err));
    else if (set_services(service, ask, services, n) == 0)
        return no_service(&row, ask->service, err);
    if (ask->new_token != 0) {
        TRY(token_make(ask->ttl_s, &token, err));
        put_token(act_change(act, TABLE_BOUNDARY, row.id), &token, now_s);
        answer->secret = token.secret;
    }
    answer->object = row.id;
    answer->changed = act->n > 0;
    answer->unchanged = act->n == 0;
    if (act->n == 0)
        return OK;
    TRY(service_record(service, &answer->entry, err));
    if (ask->add.n > 0)
        TRY(boundary_check_room(service, ask->add, now_s, err));
    return boundary_judge(service, row.id, now_s, err);
}

enum result verb_boundary_fail_open(struct service *service, const struct operator_is *who,
                                    const struct msg_boundary_fail_open *ask, int64_t now_s,
                                    struct msg_verb_answer *answer, struct err *err)
{
    struct boundary row;
    struct boundary_service services[LIMIT_SERVICES];
    size_t n = 0, at = 0;
    TRY(verb_allow(who, OPERATE_BOUNDARY, NULL, err));
    TRY(find(service, ask->name, &row, err));
    TRY(store_services(service->store, row.id, services, &n, err));
    at = find_service(services, n, ask->service);
    if (at == n)
        return no_service(&row, ask->service, err);
    answer->object = row.id;
    answer->unchanged = services[at].is_fail_open;
    if (services[at].is_fail_open)
        return OK;
    answer->changed = 1;
    struct act *act = service_act(service, EVENT_SERVICE_FAIL_OPEN, now_s, who->actor, 0);
    change_int(act_change(act, TABLE_SERVICE, services[at].id), COL_SERVICE_FAIL_OPEN, 1);
    TRY(service_record(service, &answer->entry, err));
    return boundary_judge(service, row.id, now_s, err);
}

/* ---- end --------------------------------------------------------------------------------------
 */

static enum result end_services(struct service *service, const struct boundary *row,
                                struct err *err)
{
    struct boundary_service services[LIMIT_SERVICES];
    size_t n = 0;
    TRY(store_services(service->store, row->id, services, &n, err));
    for (size_t i = 0; i < n; i++)
        change_int(act_change(&service->act, TABLE_SERVICE, services[i].id), COL_SERVICE_STATE,
                   SERVICE_ENDED);
    return OK;
}

static void put_no_token(struct change *c)
{
    change_null(c, COL_BOUNDARY_TOKEN_HASH);
    change_null(c, COL_BOUNDARY_TOKEN_EXPIRES_AT);
    change_null(c, COL_BOUNDARY_TOKEN_SPKI);
}

enum result boundary_end(struct service *service, const struct boundary *row, int64_t but,
                         int64_t now_s, uint32_t *ret_certificates, struct err *err)
{
    struct certificate live[BOUNDARY_LIVE_MAX];
    size_t n = 0, ended = 0;
    if (row->has_spki)
        TRY(store_live_with_key(service->store, row->spki, live, BOUNDARY_LIVE_MAX, &n, err));
    struct change *c = act_change(&service->act, TABLE_BOUNDARY, row->id);
    put_no_token(c);
    change_int(c, COL_BOUNDARY_STATE, BOUNDARY_ENDED);
    TRY(end_services(service, row, err));
    for (size_t i = 0; i < n; i++) {
        if (live[i].id == but)
            continue;
        service_end_certificate(service, &live[i], CERT_REVOKED, X509_REASON_CESSATION, now_s);
        ended++;
    }
    *ret_certificates = (uint32_t)ended;
    return OK;
}

enum result verb_boundary_remove(struct service *service, const struct operator_is *who,
                                 const struct msg_boundary_remove *ask, int64_t now_s,
                                 struct msg_verb_answer *answer, struct err *err)
{
    struct boundary row;
    uint8_t note[32];
    TRY(verb_allow(who, OPERATE_BOUNDARY, NULL, err));
    TRY(find(service, ask->name, &row, err));
    service_act(service, EVENT_BOUNDARY_REMOVED, now_s, who->actor, 0);
    TRY(verb_personal(service, ask->note, note, err));
    TRY(boundary_end(service, &row, 0, now_s, &answer->certificates, err));
    answer->object = row.id;
    answer->changed = 1;
    TRY(service_record(service, &answer->entry, err));
    return boundary_judge(service, row.id, now_s, err);
}

/* ---- first use ---------------------------------------------------------------------------------
 */

enum result boundary_prove(struct service *service, const struct certificate *certificate,
                           int64_t now_s, struct err *err)
{
    struct boundary row;
    struct certificate live[BOUNDARY_LIVE_MAX];
    size_t n = 0;
    enum result result = store_boundary_key(service->store, certificate->spki, &row, err);
    if (result == R_NOT_FOUND)
        return OK;
    TRY(result);
    TRY(store_live_with_key(service->store, certificate->spki, live, BOUNDARY_LIVE_MAX, &n, err));

    const struct actor core = {ACTOR_CORE, 0};
    struct act *act = service_act(service, EVENT_BOUNDARY_PROVEN, now_s, core, 0);
    struct change *c = act_change(act, TABLE_CERTIFICATE, certificate->id);
    change_int(c, COL_CERTIFICATE_STATE, CERT_CURRENT);
    change_int(c, COL_CERTIFICATE_STATE_AT, now_s);
    change_int(c, COL_CERTIFICATE_PROVEN_AT, now_s);
    for (size_t i = 0; i < n; i++)
        if (live[i].id != certificate->id)
            service_end_certificate(service, &live[i], CERT_SUPERSEDED, X509_REASON_SUPERSEDED,
                                    now_s);
    if (row.has_token && row.has_token_spki)
        put_no_token(act_change(act, TABLE_BOUNDARY, row.id));
    return service_record(service, NULL, err);
}
