// A boundary's report and the watch item it is sent: accepted octets are what the writers write
// from what was read.
#include "fuzz.h"

#include <wire/boundary_report.h>
#include <wire/watch.h>

static uint8_t again_memory[BOUNDARY_REPORT_MAX], items_memory[BOUNDARY_REPORT_MAX];

static void try_report(struct bytes input)
{
    struct buf again = buf_over(again_memory, sizeof again_memory);
    struct buf items = buf_over(items_memory, sizeof items_memory);
    struct boundary_report report;
    struct boundary_report_item item;
    const char *why = NULL;
    if (!boundary_report_read(input, &report, &why)) {
        must(why != NULL);
        return;
    }
    struct reader walk = boundary_report_walk(report.items), count = reader_of(report.items);
    cbor_write_array(&items, cbor_read_array(&count));
    while (boundary_report_next(&walk, &item)) {
        must(item.service.n == 0 || memchr(item.service.p, 0, item.service.n) == NULL);
        boundary_report_put(&items, &item);
    }
    must(reader_end(&walk) && bytes_equal(buf_bytes(&items), report.items));
    boundary_report_write(&again, &report);
    must(bytes_equal(buf_bytes(&again), input));
}

static void try_watch(struct bytes input)
{
    struct buf again = buf_over(again_memory, sizeof again_memory);
    struct buf list = buf_over(items_memory, sizeof items_memory);
    struct bytes items;
    struct watch_item item;
    const char *why = NULL;
    if (!watch_read(input, &items, &why)) {
        must(why != NULL);
        return;
    }
    struct reader walk = watch_walk(items), count = reader_of(items);
    cbor_write_array(&list, cbor_read_array(&count));
    while (watch_next(&walk, &item))
        watch_put(&list, &item);
    must(reader_end(&walk) && bytes_equal(buf_bytes(&list), items));
    watch_write(&again, items);
    must(bytes_equal(buf_bytes(&again), input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_report(bytes_of(data, size));
    try_watch(bytes_of(data, size));
    return 0;
}
