#include <pki/serial.h>

#define CLASS_EPOCH_S INT64_C(1577836800) /* 2020-01-01 */
#define CLASS_S INT64_C(7889400)          /* a quarter of 365.25 days */

#define CLASS_AT 11
#define NUMBER_AT 12

struct serial serial_make(const uint8_t *random, struct serial_parts parts)
{
    struct serial serial;

    memcpy(serial.p, random, SERIAL_RANDOM_N);
    /* 01-7f: positive, and never shorter (RFC 5280 4.1.2.2). */
    serial.p[0] = (uint8_t)(1 + random[0] % 127);
    serial.p[CLASS_AT] = parts.expiry_class;
    for (int i = 0; i < 4; i++)
        serial.p[NUMBER_AT + i] = (uint8_t)(parts.number >> (24 - 8 * i));
    return serial;
}

bool serial_split(struct bytes serial, struct serial_parts *ret)
{
    if (serial.n != SERIAL_N || serial.p[0] < 1 || serial.p[0] > 0x7f)
        return false;
    uint32_t number = 0;
    for (int i = 0; i < 4; i++)
        number = number << 8 | serial.p[NUMBER_AT + i];
    *ret = (struct serial_parts){.expiry_class = serial.p[CLASS_AT], .number = number};
    return true;
}

uint8_t serial_class(int64_t not_after_s)
{
    if (not_after_s < CLASS_EPOCH_S)
        return 0;
    int64_t quarter = (not_after_s - CLASS_EPOCH_S) / CLASS_S;
    return quarter < SERIAL_CLASS_FOREVER ? (uint8_t)quarter : SERIAL_CLASS_FOREVER;
}

int64_t serial_class_end_s(uint8_t expiry_class)
{
    if (expiry_class == SERIAL_CLASS_FOREVER)
        return INT64_MAX;
    return CLASS_EPOCH_S + (expiry_class + 1) * CLASS_S;
}
