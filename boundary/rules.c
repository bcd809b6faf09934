#include "rules.h"

#include <base/text.h>

#include <stdlib.h>

#define NO_RULE UINT32_MAX

/* A binding, and the next one whose key falls into the same bucket. */
struct rule {
    struct service_binding binding;
    uint32_t next;
};

struct rules {
    struct blob payload;
    struct service_object service;
    struct service_entry entries[SERVICE_SERVICES_MAX];
    size_t entries_n;
    uint32_t issuers[SERVICE_ISSUERS_MAX];
    size_t issuers_n;
    struct rule *rules;
    uint32_t *buckets; /* a power of two of them */
    size_t rules_n, buckets_n;
};

/* What a binding is found by. */
struct rule_key {
    int service;
    enum service_kind kind;
    struct bytes product, value;
};

void rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    blob_free(&rules->payload);
    free(rules->rules);
    free(rules->buckets);
    free(rules);
}

void rules_freep(struct rules **rules)
{
    rules_free(*rules);
}

/* FNV-1a: the names are those of bindings, which operators make. */
static uint32_t hash_octets(uint32_t hash, struct bytes octets)
{
    for (size_t i = 0; i < octets.n; i++)
        hash = (hash ^ octets.p[i]) * 16777619u;
    return (hash ^ 0xff) * 16777619u;
}

static uint32_t hash_key(const struct rule_key *key)
{
    uint8_t head[2] = {(uint8_t)key->service, (uint8_t)key->kind};
    uint32_t hash = hash_octets(2166136261u, bytes_of(head, sizeof head));
    return hash_octets(hash_octets(hash, key->product), key->value);
}

static struct rule_key key_of(const struct service_binding *binding)
{
    return (struct rule_key){binding->service, binding->kind, binding->product, binding->value};
}

/* ---- making -----------------------------------------------------------------------------------
 */

static size_t count(struct bytes items)
{
    struct reader walk = reader_of(items);
    return cbor_read_array(&walk);
}

static void put_rules(struct rules *rules)
{
    struct reader walk = service_walk(rules->service.bindings);
    struct service_binding binding;
    memset(rules->buckets, 0xff, rules->buckets_n * sizeof *rules->buckets);
    while (service_next_binding(&walk, &binding)) {
        struct rule_key key = key_of(&binding);
        uint32_t *bucket = &rules->buckets[hash_key(&key) & (rules->buckets_n - 1)];
        rules->rules[rules->rules_n] = (struct rule){binding, *bucket};
        *bucket = (uint32_t)rules->rules_n++;
    }
}

static enum result make_room(struct rules *rules, struct err *err)
{
    size_t n = count(rules->service.bindings);
    rules->buckets_n = 16;
    while (rules->buckets_n < 2 * n)
        rules->buckets_n *= 2;
    rules->rules = calloc(n + 1, sizeof *rules->rules);
    rules->buckets = calloc(rules->buckets_n, sizeof *rules->buckets);
    if (rules->rules == NULL || rules->buckets == NULL)
        return err_set(err, E_MEMORY, "%zu bindings", n);
    return OK;
}

enum result rules_new(struct bytes payload, struct rules **ret, struct err *err)
{
    CLEANUP(rules_freep) struct rules *rules = calloc(1, sizeof *rules);
    const char *why = NULL;
    if (rules == NULL || blob_copy(payload, &rules->payload) != OK)
        return err_set(err, E_MEMORY, "a service object of %zu octets", payload.n);
    if (!service_read(blob_bytes(&rules->payload), &rules->service, &why))
        return err_set(err, E_SYNTAX, "%s", why);
    struct reader entries = service_walk(rules->service.services);
    struct reader issuers = service_walk(rules->service.issuers);
    struct service_issuer issuer;
    while (service_next_entry(&entries, &rules->entries[rules->entries_n]))
        rules->entries_n++;
    while (service_next_issuer(&issuers, &issuer))
        rules->issuers[rules->issuers_n++] = issuer.issuer;
    TRY(make_room(rules, err));
    put_rules(rules);
    *ret = STEAL(rules);
    return OK;
}

/* ---- asking -----------------------------------------------------------------------------------
 */

const struct service_object *rules_service(const struct rules *rules)
{
    return &rules->service;
}

int rules_find_service(const struct rules *rules, struct bytes name)
{
    for (size_t i = 0; i < rules->entries_n; i++)
        if (bytes_equal(rules->entries[i].name, name))
            return (int)i;
    return RULES_NO_SERVICE;
}

const struct service_entry *rules_entry(const struct rules *rules, int service)
{
    return &rules->entries[service];
}

bool rules_has_issuer(const struct rules *rules, uint32_t issuer)
{
    for (size_t i = 0; i < rules->issuers_n; i++)
        if (rules->issuers[i] == issuer)
            return true;
    return false;
}

static bool has_resource(const struct service_binding *binding,
                         const struct rules_question *question, const struct pattern_names *names)
{
    switch (question->action) {
    case BOUNDARY_CONNECT:
        return true;
    case BOUNDARY_PUBLISH:
        return pattern_has_topic(binding->pattern, names, question->resource, false);
    case BOUNDARY_SUBSCRIBE:
        return pattern_has_topic(binding->pattern, names, question->resource, true);
    case BOUNDARY_REQUEST:
        return pattern_has_path(binding->pattern, names, question->resource);
    case BOUNDARY_ACTION_NONE:
        break;
    }
    return false;
}

static bool is_key(const struct service_binding *binding, const struct rule_key *key)
{
    return binding->service == key->service && binding->kind == key->kind &&
           bytes_equal(binding->product, key->product) && bytes_equal(binding->value, key->value);
}

static bool is_allowed_by(const struct rules *rules, const struct rule_key *key,
                          const struct rules_question *question, const struct pattern_names *names)
{
    uint32_t at = rules->buckets[hash_key(key) & (rules->buckets_n - 1)];
    for (; at != NO_RULE; at = rules->rules[at].next) {
        const struct service_binding *binding = &rules->rules[at].binding;
        bool is_live = binding->expires_s == 0 || question->now_s < binding->expires_s;
        if (is_live && (binding->actions & (unsigned)question->action) != 0 &&
            is_key(binding, key) && has_resource(binding, question, names))
            return true;
    }
    return false;
}

bool rules_allow(const struct rules *rules, const struct rules_question *question)
{
    const struct pattern_names names = {text_bytes(question->identity->device),
                                        text_bytes(question->identity->product),
                                        text_bytes(question->identity->owner)};
    const struct bytes none = {0};
    const struct rule_key keys[] = {
        {question->service, SERVICE_KIND_PRODUCT, names.product, none},
        {question->service, SERVICE_KIND_DEVICE, names.product, names.device},
        {question->service, SERVICE_KIND_OWNER, none, names.owner},
        {question->service, SERVICE_KIND_OWNER, names.product, names.owner},
    };
    size_t n = names.owner.n > 0 ? LENGTH_OF(keys) : 2;
    for (size_t i = 0; i < n; i++)
        if (is_allowed_by(rules, &keys[i], question, &names))
            return true;
    return false;
}
