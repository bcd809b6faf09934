// The service stream: accepted octets are what the writer writes from what was read, every walk
// ends where it should, and a pattern that may stand has only what it should.
#include "fuzz.h"

#include <wire/service.h>

static uint8_t again_memory[SERVICE_MAX], items_memory[SERVICE_MAX];

static void walk_entries(struct bytes items)
{
    struct buf b = buf_over(items_memory, sizeof items_memory);
    struct reader walk = service_walk(items), count = reader_of(items);
    struct service_entry entry;
    cbor_write_array(&b, cbor_read_array(&count));
    while (service_next_entry(&walk, &entry))
        service_put_entry(&b, &entry);
    must(reader_end(&walk) && bytes_equal(buf_bytes(&b), items));
}

static void walk_issuers(struct bytes items)
{
    struct buf b = buf_over(items_memory, sizeof items_memory);
    struct reader walk = service_walk(items), count = reader_of(items);
    struct service_issuer issuer;
    cbor_write_array(&b, cbor_read_array(&count));
    while (service_next_issuer(&walk, &issuer))
        service_put_issuer(&b, &issuer);
    must(reader_end(&walk) && bytes_equal(buf_bytes(&b), items));
}

// Whatever the binding: another device's own place is never this one's.
static void try_pattern(const struct service_binding *binding)
{
    static const struct pattern_names names = {BYTES_TEXT_INIT("SN-1"), BYTES_TEXT_INIT("pump"),
                                               BYTES_TEXT_INIT("works")};
    struct bytes pattern = binding->pattern;
    if (binding->actions & PATTERN_REQUEST) {
        must(!pattern_has_path(pattern, &names, bytes_text("/a/../b")));
        must(!pattern_has_path(pattern, &names, bytes_text("a")));
        return;
    }
    if (pattern.n == 0)
        return;
    // A filter that is taken takes the topics of it.
    if (!pattern_is_wide(pattern, bytes_of(NULL, 0))) // what is one device's, or has no wildcard
        must(!pattern_has_topic(pattern, &names, bytes_text("a/+/c"), true));
    if (pattern_has_topic(pattern, &names, bytes_text("a/+/c"), true))
        must(pattern_has_topic(pattern, &names, bytes_text("a/b/c"), false));
    if (pattern_has_topic(pattern, &names, bytes_text("a/#"), true))
        must(pattern_has_topic(pattern, &names, bytes_text("a/x/y/z"), false) &&
             pattern_has_topic(pattern, &names, bytes_text("a"), false));
}

static void walk_bindings(struct bytes items)
{
    struct buf b = buf_over(items_memory, sizeof items_memory);
    struct reader walk = service_walk(items), count = reader_of(items);
    struct service_binding binding;
    cbor_write_array(&b, cbor_read_array(&count));
    while (service_next_binding(&walk, &binding)) {
        service_put_binding(&b, &binding);
        try_pattern(&binding);
    }
    must(reader_end(&walk) && bytes_equal(buf_bytes(&b), items));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf again = buf_over(again_memory, sizeof again_memory);
    struct bytes input = bytes_of(data, size);
    struct service_object service;
    const char *why = NULL;
    if (!service_read(input, &service, &why)) {
        must(why != NULL);
        return 0;
    }
    walk_entries(service.services);
    walk_issuers(service.issuers);
    walk_bindings(service.bindings);
    service_write(&again, &service);
    must(bytes_equal(buf_bytes(&again), input));
    return 0;
}
