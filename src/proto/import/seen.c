#include "seen.h"

#include <base/limits.h>
#include <wire/buf.h>

#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct seen_device {
    UT_hash_handle hh;
    uint32_t line;
    uint8_t key[]; /* product, NUL, serial number */
};

static struct seen_device *device_new(struct bytes key, uint32_t line)
{
    struct seen_device *device = calloc(1, sizeof *device + key.n);
    if (device == NULL)
        return NULL;
    device->line = line;
    memcpy(device->key, key.p, key.n);
    return device;
}

enum result seen_add(struct seen *seen, struct bytes product, struct bytes serial_number,
                     uint32_t line, struct err *err)
{
    uint8_t memory[LIMIT_NAME + 1 + LIMIT_SERIAL_NUMBER];
    struct buf key = buf_over(memory, sizeof memory);
    buf_put_bytes(&key, product);
    buf_put_u8(&key, 0);
    buf_put_bytes(&key, serial_number);

    struct seen_device *there = NULL;
    HASH_FIND(hh, seen->devices, key.p, key.n, there);
    if (there != NULL)
        return err_set(err, E_CONFLICT, "the same device as line %u", there->line);
    struct seen_device *device = device_new(buf_bytes(&key), line);
    if (device == NULL)
        return err_set(err, E_MEMORY, "no memory for the lines of an import");
    HASH_ADD(hh, seen->devices, key, (unsigned)key.n, device);
    return OK;
}

void seen_free(struct seen *seen)
{
    struct seen_device *device = NULL;
    struct seen_device *next = NULL;
    HASH_ITER(hh, seen->devices, device, next)
    {
        HASH_DEL(seen->devices, device);
        free(device);
    }
}
