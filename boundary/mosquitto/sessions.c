#include <broker/sessions.h>

#include <base/clock.h>
#include <base/text.h>

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#define LOOK_EVERY_MS 1000 /* age counts though nothing changed */

/* Who holds a certificate: its sessions, the one opened last at the end. */
struct holder {
    struct holder_key {
        uint32_t issuer;
        uint8_t serial[BOUNDARY_SERIAL_N];
    } key;
    struct session *sessions;
    size_t n;
    UT_hash_handle hh;
};

struct session {
    char *name;
    const void *client; /* of the broker: of one that ended too, as it may queue; NULL: none */
    int64_t began_us, ended_ms;
    bool is_open, has_sent;
    struct boundary_identity identity;
    struct takeovers takeovers;
    size_t place; /* in `all` */
    struct holder *holder;
    struct session *prev, *next; /* of the holder */
    UT_hash_handle by_name, by_client;
};

struct sessions {
    struct boundary *boundary;
    session_kick kick;
    char service[LIMIT_NAME + 1];
    struct session *names, *clients;
    struct holder *holders;
    struct session **all;
    size_t n, max;
    size_t next;         /* who is judged next in this round */
    uint64_t generation; /* that this round judges by */
    int64_t looked_ms, swept_ms;
};

/* ---- begin and end --------------------------------------------------------------------------- */

enum result sessions_new(struct boundary *boundary, struct bytes service, session_kick kick,
                         struct sessions **ret, struct err *err)
{
    struct sessions *sessions = calloc(1, sizeof *sessions);
    if (sessions == NULL)
        return err_set(err, E_MEMORY, "no memory for sessions");
    sessions->boundary = boundary;
    sessions->kick = kick;
    if (!text_copy(service, sessions->service, sizeof sessions->service)) {
        free(sessions);
        return err_set(err, E_SYNTAX, "a service's name of %zu octets, %d are the most", service.n,
                       LIMIT_NAME);
    }
    *ret = sessions;
    return OK;
}

static void leave_client(struct sessions *sessions, struct session *session)
{
    if (session->client != NULL)
        HASH_DELETE(by_client, sessions->clients, session);
    session->client = NULL;
}

static void leave_holder(struct sessions *sessions, struct session *session)
{
    struct holder *holder = session->holder;
    if (holder == NULL)
        return;
    DL_DELETE(holder->sessions, session);
    session->holder = NULL;
    if (--holder->n > 0)
        return;
    HASH_DEL(sessions->holders, holder);
    free(holder);
}

static void drop(struct sessions *sessions, struct session *session)
{
    struct session *last = sessions->all[--sessions->n];
    leave_client(sessions, session);
    leave_holder(sessions, session);
    HASH_DELETE(by_name, sessions->names, session);
    last->place = session->place;
    sessions->all[session->place] = last;
    free(session->name);
    free(session);
}

void sessions_free(struct sessions *sessions)
{
    if (sessions == NULL)
        return;
    while (sessions->n > 0)
        drop(sessions, sessions->all[sessions->n - 1]);
    free(sessions->all);
    free(sessions);
}

/* ---- what is told ---------------------------------------------------------------------------- */

static void tell(struct sessions *sessions, const struct session *session,
                 enum boundary_report_kind kind, enum boundary_reason reason)
{
    boundary_report(sessions->boundary, &(struct boundary_event){
                                            .kind = kind,
                                            .identity = &session->identity,
                                            .service = text_bytes(sessions->service),
                                            .reason = reason,
                                        });
}

/* ---- who comes and goes ---------------------------------------------------------------------- */

static struct session *find_name(struct sessions *sessions, const char *name)
{
    struct session *session = NULL;
    HASH_FIND(by_name, sessions->names, name, strlen(name), session);
    return session;
}

static struct session *find_client(struct sessions *sessions, const void *client)
{
    struct session *session = NULL;
    HASH_FIND(by_client, sessions->clients, &client, sizeof client, session);
    return session;
}

static enum result make_room(struct sessions *sessions, struct err *err)
{
    if (sessions->n == SESSIONS_MAX)
        return err_set(err, E_BUSY, "there are %d sessions", SESSIONS_MAX);
    if (sessions->n < sessions->max)
        return OK;
    size_t max = sessions->max == 0 ? 256 : sessions->max * 2;
    struct session **all = reallocarray(sessions->all, max, sizeof *all);
    if (all == NULL)
        return err_set(err, E_MEMORY, "no memory for %zu sessions", max);
    sessions->all = all;
    sessions->max = max;
    return OK;
}

static enum result add(struct sessions *sessions, const char *name, struct session **ret,
                       struct err *err)
{
    if (strlen(name) > SESSION_NAME_MAX)
        return err_set(err, E_SYNTAX, "a client id of %zu octets, %d are the most", strlen(name),
                       SESSION_NAME_MAX);
    TRY(make_room(sessions, err));
    struct session *session = calloc(1, sizeof *session);
    char *copy = strdup(name);
    if (session == NULL || copy == NULL) {
        free(session);
        free(copy);
        return err_set(err, E_MEMORY, "no memory for a session");
    }
    session->name = copy;
    session->place = sessions->n;
    sessions->all[sessions->n++] = session;
    HASH_ADD_KEYPTR(by_name, sessions->names, session->name, strlen(session->name), session);
    *ret = session;
    return OK;
}

/* ---- of one certificate ---------------------------------------------------------------------- */

static enum result join_holder(struct sessions *sessions, struct session *session, struct err *err)
{
    struct holder_key key = {.issuer = session->identity.issuer};
    struct holder *holder = NULL;
    memcpy(key.serial, session->identity.serial, sizeof key.serial);
    HASH_FIND(hh, sessions->holders, &key, sizeof key, holder);
    if (holder == NULL) {
        holder = calloc(1, sizeof *holder);
        if (holder == NULL)
            return err_set(err, E_MEMORY, "no memory for a session");
        holder->key = key;
        HASH_ADD(hh, sessions->holders, key, sizeof holder->key, holder);
    }
    DL_APPEND(holder->sessions, session);
    holder->n++;
    session->holder = holder;
    return OK;
}

static struct session *find_of(const struct holder *holder, bool is_open)
{
    struct session *session = holder->sessions;
    while (session != NULL && session->is_open != is_open)
        session = session->next;
    return session;
}

/* Names are the client's to choose: of those that ended, the oldest goes. */
static enum result limit_names(struct sessions *sessions, const struct holder *holder,
                               struct err *err)
{
    if (holder->n <= SESSION_NAMES_MAX)
        return OK;
    struct session *ended = find_of(holder, false);
    if (ended == NULL)
        return err_set(err, E_BUSY, "there are %d sessions by one certificate", SESSION_NAMES_MAX);
    drop(sessions, ended);
    return OK;
}

static void take_over(struct sessions *sessions, struct session *session)
{
    bool is_fight =
        takeovers_add(&session->takeovers, session->has_sent, clock_monotonic_us() / 1000);
    tell(sessions, session, BOUNDARY_REPORT_CLOSED, BOUNDARY_TAKEOVER);
    if (is_fight)
        tell(sessions, session, BOUNDARY_REPORT_TAKEOVERS, BOUNDARY_TAKEOVER);
}

static enum result hold(struct sessions *sessions, struct session *session,
                        const struct boundary_identity *identity, struct err *err)
{
    leave_holder(sessions, session);
    session->identity = *identity;
    session->is_open = true;
    enum result result = join_holder(sessions, session, err);
    if (result == OK)
        result = limit_names(sessions, session->holder, err);
    if (result != OK)
        drop(sessions, session);
    return result;
}

enum result sessions_open(struct sessions *sessions, const void *client, const char *name,
                          const struct boundary_identity *identity, struct err *err)
{
    sessions_closed(sessions, client); /* the broker uses its memory anew */
    struct session *session = find_name(sessions, name), *stale = find_client(sessions, client);
    if (stale != NULL)
        leave_client(sessions, stale);
    if (session == NULL)
        TRY(add(sessions, name, &session, err));
    if (session->is_open)
        take_over(sessions, session);
    leave_client(sessions, session);
    TRY(hold(sessions, session, identity, err));
    session->client = client;
    session->began_us = clock_boot_us();
    session->has_sent = false;
    HASH_ADD(by_client, sessions->clients, client, sizeof session->client, session);
    tell(sessions, session, BOUNDARY_REPORT_OPENED, BOUNDARY_ADMITTED);
    return OK;
}

/* The server knows of one session of a certificate here: the last one to end is its end. */
void sessions_closed(struct sessions *sessions, const void *client)
{
    struct session *session = find_client(sessions, client);
    if (session == NULL || !session->is_open)
        return;
    session->is_open = false;
    if (find_of(session->holder, true) == NULL)
        tell(sessions, session, BOUNDARY_REPORT_CLOSED, BOUNDARY_ADMITTED);
    session->ended_ms = clock_monotonic_us() / 1000;
}

void sessions_sent(struct sessions *sessions, const void *client)
{
    struct session *session = find_client(sessions, client);
    if (session == NULL)
        return;
    session->has_sent = true;
    if (boundary_is_watched(sessions->boundary, &session->identity, session->began_us))
        tell(sessions, session, BOUNDARY_REPORT_ACTIVE, BOUNDARY_ADMITTED);
}

enum boundary_reason sessions_decide(struct sessions *sessions, const void *client,
                                     enum boundary_action action, struct bytes topic)
{
    const struct session *session = find_client(sessions, client);
    if (session == NULL)
        return BOUNDARY_NO_CERTIFICATE;
    return boundary_decide(sessions->boundary, &session->identity, text_bytes(sessions->service),
                           action, topic);
}

/* ---- who may stay ---------------------------------------------------------------------------- */

static void cut(struct sessions *sessions, struct session *session, enum boundary_reason reason,
                int64_t now_ms)
{
    tell(sessions, session, BOUNDARY_REPORT_CUT, reason);
    session->is_open = false; /* what the broker says of it now is no news */
    session->ended_ms = now_ms;
    sessions->kick(session->name);
}

static void judge(struct sessions *sessions, struct session *session, int64_t now_ms)
{
    enum boundary_reason reason =
        boundary_decide(sessions->boundary, &session->identity, text_bytes(sessions->service),
                        BOUNDARY_CONNECT, bytes_of(NULL, 0));
    if (session->is_open && reason != BOUNDARY_ADMITTED)
        cut(sessions, session, reason, now_ms);
}

/* A round begins when something changed, and once a second. */
static void begin_round(struct sessions *sessions, int64_t now_ms)
{
    uint64_t generation = boundary_generation(sessions->boundary);
    if (generation == sessions->generation && now_ms - sessions->looked_ms < LOOK_EVERY_MS)
        return;
    sessions->generation = generation;
    sessions->looked_ms = now_ms;
    sessions->next = 0;
}

static void sweep(struct sessions *sessions, int64_t now_ms)
{
    if (now_ms - sessions->swept_ms < SESSION_KEPT_MS / 1440)
        return;
    sessions->swept_ms = now_ms;
    for (size_t i = sessions->n; i > 0; i--) {
        struct session *session = sessions->all[i - 1];
        if (!session->is_open && now_ms - session->ended_ms > SESSION_KEPT_MS)
            drop(sessions, session);
    }
}

void sessions_look(struct sessions *sessions, int64_t now_ms)
{
    begin_round(sessions, now_ms);
    for (int i = 0; i < SESSIONS_A_LOOK && sessions->next < sessions->n; i++)
        judge(sessions, sessions->all[sessions->next++], now_ms);
    sweep(sessions, now_ms);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* What of the name is behind this level; NULL: it is another one. A / of a serial number is %2F
 * there (serial numbers have no %), or device "A" could take the names of a device "A/1". */
static const char *behind(const char *name, const char *level)
{
    if (*level == '\0')
        return NULL;
    for (; *level != '\0'; level++) {
        const char *octets = *level == '/' ? "%2F" : level;
        size_t n = *level == '/' ? 3 : 1;
        if (strncmp(name, octets, n) != 0)
            return NULL;
        name += n;
    }
    if (*name == '\0')
        return name;
    return *name == '/' ? name + 1 : NULL;
}

/* A serial number that is the product's name has no short form: all names of its product begin so.
 */
bool session_name_fits(const char *name, const struct boundary_identity *identity,
                       const char *product)
{
    const char *rest = behind(name, identity->product);
    if (rest != NULL && *rest != '\0' && behind(rest, identity->device) != NULL)
        return true;
    bool is_only = strcmp(product, identity->product) == 0;
    return is_only && strcmp(identity->device, product) != 0 &&
           behind(name, identity->device) != NULL;
}
