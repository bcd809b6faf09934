#include "door.h"
#include "request_inside.h"

#include <wire/hex.h>

#include <stdlib.h>
#include <string.h>

#define SLOT_BITS 16
#define SLOTS_MAX (1U << SLOT_BITS)

/* ---- the table ------------------------------------------------------------------------------- */

static bool table_grow(struct request_table *table)
{
    uint32_t more = table->slots_n == 0 ? 64 : table->slots_n * 2;
    if (more > SLOTS_MAX)
        return false;
    struct request **slots = reallocarray(table->slots, more, sizeof *slots);
    if (slots == NULL)
        return false;
    memset(slots + table->slots_n, 0, (more - table->slots_n) * sizeof *slots);
    table->slots = slots;
    table->slots_n = more;
    return true;
}

/* A new object in a slot that never had one: objects stay in theirs. */
static struct request *table_add(struct request_table *table)
{
    if (table->used_n == table->slots_n && !table_grow(table))
        return NULL;
    struct request *request = calloc(1, sizeof *request);
    if (request == NULL)
        return NULL;
    request->view.number = table->used_n;
    table->slots[table->used_n++] = request;
    return request;
}

static struct request *table_take(struct request_table *table)
{
    struct request *request = table->free;
    if (request == NULL)
        return table_add(table);
    table->free = request->next_free;
    return request;
}

void request_table_free(struct request_table *table)
{
    for (uint32_t i = 0; i < table->used_n; i++) {
        free(table->slots[i]->body);
        free(table->slots[i]);
    }
    free(table->slots);
    *table = (struct request_table){0};
}

/* ---- begin and end --------------------------------------------------------------------------- */

static void name_request(struct request *request)
{
    struct request_table *table = &request->hub->requests;
    uint64_t slot = request->view.number % SLOTS_MAX;
    request->view.number = ++table->generation << SLOT_BITS | slot;

    uint8_t random[REQUEST_ID_N / 2];
    hub_random(request->hub, random, sizeof random);
    struct buf id = buf_over(request->id, REQUEST_ID_N);
    hex_encode(&id, bytes_of(random, sizeof random));
    request->view.id = request->id;
}

struct request *request_begin(struct connection *connection)
{
    struct request *request = table_take(&connection->hub->requests);
    if (request == NULL)
        return NULL;
    request->hub = connection->hub;
    request->connection = connection;
    request->stage = STAGE_HEAD;
    name_request(request);
    request->view.surface = connection->door->surface;
    request->view.peer = connection_peer(connection);
    request->view.handshake_s = connection->handshake_s;
    request->view.listener = connection->hub->listener;
    connection->request = request;
    connection->hub->counts.requests++;
    return request;
}

void request_end(struct request *request)
{
    struct request_table *table = &request->hub->requests;
    if (request->context_free != NULL)
        request->context_free(request->context);
    if (request->response != NULL)
        MHD_destroy_response(request->response);
    if (request->body_max > REQUEST_BODY_KEPT) {
        free(request->body);
        request->body = NULL;
        request->body_max = 0;
    }
    request->connection->request = NULL;
    struct request kept = {
        .view.number = request->view.number,
        .body = request->body,
        .body_max = request->body_max,
        .next_free = table->free,
    };
    *request = kept;
    table->free = request;
}

enum result request_take(struct request *request, const void *p, size_t n, struct err *err)
{
    if (n > request->body_max - request->body_n) {
        size_t max = request->body_max == 0 ? 4096 : request->body_max * 2;
        while (max - request->body_n < n)
            max *= 2;
        uint8_t *body = realloc(request->body, max);
        if (body == NULL)
            return err_set(err, E_MEMORY, "request body");
        request->body = body;
        request->body_max = max;
    }
    memcpy(request->body + request->body_n, p, n);
    request->body_n += n;
    return OK;
}

/* ---- what handlers see ----------------------------------------------------------------------- */

const struct request_view *request_view(const struct request *request)
{
    return &request->view;
}

void *request_owner(const struct request *request)
{
    return request->hub->owner;
}

const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection->mhd, MHD_HEADER_KIND, name);
}

bool request_query(const struct request *request, const char *name, struct bytes *ret)
{
    const char *value = NULL;
    size_t n = 0;
    if (MHD_lookup_connection_value_n(request->connection->mhd, MHD_GET_ARGUMENT_KIND, name,
                                      strlen(name), &value, &n) == MHD_NO)
        return false;
    *ret = bytes_of(value, value == NULL ? 0 : n);
    return true;
}

struct query_walk {
    const char *const *names;
    struct bytes other;
};

static enum MHD_Result walk_query(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_n, const char *value, size_t value_n)
{
    (void)kind;
    (void)value;
    (void)value_n;
    struct query_walk *walk = context;
    for (size_t i = 0; walk->names[i] != NULL; i++)
        if (strlen(walk->names[i]) == name_n && memcmp(walk->names[i], name, name_n) == 0)
            return MHD_YES;
    walk->other = bytes_of(name, name_n);
    return MHD_NO;
}

bool request_query_other(const struct request *request, const char *const *names, struct bytes *ret)
{
    struct query_walk walk = {.names = names};
    (void)MHD_get_connection_values_n(request->connection->mhd, MHD_GET_ARGUMENT_KIND, walk_query,
                                      &walk);
    *ret = walk.other;
    return walk.other.p != NULL;
}

struct bytes request_peer_certificate(const struct request *request)
{
    return connection_leaf(request->connection);
}

void request_set_context(struct request *request, void *context, void (*free_context)(void *))
{
    request->context = context;
    request->context_free = free_context;
}

void *request_context(const struct request *request)
{
    return request->context;
}

/* ---- waiting --------------------------------------------------------------------------------- */

void request_wait(struct request *request)
{
    if (request->stage != STAGE_HANDLER)
        return;
    if (!request->hub->is_closing) {
        request->stage = STAGE_WAIT;
        return;
    }
    struct err err = {0}; /* who would wait now would wait for ever */
    err_set(&err, E_BUSY, "the server stops");
    request_refuse(request, &err);
}

void request_extend(struct request *request, int64_t ms)
{
    request->connection->request_due_ms += ms;
}

struct request *request_find_in(struct hub *hub, uint64_t number)
{
    uint64_t slot = number % SLOTS_MAX;
    struct request *request = slot < hub->requests.used_n ? hub->requests.slots[slot] : NULL;
    if (request == NULL || request->view.number != number || request->stage != STAGE_WAIT)
        return NULL;
    return request;
}

void request_expire(struct request *request)
{
    struct err err = {0};
    err_set(&err, E_BUSY, "no answer within %u ms", request->hub->limits.request_ms);
    request_refuse(request, &err);
}

void request_end_waiting(struct hub *hub)
{
    struct err err = {0};
    err_set(&err, E_BUSY, "the server stops");
    for (uint32_t i = 0; i < hub->requests.used_n; i++)
        if (hub->requests.slots[i]->stage == STAGE_WAIT)
            request_refuse(hub->requests.slots[i], &err);
}

void request_set_response(struct request *request, unsigned status, struct MHD_Response *response,
                          uint64_t n)
{
    if (request->response != NULL)
        MHD_destroy_response(request->response);
    request->response = response;
    request->status = status;
    request->response_n = n;
    request->stage = STAGE_REPLIED;
    if (request->connection->is_suspended)
        connection_resume(request->connection);
}
